"""A job that one process at a time may do: its lease is taken, renewed and lost here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.owner import Owner
from storage.leases import Leases

_log = structlog.get_logger(__name__)

LENGTH = timedelta(seconds=6)
"""How long a holder that died or froze keeps others waiting."""
RENEW_EVERY = 1.5
"""Seconds; with ``LENGTH`` this is how soon another process takes over, at the latest."""
_MARGIN = timedelta(seconds=1)
"""The holder stops so much earlier than others begin: clocks may differ by that."""


def since_boot() -> float:
    """Seconds on a clock that nobody sets and that runs on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """One process's hold on a lease row, or its wait for it, from ``start`` to ``stop``.

    ``now`` is the clock of the row, which other machines read too; ``clock`` tells this process,
    without asking anyone, how long it has not renewed.
    """

    def __init__(
        self,
        leases: Leases,
        name: str,
        owner: Owner,
        now: Callable[[], datetime],
        clock: Callable[[], float] = since_boot,
    ) -> None:
        self._leases = leases
        self._name = name
        self._owner = owner
        self._now = now
        self._clock = clock
        self._epoch: int | None = None
        self.elsewhere = False
        """Whether another process had it when this one last asked; not while this one rests."""
        self._until = self._rests_until = float("-inf")
        self._keeping: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[int | None] | None = None

    @property
    def epoch(self) -> int | None:
        """The number of the term, None while it is not ours; right after a freeze, too."""
        return self._epoch if self._clock() < self._until else None

    def held(self) -> bool:
        return self.epoch is not None

    async def start(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Try once, then go on until ``stop``; ``changed`` is called after terms begin or end."""
        await self._renew()
        self._keeping = asyncio.create_task(self._keep(self.epoch, changed))

    async def stop(self) -> None:
        """Let another process have it at once.  Harmless when never started."""
        keeping, self._keeping = self._keeping, None
        if keeping is None:
            return
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        if self._asking:  # or it would take the lease again after it was given up
            await asyncio.wait({self._asking}, timeout=LENGTH.total_seconds() / 2)
        await self.give_up(0)

    async def give_up(self, seconds: float) -> None:
        """Leave it to others, and try again after so many seconds."""
        self._until = float("-inf")
        self.elsewhere = False
        self._rests_until = self._clock() + seconds
        with suppress(Exception):  # then it runs out by itself
            await asyncio.to_thread(self._leases.release, self._name, self._owner.name, self._now())

    async def _keep(self, before: int | None, changed: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if self._clock() >= self._rests_until:
                await self._renew()
            if self.epoch != before:
                before = self.epoch
                _log.info("taken" if before else "lost", lease=self._name, epoch=before)
                try:
                    await changed()
                except Exception:
                    _log.exception("a change of hands went wrong", lease=self._name)

    async def _renew(self) -> None:
        asked = self._clock()
        try:
            async with asyncio.timeout(LENGTH.total_seconds() / 2):
                # Not in the pool of commands, which may all be busy for that long.
                self._asking = asyncio.create_task(
                    asyncio.to_thread(
                        self._leases.hold,
                        self._name,
                        self._owner.name,
                        self._now(),
                        LENGTH,
                        self._owner.predecessor,
                    )
                )
                self._asking.add_done_callback(_taken_note_of)
                epoch = await asyncio.shield(self._asking)
        except Exception as error:
            _log.warning("a lease cannot be renewed", lease=self._name, error=type(error).__name__)
            return
        self._epoch = epoch
        self.elsewhere = epoch is None
        held = (LENGTH - _MARGIN).total_seconds()
        self._until = asked + held if epoch is not None else float("-inf")


def _taken_note_of(asking: asyncio.Task[int | None]) -> None:
    """What comes after its time-out concerns nobody any more, an error neither."""
    if not asking.cancelled():
        asking.exception()
