"""A server, and a bot over a real catalogue that stands at NOON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from adapters.base import Handle
from adapters.discord import Discord
from bot.dispatch import Dispatch
from commands import COMMANDS
from commands.model import Call, Reply
from storage.store import Store
from tests.contracts.discord import Lab, laboratory, started
from tests.factories import NOON, paper

Start: TypeAlias = Callable[..., AbstractAsyncContextManager[Discord]]


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """Ends with the proof that Discord refused nothing that paperbot sent."""
    async with laboratory() as opened:
        yield opened
        assert opened.discord.refusals == []


@pytest.fixture
def handle(store: Store) -> Iterator[Handle]:
    """Real commands over twelve papers of today."""
    store.papers.save([paper(number, upvotes=50 - number) for number in range(1, 13)], NOON)
    store.search.refresh()
    with ThreadPoolExecutor(2) as pool:
        yield Dispatch(store, COMMANDS, [], pool, ZoneInfo("UTC"), lambda: NOON)


@pytest.fixture
def start(lab: Lab, handle: Handle, tmp_path: Path) -> Start:
    """Connect the adapter; keywords are settings of its own."""
    return partial(started, lab.discord, handle, tmp_path)


async def echo(call: Call) -> Reply:
    """A handle that needs no store."""
    return Reply(title=f"You said {call.text}")


def calls(lab: Lab, method: str) -> list[Any]:
    return [call.body for call in lab.discord.calls if call.method == method]
