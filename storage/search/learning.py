"""Learns from a catalogue what its words mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.search.catalogue import Catalogue
from storage.search.embedding import Matrix, unit
from storage.search.lexicon import Lexicon, Model
from storage.search.text import meant, words

_PAPERS = 30_000  # that are read: more taught little more, and took longer
_BATCH = 512
_DIMENSIONS = 256
_SPARE, _PASSES = 16, 2  # of the search for the main directions
_RARE = 10_000  # papers: for each so many, a word must stand in one paper more to be learnt
_ENOUGH = 5_000  # papers; what fewer teach counts for less beside a model
_BLOCK = 1 << 14  # numbers that are added up together


def learn(papers: Catalogue, model: Model) -> Lexicon:
    """What the words of the catalogue's papers mean.

    Words that stand in the same papers have nearly the same direction (latent semantic analysis,
    Deerwester et al. 1990: the main directions of the matrix of papers and words).  Each vector is
    joined with that which the model has of the word, and the main directions of both are kept.
    """
    names: dict[str, int] = {}
    said = [
        np.array(
            [names.setdefault(word, len(names)) for word in sorted(set(words(text)))], np.int32
        )
        for text in _texts(papers)
    ]
    counts = np.bincount(np.concatenate([np.zeros(0, np.int32), *said]), minlength=len(names))
    known = np.flatnonzero(counts > len(said) // _RARE)
    spoken, frequency = np.array([*names], object)[known].tolist(), counts[known]
    given = unit(model(spoken))
    learnt = np.zeros((0, 1), np.float32)
    if len(known):
        at = np.full(len(names), -1, np.int32)
        at[known] = np.arange(len(known), dtype=np.int32)
        rows = [row for one in said if len(row := at[one][at[one] >= 0])]
        learnt = _directions(_Weighed.of(rows, np.log((len(said) + 1) / frequency)), len(known))
    share = min(1.0, len(said) / _ENOUGH) if given.shape[1] else 1.0
    joined = np.concatenate([learnt * np.float32(share), given], axis=1)
    spread = joined * np.sqrt(frequency)[:, None].astype(np.float32)
    _, directions = np.linalg.eigh(spread.T @ spread)
    turn = directions[:, ::-1][:, :_DIMENSIONS].astype(np.float32)
    return Lexicon(spoken, frequency, unit(joined @ turn), len(said), turn)


def _texts(papers: Catalogue) -> Iterator[str]:
    """What some papers say, evenly spread over the catalogue."""
    newest, after = papers.cursor(), 0
    for start in range(0, newest, max(_BATCH, newest * _BATCH // _PAPERS)):
        changes = papers.changes(max(start, after), _BATCH)
        yield from (meant(change.paper) for change in changes if change.paper)
        after = changes[-1].cursor if changes else newest


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A matrix of few numbers: of each row where they stand, and what they are."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    numbers: Matrix

    @classmethod
    def of(cls, rows: Sequence[NDArray[np.int32]], weights: NDArray[np.float64]) -> _Weighed:
        """Rows of length 1, of the weights of their columns."""
        sizes = [len(row) for row in rows]
        starts = np.cumsum([0, *sizes])[:-1]
        columns = np.concatenate(rows)
        numbers = weights.astype(np.float32)[columns]
        lengths = np.sqrt(np.add.reduceat(numbers**2, starts))
        numbers /= np.repeat(np.maximum(lengths, np.float32(1e-9)), sizes)
        return cls(starts, columns, numbers)

    def turned(self) -> _Weighed:
        """Its transpose; each column has a number."""
        order = np.argsort(self.columns, kind="stable")
        ends = np.append(self.starts[1:], len(self.columns))
        rows = np.repeat(np.arange(len(self.starts), dtype=np.int32), ends - self.starts)[order]
        starts = np.flatnonzero(np.diff(self.columns[order], prepend=-1))
        return _Weighed(starts, rows, self.numbers[order])

    def times(self, other: Matrix) -> Matrix:
        """The product with a matrix of few columns."""
        found = np.empty((len(self.starts), other.shape[1]), np.float32)
        ends = np.append(self.starts[1:], len(self.columns))
        first = 0
        while first < len(self.starts):  # blocks that stay in the processor's cache
            start = self.starts[first]
            last = max(int(np.searchsorted(ends, start + _BLOCK, "right")), first + 1)
            part = slice(start, ends[last - 1])
            scaled = other[self.columns[part]] * self.numbers[part, None]
            found[first:last] = np.add.reduceat(scaled, self.starts[first:last] - start)
            first = last
        return found


def _directions(papers: _Weighed, width: int) -> Matrix:
    """Each column's place along the main directions (Halko, Martinsson and Tropp 2011)."""
    dimensions = min(_DIMENSIONS, len(papers.starts), width)
    wide = min(dimensions + _SPARE, len(papers.starts), width)
    columns = papers.turned()
    found = np.random.default_rng(wide).normal(size=(width, wide)).astype(np.float32)
    for _ in range(_PASSES):
        found, _ = np.linalg.qr(columns.times(papers.times(found)))
    seen = papers.times(found)
    _, directions = np.linalg.eigh(seen.T @ seen)
    return unit(found @ directions[:, ::-1][:, :dimensions])
