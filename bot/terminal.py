"""What all commands of the command line share: settings, the terminal, a wired application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from rich.console import Console

from bot import logs
from bot.app import App, build, utc_now
from bot.settings import Settings, load

out = Console(highlight=False)
err = Console(stderr=True)


def configured() -> Settings:
    """The settings, with logging as they want it.  Raises SettingsError."""
    settings = load()
    logs.configure(settings)
    return settings


def with_app(
    work: Callable[[App], Awaitable[None]],
    *,
    now: Callable[[], datetime] = utc_now,
    chats: bool = False,
) -> None:
    """Run ``work`` in an application, with chats only where it posts to them."""
    settings = configured()
    server: Server | None = None
    if chats:
        from adapters.server import Server  # noqa: PLC0415 - `say` has no use for it

        server = Server()

    async def session() -> None:
        async with build(settings, server, now) as app:
            await work(app)

    asyncio.run(session())
