"""What arXiv says of the catalogue: new papers of chosen categories, versions, withdrawals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial

import structlog

from adapters.base import SourceError, WatchedSource
from bot.ingest import Ingest
from bot.threads import in_thread
from storage.papers import Saved
from storage.store import Store

_log = structlog.get_logger(__name__)

_EVERY = timedelta(hours=6)
"""arXiv changes once a day, at midnight in its own zone."""
_BACK = timedelta(days=7)
"""Papers appear days after the date that they carry: weekends, holidays, moderation."""
_FARTHEST = timedelta(days=31)
"""How far back a walk after a long silence reaches."""
_LISTED = timedelta(days=30)
"""How long papers of the daily lists are watched."""
_REST = timedelta(minutes=15)
"""After a failure."""


class Watch:
    """Asks for papers of the daily lists soon after they came, and every six hours for all that
    may have changed: those papers, and the categories that the source follows."""

    def __init__(
        self, source: WatchedSource, store: Store, pool: Executor, now: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._store = store
        self._pool = pool
        self._now = now
        self._ingest = Ingest(source, store, pool, now)
        self._asked: set[str] = set()
        self._rests_until = now()

    async def look(self) -> Saved:
        """Ask what there is to ask now; what fails is asked again a quarter of an hour later."""
        now = self._now()
        if now < self._rests_until:
            return Saved()
        try:
            return await self._look(now)
        except SourceError as error:
            self._rests_until = self._now() + _REST
            _log.warning("the source did not answer", source=self._source.name, error=str(error))
            return Saved()

    async def _look(self, now: datetime) -> Saved:
        papers = self._store.papers
        read_at = await in_thread(self._pool, papers.read_at, self._source.name)
        due = read_at is None or now - read_at >= _EVERY
        if due:
            self._asked.clear()
        saved = await self._versions(now, new=not due)
        if due:
            since = max((read_at or now) - _BACK, now - _FARTHEST).date()
            saved += await self._ingest.fetch(since)
            await in_thread(self._pool, papers.note_read, self._source.name, now)
        return saved

    async def _versions(self, now: datetime, *, new: bool) -> Saved:
        """Ask for the papers of the lists; ``new``: for those that were not asked for yet."""
        since = (now - _LISTED).date()
        listed = partial(self._store.papers.on_lists, since, unversioned=new)
        ids = await in_thread(self._pool, listed)
        wanted: Sequence[str] = [id for id in ids if id not in self._asked]
        if not wanted:
            return Saved()
        saved = await self._ingest.keep(self._source.many(wanted))
        self._asked.update(wanted)
        return saved
