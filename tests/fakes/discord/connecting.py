"""The real discord.py against the fake: where it looks, and a client's life."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from yarl import URL

from tests.fakes.discord.platform import Discord

with warnings.catch_warnings():
    # discord.player imports audioop, which Python 3.11 calls deprecated.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    from discord import app_commands
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

__all__ = ["Bot", "app_commands", "connected", "discord", "pointed"]

READY_SECONDS = 10.0


class Bot(discord.Client):
    """A client with a command tree that is ready at once and identifies again without a pause.

    ``heard``: all messages that it was told of, its own too.
    """

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.01)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Skip the 5 seconds that discord.py would wait here."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)

    async def hear(self, text: str) -> discord.Message:
        """The message that ends so, as soon as it is there; TimeoutError after 5 s."""

        def wanted(message: discord.Message) -> bool:
            return message.content.endswith(text)

        known = next(filter(wanted, self.heard), None)
        return known or await self.wait_for("message", check=wanted, timeout=5)

    def text_channel(self, id: str) -> discord.TextChannel:
        """The channel from the client's own cache."""
        channel = self.get_channel(int(id))
        assert isinstance(channel, discord.TextChannel)
        return channel


@contextmanager
def pointed(fake: Discord) -> Iterator[None]:
    """discord.py's own addresses, replaced by the fake's."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = fake.api_url, URL(fake.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def connected(fake: Discord, client: discord.Client) -> AsyncIterator[None]:
    """The client logged in and ready.

    Ready comes ``guild_ready_timeout`` seconds (2 by default, an argument of Client) after the
    last guild, which a test that does not wait for members can make short.
    """
    with pointed(fake):
        await client.login(fake.token)
        running = asyncio.create_task(client.connect())
        try:
            ready = asyncio.create_task(client.wait_until_ready())
            await asyncio.wait(
                {running, ready}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            ready.cancel()
            if running.done():
                running.result()
            yield
        finally:
            await client.close()
            await asyncio.gather(running, return_exceptions=True)
