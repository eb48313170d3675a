"""What words mean, as vectors: those of one direction mean nearly the same."""

from __future__ import annotations

import math
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from storage.search.embedding import Matrix, unit
from storage.search.engine import DamageError
from storage.search.text import words

Model: TypeAlias = Callable[[Sequence[str]], Matrix]
"""Gives the vectors of words; of no dimension where there is no model."""

_LONGEST = 10_000  # characters of a text that are read
_ASKED = 32  # words of a question that are compared
_STEPS = 512  # of likeness, in which it is counted how many papers have a word so near
_AGAIN = 0.3  # how much more a word may count that comes again and again


@dataclass(frozen=True)
class Lexicon:
    """The words of a catalogue, in how many of its papers each stands, and their vectors.

    ``papers`` is how many it was learnt from.  The last rows of ``turn`` make of a model's vector
    of any other word one that can be compared with ``vectors``.
    """

    words: list[str]
    counts: NDArray[np.int64]
    vectors: Matrix
    papers: int
    turn: Matrix

    @cached_property
    def rows(self) -> dict[str, int]:
        """Where each word stands."""
        return {word: row for row, word in enumerate(self.words)}

    def of(self, texts: Sequence[str], model: Model) -> Matrix:
        """One row for each text, of length 1: the mean of its words, rare ones counting more.

        Of zeros where no word is known.
        """
        spoken = [list(dict.fromkeys(words(text[:_LONGEST]))) for text in texts]
        strange, given = self._given([word for said in spoken for word in said], model)
        telling = np.log((self.papers + 1) / self.counts).astype(np.float32)
        found = np.zeros((len(texts), self.turn.shape[1]), np.float32)
        for number, said in enumerate(spoken):
            known = [self.rows[word] for word in said if word in self.rows]
            others = [strange[word] for word in said if word in strange]
            found[number] = telling[known] @ self.vectors[known]
            found[number] += math.log(self.papers + 1) * given[others].sum(axis=0)
        return unit(found)

    def closeness(self, text: str, others: Sequence[str], model: Model) -> list[float]:
        """How much of what ``text`` says each of ``others`` says, in words as near as it has.

        For each word of ``text`` it is asked how surprising it would be that a paper of that
        length has by chance this word, or one at least as near: the logarithm of how rarely that
        comes (Poisson's law), a little more where the near word comes again.  The sum tells long
        papers and short ones apart fairly (Fisher's combined test).  ``others`` are folded.
        """
        asked = list(dict.fromkeys(words(text[:_LONGEST])))[:_ASKED]
        if not asked or not others:
            return [0.0] * len(others)
        strange, given = self._given(asked, model)
        rarity = self._rarity(asked, strange, given)
        had = [self._had(other[:_LONGEST], strange) for other in others]
        lengths = np.array([len(one) for one in had])
        rows = np.fromiter(chain.from_iterable(had), np.int64)
        times = np.fromiter(chain.from_iterable(one.values() for one in had), np.float32)
        longer = np.repeat(np.log(lengths / lengths.mean()).astype(np.float32), lengths)
        each = (rarity[:, rows] - longer) * (times * (1 + _AGAIN) / (times + _AGAIN))
        best = np.maximum.reduceat(each, np.cumsum(lengths) - lengths, axis=1)
        chance = -np.expm1(-np.exp(-best.astype(np.float64)))
        found: list[float] = (-np.log(chance)).sum(axis=0).tolist()
        return found

    def save(self, path: Path) -> None:
        """Write it to the disk."""
        with path.open("wb") as file:
            np.savez(
                file,
                words=np.frombuffer("\n".join(self.words).encode(), np.uint8),
                counts=self.counts,
                vectors=self.vectors,
                papers=np.array(self.papers),
                turn=self.turn,
            )
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Raises DamageError where it is missing or damaged."""
        try:
            with np.load(path) as kept:
                said = kept["words"].tobytes().decode().split("\n")
                numbers = (kept["counts"], kept["vectors"], int(kept["papers"]), kept["turn"])
                return cls(said if len(numbers[0]) else [], *numbers)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DamageError(f"{path} is missing or damaged") from error

    def _given(self, said: Sequence[str], model: Model) -> tuple[dict[str, int], Matrix]:
        """The words that the papers lack, and the vectors that the model has for them."""
        strange = list(dict.fromkeys(word for word in said if word not in self.rows))
        given = model(strange)
        turned = given @ self.turn[len(self.turn) - given.shape[1] :]
        return {word: row for row, word in enumerate(strange)}, unit(turned)

    def _had(self, other: str, strange: dict[str, int]) -> dict[int, int]:
        """The columns of ``_rarity`` that stand for the words of a paper, and how often."""
        find, none = self.rows.get, len(self.words)
        had = Counter([find(word, none) for word in other.split()])
        for word, row in strange.items():
            if times := f" {other} ".count(f" {word} "):
                had[none + 1 + row] = times
        return had or {none: 1}

    def _rarity(self, asked: Sequence[str], strange: dict[str, int], given: Matrix) -> Matrix:
        """For each word asked for and each known word, none, and itself: how rare its like is.

        The logarithm of how many papers there are for one word that is as near or nearer.
        """
        total, papers = len(self.words), max(self.papers, 1)
        at = [self.vectors[self.rows[w]] if w in self.rows else given[strange[w]] for w in asked]
        likeness = np.stack(at) @ self.vectors.T
        steps = np.clip((1 - likeness) * _STEPS, 0, _STEPS - 1).astype(np.int32)
        rarity = np.full((len(asked), total + 1 + len(strange)), -np.inf, np.float32)
        for number, word in enumerate(asked):
            having = np.cumsum(np.bincount(steps[number], self.counts, _STEPS))
            rarity[number, :total] = np.log(papers / np.maximum(having, 1))[steps[number]]
            own = self.rows.get(word, total + 1 + strange.get(word, 0))
            count = self.counts[own] if own < total else 1
            rarity[number, own] = math.log(papers / count)
        return rarity
