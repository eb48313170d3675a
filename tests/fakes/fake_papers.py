"""A catalogue in memory: what the search asks of ``storage.papers.Papers``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from storage.model import Paper, Searched
from storage.papers import Change
from tests.factories import searched


class FakePapers:
    """Numbers its changes like the database; ``name`` is the identity of the catalogue."""

    def __init__(self, papers: Iterable[Paper] = (), name: str = "fake") -> None:
        self.name = name
        self._log: list[Change] = []
        self._newest: dict[str, int] = {}
        self.save(papers)

    def save(self, papers: Iterable[Paper]) -> None:
        for paper in papers:
            self._change(paper.id, searched(paper))

    def remove(self, id: str) -> None:
        self._change(id, None)

    def catalogue(self) -> str:
        return self.name

    def cursor(self) -> int:
        return len(self._log)

    def changes(self, after: int, limit: int) -> list[Change]:
        """As the database does, it knows only the newest change of each paper."""
        later = (self._log[number] for number in range(after, len(self._log)))
        valid = (change for change in later if self._newest[change.id] == change.cursor)
        return list(islice(valid, limit))

    def _change(self, id: str, paper: Searched | None) -> None:
        self._log.append(Change(len(self._log) + 1, id, paper))
        self._newest[id] = len(self._log)
