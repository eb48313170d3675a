"""A catalogue that needs no database."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice

from storage.model import Paper
from storage.papers import Change
from tests.factories import searched


class Stream:
    """A catalogue that is read once, and says that ``cursor`` is the number of its last change."""

    def __init__(self, papers: Iterable[Paper], cursor: int) -> None:
        self._papers = iter(papers)
        self._cursor = cursor
        self.seconds = 0.0
        """Spent in reading."""

    def add(self, papers: Sequence[Paper]) -> None:
        """These are the next changes."""
        self._papers = iter(papers)
        self._cursor += len(papers)

    def catalogue(self) -> str:
        return "bench"

    def cursor(self) -> int:
        return self._cursor

    def changes(self, after: int, limit: int) -> list[Change]:
        start = time.perf_counter()
        batch = enumerate(islice(self._papers, limit), after + 1)
        changes = [Change(number, paper.id, searched(paper)) for number, paper in batch]
        self.seconds += time.perf_counter() - start
        return changes
