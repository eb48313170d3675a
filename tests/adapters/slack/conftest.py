"""A workspace, and a bot over a real catalogue that stands at NOON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from adapters.base import Handle
from adapters.slack import Slack
from bot.dispatch import Dispatch
from commands import COMMANDS
from commands.model import Call, Reply
from storage.store import Store
from tests.contracts.slack import started, workspace
from tests.factories import NOON, paper
from tests.fakes.slack import Workspace

Start: TypeAlias = Callable[..., AbstractAsyncContextManager[Slack]]


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    """Ends with the proof that Slack refused nothing that paperbot sent."""
    async with workspace() as opened:
        yield opened
        assert opened.refusals == []


@pytest.fixture
def handle(store: Store) -> Iterator[Handle]:
    """Real commands over twelve papers of today."""
    store.papers.save([paper(number, upvotes=50 - number) for number in range(1, 13)], NOON)
    store.search.refresh()
    with ThreadPoolExecutor(2) as pool:
        yield Dispatch(store, COMMANDS, [], pool, ZoneInfo("UTC"), lambda: NOON)


@pytest.fixture
def start(slack: Workspace, handle: Handle) -> Start:
    """Connect the adapter to the workspace; keywords are settings of its own."""
    return partial(started, slack, handle)


async def echo(call: Call) -> Reply:
    """A handle that needs no store."""
    return Reply(title=f"You said {call.text}")


def calls(slack: Workspace, method: str) -> list[dict[str, Any]]:
    return [call.args for call in slack.calls if call.method == method]
