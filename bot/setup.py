"""``paperbot setup``: a short dialogue that ends with a working bot."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dotenv import dotenv_values

from adapters.base import Finding
from adapters.server import Server
from adapters.slack.chat import Slack
from adapters.slack.checkup import checkup
from bot.app import build
from bot.settings import load
from commands.model import Reply
from storage.model import Target

Check: TypeAlias = Callable[[str], Awaitable[list[Finding]]]

BOT_TOKEN = "PAPERBOT_SLACK__BOT_TOKEN"  # noqa: S105 - names, not secrets
APP_TOKEN = "PAPERBOT_SLACK__APP_TOKEN"  # noqa: S105
TIMEZONE = "PAPERBOT_TIMEZONE"
HELLO_CHANNEL = "HELLO_CHANNEL"
"""Not a setting: where to post the hello; empty for none."""

_INTRODUCTION = """\
This sets paperbot up for Slack and writes .env. Nothing else is changed.

1. Open https://api.slack.com/apps, choose “Create New App”, then “From a manifest”, pick your
   workspace, and paste what `paperbot manifest slack` prints.
2. Choose “Install to Workspace”. Then copy the two tokens as they are asked for here."""
_HINTS = {
    BOT_TOKEN: "“OAuth & Permissions”, Bot User OAuth Token, begins with xoxb-",
    APP_TOKEN: "“Basic Information”, App-Level Tokens, “Generate”, scope connections:write, xapp-",
    TIMEZONE: "for people whose own is not known, such as Europe/Berlin",
    HELLO_CHANNEL: "a channel's ID for a hello (in its details, at the bottom); empty for none",
}
_HELLO = Reply(
    title="Hello! paperbot is here",
    text="Write `/papers` for what you can ask, or make a daily thread: "
    "`/papers subscribe trending --limit 5 at 09:00 on weekdays`.",
)


class SetupError(Exception):
    """A given answer does not work; the text says which, why and what to do."""


@dataclass
class Dialogue:
    """Asks for what ``given`` lacks.  ``ask`` takes name, hint and default; None asks nobody."""

    tell: Callable[[str], None]
    ask: Callable[[str, str, str], str] | None = None
    given: Mapping[str, str] = field(default_factory=dict)

    def answer(self, name: str, default: str = "") -> str:
        """What was given, or is said now.  Raises SetupError where nobody can be asked."""
        if name in self.given or self.ask is None:
            return self.given.get(name, default)
        return self.ask(name, _HINTS[name], default).strip()

    def repeat(self, problem: str) -> None:
        """Tell what is wrong with an answer; the question comes again where there is somebody."""
        if self.ask is None:
            raise SetupError(problem)
        self.tell(problem)


async def set_up(dialogue: Dialogue, env: Path = Path(".env")) -> None:
    """Ask, check each token as it is given, write ``env`` (mode 600), and post a hello.

    Raises SetupError where an answer from a file does not work.
    """
    if dialogue.ask:
        dialogue.tell(_INTRODUCTION)
    known = dotenv_values(env)
    api_url = os.environ.get("PAPERBOT_SLACK__API_URL") or known.get("PAPERBOT_SLACK__API_URL")
    api_url = api_url or "https://slack.com/api/"
    bot_token = await _token(dialogue, BOT_TOKEN, lambda token: checkup(api_url, token, None, []))
    app_token = await _token(
        dialogue, APP_TOKEN, lambda token: checkup(api_url, bot_token, token, [])
    )
    values = {BOT_TOKEN: bot_token, APP_TOKEN: app_token}
    if zone := dialogue.answer(TIMEZONE, known.get(TIMEZONE) or ""):
        values[TIMEZONE] = zone
    write_env(env, values)
    dialogue.tell(f"Wrote {env}, readable by you alone.")
    if channel := dialogue.answer(HELLO_CHANNEL).lstrip("#"):
        await _say_hello(channel)
        dialogue.tell("Posted a hello.")
    dialogue.tell("Now start it: make run")


async def _token(dialogue: Dialogue, name: str, check: Check) -> str:
    while True:
        token = dialogue.answer(name)
        found = await check(token) if token else [Finding(name, "it is missing", _HINTS[name])]
        faults = [one for one in found if one.fault]
        if not faults:
            dialogue.tell(f"{found[-1].about}: fine.")
            return token
        told = " ".join(f"{one.about}: {one.fault}. {one.advice}" for one in faults)
        dialogue.repeat(told)


async def _say_hello(channel: str) -> None:
    async with build(load(), Server()) as app:
        slack = app.chats["slack"]
        assert isinstance(slack, Slack)
        try:
            await app.start()
            (payload, *_) = slack.render(_HELLO, "answer")
            await slack.send(Target("slack", slack.team, channel), payload, None, "hello")
        finally:
            await app.stop()


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Set these keys in a ``.env`` file and keep its other lines; only its owner may read it."""
    lines = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in lines if line.split("=")[0].strip() not in values]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n"
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
