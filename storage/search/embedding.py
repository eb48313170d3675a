"""What a model knows of words.

NumPy and the model are imported here, in ``lexicon``, ``learning`` and ``vectors``, and nowhere
else: without the extra ``semantic`` these modules are not asked for.
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


class Embedding:
    """A model2vec model: each token has a vector, and a word is the mean of its tokens'."""

    def __init__(self, name: str) -> None:
        """Load the model in folder ``name``, else the one of that name on Hugging Face.

        An empty name is a model that knows nothing.  Raises OSError, ValueError or KeyError where
        there is none or it cannot be read.
        """
        self._encoding = threading.Lock()  # the library sets up its tokenizer for each call
        self._model = StaticModel.from_pretrained(name, force_download=False) if name else None
        table = self._model.embedding[::16] if self._model else np.zeros(0)  # enough to tell apart
        self.identity = hashlib.blake2b(table.tobytes(), digest_size=16).hexdigest()
        """The same wherever the same model was loaded from."""

    def of(self, words: Sequence[str]) -> Matrix:
        """One row for each word, of length 1; of zeros where the model does not know it."""
        if self._model is None or not words:
            return np.zeros((len(words), self._model.dim if self._model else 0), np.float32)
        with self._encoding:
            rows: NDArray[Any] = self._model.encode([*words], use_multiprocessing=False)
        return unit(rows.astype(np.float32))


def unit(rows: Matrix) -> Matrix:
    """The rows at length 1; those of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Matrix = (rows / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled
