"""All requests to Discord pass here: paced, counted, and ours made once.

It hangs on the session of discord.py as a trace, so that nothing goes around it.  What it raises
ends the request, which is how the retries of discord.py are switched off for our own calls.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
from yarl import URL

from adapters.base import DeliveryError

RATE = 45.0
"""Requests a second; Discord allows 50 to all routes but those of interactions."""
PEAK = 49.0
"""What it may be for a moment, to make up for a turn that came late."""
INVALID_LIMIT = 1_000
INVALID_SECONDS = 600.0
"""Discord bans an address after 10,000 answers of 401, 403 or 429 in ten minutes."""
_INVALID = (401, 403, 429)

NOT_TAKEN = (
    "Discord does not take the bot token. Copy a new one from “Bot” on the app's page at "
    "discord.com/developers/applications, set PAPERBOT_DISCORD__TOKEN and restart."
)


_NOT_OURS = "Another process of paperbot is connected to Discord."


class ServerError(Exception):
    """An error of Discord's own: what was asked may have been done."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Discord answered with {status}")


class Once:
    """Marks a request that is to be made a single time; ``begun`` once it goes out."""

    begun = False


class Meter:
    """``refused`` is called at the first 401; from then on nothing goes out.

    Nor does anything while ``is_ours`` says no: after a freeze that is known before the gateway's
    own reconnecting and before a message whose turn comes.
    """

    def __init__(
        self,
        refused: Callable[[], None] = lambda: None,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._refused = refused
        self._is_ours = is_ours
        self._dead = False
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._invalid: deque[float] = deque()

    def trace(self) -> aiohttp.TraceConfig:
        """What to give to ``discord.Client(http_trace=…)``."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._start)
        trace.on_request_end.append(self._end)
        return trace

    async def _start(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        if params.url.scheme in ("ws", "wss") and not self._is_ours():
            raise aiohttp.ClientConnectionError(_NOT_OURS)  # as discord.py expects: it tries later
        if _metered(params.url):
            self._admit()
            async with self._turn:
                loop = asyncio.get_running_loop()
                await asyncio.sleep(max(0.0, self._free_at - loop.time()))
                self._free_at = max(self._free_at + 1 / RATE, loop.time() + 1 / PEAK)
            self._admit()
        if isinstance(context.trace_request_ctx, Once):
            context.trace_request_ctx.begun = True

    def _admit(self) -> None:
        """Raise DeliveryError where nothing may go out."""
        if self._dead:
            raise DeliveryError(NOT_TAKEN, permanent=True)
        if not self._is_ours():
            raise DeliveryError(_NOT_OURS)
        now = asyncio.get_running_loop().time()
        while self._invalid and self._invalid[0] <= now - INVALID_SECONDS:
            self._invalid.popleft()
        if len(self._invalid) >= INVALID_LIMIT:
            wait = self._invalid[0] + INVALID_SECONDS - now
            raise DeliveryError(
                "Discord refused too many requests; paperbot is silent for a while, so that it is "
                "not banned.",
                retry_after=wait,
            )

    async def _end(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        response = params.response
        status, headers = response.status, response.headers
        now = asyncio.get_running_loop().time()
        if status in _INVALID and headers.get("X-RateLimit-Scope") != "shared":
            self._invalid.append(now)
        if status == 401 and _metered(params.url):
            self._refuse()
        wait = _seconds(headers.get("Retry-After"))
        if status == 429 and headers.get("X-RateLimit-Scope") == "global":
            self._free_at = max(self._free_at, now + wait)
        if isinstance(context.trace_request_ctx, Once):
            if status == 429:
                raise DeliveryError("Discord asks paperbot to write more slowly.", retry_after=wait)
            if status >= 500:
                raise ServerError(status)

    def _refuse(self) -> None:
        first, self._dead = not self._dead, True
        if first:
            self._refused()
        raise DeliveryError(NOT_TAKEN, permanent=True)


def _metered(url: URL) -> bool:
    """Whether the bot's token and its limit are for this request: not for interactions."""
    free = url.path.partition("/api/")[2].split("/")[1:2]
    return url.scheme in ("http", "https") and free not in (["interactions"], ["webhooks"])


def _seconds(text: str | None) -> float:
    """Retry-After in seconds; a minute where it is missing."""
    try:
        return float(text or "")
    except ValueError:
        return 60.0
