"""The console with a pipe for a keyboard."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.base import Handle
from adapters.console import Console
from adapters.console import render as limits
from adapters.console.chat import HERE
from storage.model import Payload
from tests.contracts.harness import Harness


class Screen(io.StringIO):
    """Remembers what is printed and says when something was."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.printed = asyncio.Event()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def flush(self) -> None:
        self.printed.set()


@asynccontextmanager
async def enter_console(folder: Path, handle: Handle) -> AsyncIterator[Harness]:
    read, write = os.pipe()
    screen = Screen()
    with os.fdopen(read) as keyboard, os.fdopen(write, "w") as hands:
        console = Console(screen, keyboard)
        await console.start((), handle)

        async def say(text: str) -> str:
            before = len(screen.getvalue())
            screen.printed.clear()
            print(text, file=hands, flush=True)
            async with asyncio.timeout(10):
                await screen.printed.wait()
            return screen.getvalue()[before:]

        async def seen() -> str:
            return screen.getvalue()

        yield Harness(console, HERE, say, seen, check, finds=False)
        await console.stop()


def check(payload: Payload) -> None:
    """Within the limits that the renderer declares."""
    assert payload["paragraphs"]
    longest = {"title": limits.TITLE_LIMIT, "link": limits.URL_LIMIT, "gap": 0}
    for paragraph in payload["paragraphs"]:
        assert len(paragraph["text"]) <= longest.get(paragraph["style"], limits.TEXT_LIMIT)
        assert "\n" not in paragraph["text"]
        assert paragraph["url"] is None or paragraph["url"].startswith(("https://", "http://"))
