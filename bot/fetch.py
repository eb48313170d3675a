"""Bringing what a command lacks from the sources into the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from adapters.base import SearchedSource, Source, SourceError
from bot.threads import in_thread
from commands.model import Missing, UserError
from storage.model import Paper
from storage.store import Store

_log = structlog.get_logger(__name__)

_SECONDS = 8.0
"""How long a person waits for a source; the fetch itself goes on."""
_PATIENCE = 3.0
"""Seconds after which the next source is asked instead of one that hangs."""
_MEMORY = timedelta(minutes=10)
_MOST_REMEMBERED = 10_000
_FOUND = 50
"""Papers of one search: one request serves all of its pages."""


class Fetch:
    """Asks the sources, the first one that has an answer; stores what they give in ``pool``.

    Calls for the same thing share one flight.  A paper that no source has, and the answer to a
    search, are remembered for ten minutes.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        store: Store,
        pool: Executor,
        now: Callable[[], datetime],
        patience: float = _PATIENCE,
    ) -> None:
        self._sources = sources
        self._store = store
        self._pool = pool
        self._now = now
        self._patience = patience
        self._flights: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._known: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    async def bring(self, missing: Missing) -> tuple[str, ...]:
        """The ids of what was brought, which may be none for a search.  Raises UserError."""
        if missing.query:
            return await self._once(missing.query, self._search)
        if ids := await self._once(missing.id, self._get):
            return ids
        raise UserError(
            f"There is no paper {missing.id} in the catalogue, nor at its sources. Check the id; "
            "words of the title work too, for example: `show attention is all you need`."
        )

    async def _once(
        self, what: str, ask: Callable[[str], Coroutine[None, None, tuple[str, ...]]]
    ) -> tuple[str, ...]:
        until, ids = self._known.get(what, (self._now(), ()))
        if self._now() < until:
            return ids
        flight = self._flights.get(what)
        if flight is None:
            flight = self._flights[what] = asyncio.create_task(ask(what))
            flight.add_done_callback(lambda task: self._landed(what, task))
        try:
            return await asyncio.wait_for(asyncio.shield(flight), _SECONDS)
        except (SourceError, TimeoutError) as error:
            _log.warning("fetch failed", asked=what, error=str(error) or "timed out")
            raise UserError(
                "The catalogue lacks that, and its source does not answer now. "
                "Please try again in a minute."
            ) from None

    def _landed(self, what: str, flight: asyncio.Task[tuple[str, ...]]) -> None:
        del self._flights[what]
        if not flight.cancelled():
            flight.exception()  # heard, although nobody may wait for it any more

    async def _get(self, id: str) -> tuple[str, ...]:
        failure: Exception | None = None
        for source in self._sources:
            last = source is self._sources[-1]
            try:
                async with asyncio.timeout(None if last else self._patience):
                    paper = await source.get(id)
            except (SourceError, TimeoutError) as error:
                failure = error
                continue
            if paper:
                return await self._keep([paper])
        if failure:
            raise failure
        return self._remember(id, ())

    async def _search(self, query: str) -> tuple[str, ...]:
        for source in self._sources:
            if isinstance(source, SearchedSource):
                try:
                    papers = await source.search(query, _FOUND)
                except ValueError as error:
                    raise UserError(str(error)) from None
                return self._remember(query, await self._keep(papers))
        raise UserError("There is no source here that can be searched.")

    async def _keep(self, papers: Sequence[Paper]) -> tuple[str, ...]:
        def keep() -> None:
            self._store.papers.save(papers, self._now())
            self._store.search.refresh()

        if papers:
            await in_thread(self._pool, keep)
        return tuple(paper.id for paper in papers)

    def _remember(self, what: str, ids: tuple[str, ...]) -> tuple[str, ...]:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[what] = (self._now() + _MEMORY, ids)
        return ids
