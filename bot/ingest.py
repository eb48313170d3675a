"""From the sources to the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar

import structlog

from adapters.base import Source, SourceError
from bot.threads import in_thread
from storage.model import Paper
from storage.papers import Saved
from storage.store import Store

Item = TypeVar("Item")
_log = structlog.get_logger(__name__)

_FIRST_DAYS = 7
"""How far back the first poll of an empty catalogue reaches."""
_MOST_DAYS = 31
"""How far back a poll after a long silence reaches; `paperbot ingest --since` goes further."""
_VOTES_EVERY = timedelta(hours=1)
_BATCH = 50


class Ingest:
    """Polls one source and keeps what it brings.

    The newest lists are read at each poll; once an hour those of a week, and what the source
    calls trending, for their votes.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        pool: Executor,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._store = store
        self._pool = pool
        self._now = now
        self._votes_due = now()

    async def poll(self) -> Saved:
        """Fetch what may have changed since the last poll."""
        now = self._now()
        newest = await in_thread(self._pool, self._store.papers.newest_list, now.date())
        since = self._since(newest, now)
        hourly = now >= self._votes_due
        if hourly:
            self._votes_due = now + _VOTES_EVERY
            since = min(since, now.date() - timedelta(days=_FIRST_DAYS))
        try:
            saved = await self.fetch(since)
            return saved + await self.keep(self._source.trending()) if hourly else saved
        except SourceError as error:
            _log.warning("the source did not answer", source=self._source.name, error=str(error))
            return Saved()

    async def fetch(self, since: date, until: date | None = None) -> Saved:
        """Fetch all lists from ``since`` on, up to ``until``, and store them as they come.

        Raises SourceError after storing what could be had.
        """
        return await self.keep(_up_to(self._source.fetch(since), until))

    async def keep(self, papers: AsyncIterator[Paper]) -> Saved:
        """Store papers as they come.  Raises SourceError after storing what could be had."""
        saved = Saved()
        try:
            async for batch in _batches(papers):
                saved += await in_thread(self._pool, self._save, batch)
        finally:
            await in_thread(self._pool, self._store.search.refresh)
        if saved.added or saved.changed:
            _log.info("fetched", source=self._source.name, new=saved.added, changed=saved.changed)
        return saved

    def _since(self, newest: date | None, now: datetime) -> date:
        today = now.date()
        if newest is None:
            return today - timedelta(days=_FIRST_DAYS)
        # The list of the day before grows until about 02:00 UTC.
        return max(min(newest, today - timedelta(days=1)), today - timedelta(days=_MOST_DAYS))

    def _save(self, papers: list[Paper]) -> Saved:
        return self._store.papers.save(papers, self._now())


async def _up_to(papers: AsyncIterator[Paper], until: date | None) -> AsyncIterator[Paper]:
    async for paper in papers:
        if until and paper.listed_on and paper.listed_on > until:
            return  # lists come oldest first
        yield paper


async def _batches(papers: AsyncIterator[Paper]) -> AsyncIterator[list[Paper]]:
    """Lists of papers; what came before an error is still given."""
    batch: list[Paper] = []
    failure: SourceError | None = None
    try:
        async for paper in papers:
            batch.append(paper)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except SourceError as error:
        failure = error
    if batch:
        yield batch
    if failure:
        raise failure


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of up to ``size`` items (``itertools.batched`` of Python 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
