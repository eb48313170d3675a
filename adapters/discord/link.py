"""The connection: discord.py's client as we need it, and where it looks.

discord.py keeps its addresses in class attributes (``Route.BASE`` for REST, webhooks and
interactions, ``DiscordWebSocket.DEFAULT_GATEWAY``), so another API address holds for the whole
process.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from adapters.base import DeliveryError
from adapters.discord.errors import name, refusal
from adapters.discord.memory import Starts
from adapters.discord.meter import NOT_TAKEN, Meter

DEFAULT_API = "https://discord.com/api/v10"
IDENTIFY_SECONDS = 5.0
"""Least time between two IDENTIFYs (events/gateway.mdx)."""
_LONGEST_WAIT = 45.0
"""For an IDENTIFY on an open connection: discord.py gives one up after 60 s."""
_READY_SECONDS = 60.0
_FATAL = (4004, 4010, 4011, 4012, 4013, 4014)
"""Close codes after which coming back is in vain."""


class Client(discord.Client):
    """Sees servers, their channels, messages that mention it, and direct ones; remembers none."""

    def __init__(self, meter: Meter, starts: Starts | None = None) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=meter.trace(),
            guild_ready_timeout=0.01,  # what is not known of a channel yet is asked for
        )
        self._starts = starts
        self._running: asyncio.Task[None] | None = None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait before a new session that replaces one: longer each time they do not last."""
        if not initial and self._starts:
            wait = max(self._starts.pause(), IDENTIFY_SECONDS)
            await asyncio.sleep(min(wait, _LONGEST_WAIT))

    @property
    def alive(self) -> bool:
        """Whether the gateway is open."""
        return self.is_ready() and self.ws is not None and self.ws.open

    async def enter(self, token: str, api_url: str) -> None:
        """Log in to REST.  Raises DeliveryError, permanent for a token that is not taken."""
        if api_url != DEFAULT_API:
            Route.BASE = api_url.rstrip("/")
        try:
            await self.login(token)
            if api_url != DEFAULT_API:
                found = await self.http.request(Route("GET", "/gateway"))
                DiscordWebSocket.DEFAULT_GATEWAY = URL(found["url"])
        except ValueError:  # characters that no header may have
            raise DeliveryError(NOT_TAKEN, permanent=True) from None
        except Exception as error:
            raise (
                refusal(error)
                or DeliveryError(f"Discord cannot be reached at the moment ({name(error)}).")
            ) from None

    async def open(self) -> None:
        """Connect to the gateway; returns when ready.  Raises DeliveryError."""
        self._running = asyncio.create_task(self.connect())
        ready = asyncio.create_task(self.wait_until_ready())
        await asyncio.wait(
            {self._running, ready}, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if self._running.done():
            raise _unconnected(self._running.exception()) from None
        if not self.is_ready():
            raise DeliveryError("Discord's gateway does not answer at the moment.")

    async def shut(self, seconds: float) -> None:
        """Close within so many seconds."""
        running, self._running = self._running, None
        with suppress(TimeoutError, aiohttp.ClientError):
            await asyncio.wait_for(self.close(), seconds)
        await self.http.close()
        if running:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _unconnected(error: BaseException | None) -> DeliveryError:
    closed = error.code if isinstance(error, discord.ConnectionClosed) else None
    if closed == 4004:
        return DeliveryError(NOT_TAKEN, permanent=True)
    if isinstance(error, discord.PrivilegedIntentsRequired) or closed in _FATAL:
        return DeliveryError(f"Discord closed the connection for good ({closed}).", permanent=True)
    what = type(error).__name__ if error else "it was closed"
    return DeliveryError(f"Discord's gateway cannot be reached at the moment ({what}).")
