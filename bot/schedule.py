"""The timers of one process: poll, post, follow, keep house.

They are local and in memory; what is due when is in the database, so that any number of
processes may tick beside one another.  One of them, by a lease, polls and keeps house.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.app import App
from bot.backup import make_nightly
from bot.threads import in_thread
from storage.database import StorageError
from storage.search import MeaningError

_log = structlog.get_logger(__name__)

POSTING = "post"
POLLING = "poll"
POST_EVERY = timedelta(seconds=1)
READ_BACK_EVERY = timedelta(seconds=5)
POLL_EVERY = timedelta(minutes=15)
POLL_SAMPLE_EVERY = timedelta(minutes=1)
WATCH_EVERY = timedelta(minutes=1)
FOLLOW_EVERY = timedelta(seconds=5)
LEARN_EVERY = timedelta(seconds=10)
LEARN_FOR = timedelta(seconds=2)
"""How long each time, so that the work neither hurries answers nor holds up a stop."""
HOUSE_EVERY = timedelta(hours=1)
GRACE = timedelta(days=7)
"""How long the data of a team that removed paperbot is kept."""
FIRST_ANSWER = timedelta(seconds=3)
"""How long a first start waits for the source before it takes the bundled sample."""
FIRST_POLL = timedelta(seconds=10)
"""How long a start waits for the newest lists before it posts."""
SHUTDOWN = timedelta(seconds=6)
"""How long what is on the wire may take at the end; with disconnecting, the end takes under 10."""


class Schedule:
    """Runs the timers between ``start`` and ``stop``."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._jobs: dict[asyncio.Task[None], str] = {}
        self._filling: asyncio.Task[None] | None = None
        self._told = ""
        self._scheduler = AsyncIOScheduler(
            # A stalled loop must neither skip a tick for good nor pile ticks up.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    async def start(self) -> None:
        """Start the timers; posting comes last, after what fills the catalogue had its time."""
        await self._app.chores.start(self._chores_changed)
        for name, work, every in (
            (POLLING, self._poll, POLL_EVERY),
            ("poll while on the sample", self._poll_sample, POLL_SAMPLE_EVERY),
            (POLLING, self._watch, WATCH_EVERY),
            ("follow", self._follow, FOLLOW_EVERY),
            ("learn", self._learn, LEARN_EVERY),
            ("keep house", self._keep_house, HOUSE_EVERY),
            ("read back", self._app.read_back.run, READ_BACK_EVERY),
        ):
            self._every(every, name, work)
        self._scheduler.start()
        if self._app.chores.held():
            await self._fill()
        else:  # another process may be at it
            await asyncio.sleep(FIRST_POLL.total_seconds())
        self._every(POST_EVERY, POSTING, self._app.deliver)

    async def _fill(self) -> None:
        """Fetch the newest lists; an empty catalogue that gets none takes the sample."""
        poll = asyncio.create_task(self._guarded(POLLING, self._poll)())
        await asyncio.wait({poll}, timeout=FIRST_ANSWER.total_seconds())
        if not await in_thread(self._app.pool, self._app.store.papers.count):
            _log.warning("no list could be fetched yet; running on the bundled sample")
            await self._app.sample.fetch(date.min)
        elif not poll.done():
            # The newest list comes last: posting before it would post an older one.
            await asyncio.wait({poll}, timeout=FIRST_POLL.total_seconds())

    async def _chores_changed(self) -> None:
        """Another process stopped polling, or has begun to in this one's place."""
        if self._app.chores.held():
            self._filling = asyncio.create_task(self._guarded("fill", self._fill)())
        else:
            for job, name in self._jobs.items():
                if name == POLLING:
                    job.cancel()

    async def stop(self) -> None:
        """Stop the timers, and let what is on the wire finish."""
        if self._scheduler.running:
            self._scheduler.pause()
        self._app.outbox.close()
        for job, name in self._jobs.items():
            if name != POSTING:
                job.cancel()
        if self._jobs:
            _, unfinished = await asyncio.wait(self._jobs, timeout=SHUTDOWN.total_seconds())
            for job in unfinished:
                job.cancel()  # it hands back what it has
            await asyncio.gather(*unfinished, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        await self._app.chores.stop()

    def _guarded(
        self, name: str, work: Callable[[], Awaitable[object]]
    ) -> Callable[[], Coroutine[None, None, None]]:
        """A failing tick is logged; the next one comes all the same."""

        async def tick() -> None:
            task: asyncio.Task[None] | None = asyncio.current_task()
            assert task is not None
            self._jobs[task] = name
            try:
                await work()
            except (StorageError, OSError) as error:  # it says all, and comes every few seconds
                _log.error("a timer failed", timer=name, error=str(error))
            except Exception:
                _log.exception("a timer failed", timer=name)
            finally:
                del self._jobs[task]

        return tick

    def _every(self, every: timedelta, name: str, work: Callable[[], Awaitable[object]]) -> None:
        trigger = IntervalTrigger(seconds=every.total_seconds())
        self._scheduler.add_job(self._guarded(name, work), trigger)

    async def _poll(self) -> None:
        if self._app.chores.held():
            await self._app.ingest.poll()

    async def _watch(self) -> None:
        if self._app.chores.held():
            await self._app.watch.look()

    async def _poll_sample(self) -> None:
        if not self._app.chores.held():
            return
        if await in_thread(self._app.pool, self._app.store.papers.has_sample):
            await self._app.ingest.poll()

    async def _follow(self) -> None:
        await in_thread(self._app.pool, self._app.store.search.refresh)

    async def _learn(self) -> None:
        """Follow by meaning, beside the threads that answer."""
        try:
            await asyncio.to_thread(self._app.store.search.learn, LEARN_FOR.total_seconds())
        except MeaningError as error:
            if str(error) != self._told:
                _log.warning("search by meaning does not work", error=str(error))
            self._told = str(error)

    async def _keep_house(self) -> None:
        if not self._app.chores.held():
            return
        before = self._app.now() - GRACE
        forget = self._app.store.subscriptions.purge_left
        for team in await in_thread(self._app.pool, forget, before):
            _log.info("forgot a team that left", team=team)
        settings, now = self._app.settings, self._app.now()
        copy = await in_thread(self._app.pool, make_nightly, settings, now)
        if copy:
            _log.info("made a backup", file=str(copy))
