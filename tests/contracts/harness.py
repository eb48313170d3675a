"""What the contract of chats needs to know about each of them."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from adapters.base import Chat, Handle
from storage.model import Payload, Target


@dataclass(frozen=True)
class Harness:
    """A started chat and the hands and eyes of a person in it.

    ``say`` types a line and returns the text of the answer; ``seen`` is all that the chat shows
    without being asked; ``check`` fails for a payload beyond the platform's limits; ``finds`` is
    whether the platform can be asked what was posted.
    """

    chat: Chat
    target: Target
    say: Callable[[str], Awaitable[str]]
    seen: Callable[[], Awaitable[str]]
    check: Callable[[Payload], None]
    finds: bool = True


Enter: TypeAlias = Callable[[Path, Handle], AbstractAsyncContextManager[Harness]]
"""Starts a chat with a handle; the folder is its own."""


class ToldTeams:
    """Remembers what a chat says about the teams that it is in."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[str] = asyncio.Queue()

    async def joined(self, teams: Sequence[str]) -> None:
        for team in teams:
            self._said.put_nowait(f"joined {team}")

    async def left(self, team: str) -> None:
        self._said.put_nowait(f"left {team}")

    async def told(self) -> str:
        """The next of it, as ``joined T1``; waits up to five seconds."""
        return await asyncio.wait_for(self._said.get(), 5)


def strings(value: Any) -> Iterator[str]:
    """Every text inside a payload, but not the names of its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def hidden(text: str) -> list[str]:
    """The characters in it that steer terminals, reverse lines or cannot be seen."""
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs")]


def tallest(text: str) -> int:
    """The longest run of combining marks."""
    most = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char).startswith("M") else 0
        most = max(most, run)
    return most
