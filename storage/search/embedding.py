"""Turns texts into vectors, by a static embedding model; an optional extra.

This and ``vectors`` are the only modules that need the extra's libraries, and are imported where a
model is asked for.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from model2vec import StaticModel
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]

_LONGEST = 10_000  # characters of a text that are read


class Embedding:
    """A model2vec model: each token has a vector, and a text is the mean of its tokens'."""

    def __init__(self, name: str) -> None:
        """Load the model in folder ``name``, else the one of that name on Hugging Face.

        Raises OSError, ValueError or KeyError where there is none or it cannot be read.
        """
        self._model = StaticModel.from_pretrained(name, force_download=False)
        self._encoding = threading.Lock()  # the library sets up its tokenizer for each call
        table = self._model.embedding[::16]  # enough to tell models apart
        self.identity = hashlib.blake2b(table.tobytes(), digest_size=16).hexdigest()
        """The same wherever the same model was loaded from."""

    def of(self, texts: Sequence[str]) -> Matrix:
        """One row for each text, of length 1; of zeros where the model knows no word of it."""
        read = [text[:_LONGEST].encode(errors="replace").decode() for text in texts]
        with self._encoding:
            rows: NDArray[Any] = self._model.encode(read, use_multiprocessing=False)
        return unit(rows.astype(np.float32))


def unit(rows: Matrix) -> Matrix:
    """The rows at length 1; those of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Matrix = rows / np.maximum(lengths, np.float32(1e-9))
    return scaled
