"""What the fake chat platforms have in common: a clock, a server, and waiting for what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

T = TypeVar("T")


class Clock:
    """Time in seconds that moves only when told."""

    def __init__(self, now: float = 1_760_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Platform:
    """Served on 127.0.0.1 at a port of its own, between ``_serve`` and ``_close``."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._origin = ""

    async def _serve(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self._origin = f"{host}:{port}"

    async def _close(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def changed(self) -> None:
        """Wake everyone who waits in ``until``."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], T | None], *, within: float = 5.0) -> T:
        """What ``look`` returns as soon as that is true of this platform.

        Raises TimeoutError after ``within`` seconds.
        """
        async with asyncio.timeout(within):
            while not (found := look()):
                await self._changed.wait()
            return found
