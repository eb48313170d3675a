"""paperbot in a fake Slack workspace, with Ada (U1) and Grace (U2) in the channel C1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.base import Handle
from adapters.slack import Slack
from adapters.slack.manifest import SCOPES
from bot.settings import SlackSettings
from commands import COMMANDS
from commands.model import Command
from storage.model import Payload, Target
from tests.contracts.harness import Harness
from tests.fakes.slack import Message, Workspace, violations, words

HERE = Target("slack", "T1", "C1")


@asynccontextmanager
async def workspace(**facts: Any) -> AsyncIterator[Workspace]:
    """The app has no scopes but those that its manifest asks for."""
    async with Workspace(event_retries=(0, 0, 0), **facts) as slack:
        slack.teams["T1"].scopes = set(SCOPES)
        slack.add_user("U1", name="ada", tz="Europe/Berlin", is_admin=True)
        slack.add_user("U2", name="grace", tz="America/New_York")
        slack.add_channel("C1", name="papers")
        yield slack


@asynccontextmanager
async def started(
    slack: Workspace, handle: Handle, commands: Sequence[Command] = COMMANDS, **settings: Any
) -> AsyncIterator[Slack]:
    """The adapter connected to the workspace, by Socket Mode unless told otherwise."""
    given: dict[str, Any] = {
        "session": None,
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "signing_secret": None,
        "api_url": slack.api_url,
    }
    chat = Slack(**given | settings)
    await chat.start(commands, handle)
    try:
        if not slack.request_url.url:
            await slack.until(lambda: slack.socket.active)
        yield chat
    finally:
        await chat.stop()


def settings_for(slack: Workspace) -> SlackSettings:
    """What an application is told to connect to it by Socket Mode."""
    return SlackSettings(
        bot_token=SecretStr(slack.bot_token),
        app_token=SecretStr(slack.app_token),
        api_url=slack.api_url,
    )


def read(message: Message) -> str:
    """All that a person reads in a message."""
    return words(message.blocks) or message.text


def check(payload: Payload) -> None:
    """Slack takes it as a post and as the answer to a command."""
    assert violations("chat.postMessage", {**payload, "channel": "C1"}) == []
    assert violations("ack", payload) == []


@asynccontextmanager
async def enter_slack(folder: Path, handle: Handle) -> AsyncIterator[Harness]:
    async with workspace() as slack, started(slack, handle) as chat:
        slack.add_user("you")

        async def say(text: str) -> str:
            asked = await slack.people.slash("U1", "C1", text)
            await asked.answer()
            return "\n".join(map(read, asked.answers))

        async def seen() -> str:
            top = slack.seen("U2", "C1") + slack.seen("you", slack.direct("you").id)
            return "\n".join(read(one) for head in top for one in [head, *slack.thread(head)])

        yield Harness(chat, HERE, say, seen, check)
        assert slack.refusals == []
