"""Turns at a server that wants one request at a time, over all processes: a row in the database."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adapters.base import SourceError
from bot.threads import in_thread
from storage.leases import Leases

LONGEST = timedelta(seconds=75)
"""How long a turn may take; that of a process that died ends then."""
_LOOK_EVERY = 0.5
"""Seconds between looks whether another process is done."""
_MOST_WAITING = 10


class Turns:
    """Gives turns at what ``name`` stands for, ``gap`` after one another.

    Each turn is a lease of its own, which begins as long as a turn may take and ends as short as
    the gap.  ``owner`` names this process.
    """

    def __init__(
        self,
        leases: Leases,
        name: str,
        owner: str,
        gap: timedelta,
        pool: Executor,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._leases = leases
        self._name = name
        self._owners = (f"{owner}-{number}" for number in itertools.count(1))
        self._gap = gap
        self._pool = pool
        self._now = now
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._free_at = datetime.min.replace(tzinfo=UTC)

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it.  Raises SourceError where too many wait already."""
        if self._waiting >= _MOST_WAITING:
            raise SourceError(f"{self._waiting} questions to {self._name} wait already.")
        self._waiting += 1
        try:
            async with self._lock:
                owner = next(self._owners)
                while (left := (self._free_at - self._now()).total_seconds()) > 0:
                    await self._sleep(left)
                while not await self._hold(owner, LONGEST):
                    await self._sleep(_LOOK_EVERY)
                try:
                    yield
                finally:
                    self._free_at = self._now() + self._gap
                    await self._hold(owner, self._gap)
        finally:
            self._waiting -= 1

    async def _hold(self, owner: str, length: timedelta) -> int | None:
        return await in_thread(
            self._pool, self._leases.hold, self._name, owner, self._now(), length
        )
