"""After a restore: read every channel back before anything is posted there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from adapters.base import Chat, DeliveryError
from bot.telling import tell
from bot.threads import in_thread
from storage.model import Subscription, Target
from storage.store import Store

_log = structlog.get_logger(__name__)

_AT_ONCE = 8
_LONGEST = timedelta(minutes=30)
"""For one channel: some apps on Slack may ask once a minute for fifteen messages."""
_PAUSE = timedelta(minutes=1)


class ReadBack:
    """Reads the channels that ``storage.recovery`` names.  Does nothing where there are none."""

    def __init__(
        self,
        store: Store,
        chats: Mapping[str, Chat],
        pool: Executor,
        now: Callable[[], datetime],
    ) -> None:
        self._recovery = store.recovery
        self._chats = chats
        self._pool = pool
        self._now = now
        self._later: dict[Target, datetime] = {}

    async def run(self) -> None:
        """Read what can be read now; a channel that failed is tried again in a minute."""
        waiting = await in_thread(self._pool, self._recovery.channels, list(self._chats))
        now = self._now()
        turns = asyncio.Semaphore(_AT_ONCE)

        async def read(target: Target, since: datetime) -> None:
            async with turns:
                await self._read(target, since)

        await asyncio.gather(
            *(read(*one) for one in waiting if self._later.get(one[0], now) <= now)
        )

    async def _read(self, target: Target, since: datetime) -> None:
        chat = self._chats[target.chat]
        try:
            async with asyncio.timeout(_LONGEST.total_seconds()):
                standing = await chat.standing(target, since)
        except Exception as error:
            if isinstance(error, DeliveryError) and error.permanent:
                await self._give_up(target, str(error))
                return
            why = str(error) or type(error).__name__
            _log.warning("a channel was not read back", **_facts(target), error=why)
            self._later[target] = self._now() + _PAUSE
            return
        learned = await in_thread(self._pool, self._recovery.learn, target, standing)
        _log.info("a channel was read back", **_facts(target), learned=learned)

    async def _give_up(self, target: Target, why: str) -> None:
        _log.error("a channel cannot be read back", **_facts(target), error=why)
        told = f"The database was restored, and {why[:1].lower()}{why[1:]}"
        unknown = await in_thread(self._pool, self._recovery.give_up, target, told, self._now())
        await asyncio.gather(*(self._tell(one, why) for one in unknown))

    async def _tell(self, one: Subscription, why: str) -> None:
        text = (
            f"paperbot's database was restored from a backup, and whether subscription {one.id}, "
            f"`{one.line}` in #{one.target.channel}, has posted since cannot be looked up: {why} "
            "So that nothing comes twice, its last post is left out; the next one comes on time."
        )
        await tell(self._chats, one, text)


def _facts(target: Target) -> dict[str, str]:
    return {"chat": target.chat, "channel": target.channel}
