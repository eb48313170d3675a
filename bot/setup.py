"""``paperbot setup``: a short dialogue that ends with a working bot."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from adapters.base import Finding
from adapters.discord.checkup import checkup as check_discord
from adapters.discord.manifest import application_id, invite_url
from adapters.server import Server
from adapters.slack.chat import Slack
from adapters.slack.checkup import checkup as check_slack
from bot.app import build
from bot.settings import DiscordSettings, SlackSettings, load, read_env
from commands import COMMANDS
from commands.model import Reply
from commands.words import read_zone
from storage.model import Target

Check: TypeAlias = Callable[[str], Awaitable[list[Finding]]]

BOT_TOKEN = "PAPERBOT_SLACK__BOT_TOKEN"  # noqa: S105 - names, not secrets
APP_TOKEN = "PAPERBOT_SLACK__APP_TOKEN"  # noqa: S105
DISCORD_TOKEN = "PAPERBOT_DISCORD__TOKEN"  # noqa: S105
TIMEZONE = "PAPERBOT_TIMEZONE"
HELLO_CHANNEL = "HELLO_CHANNEL"
"""Not a setting: where to post the hello; empty for none."""

_INTRODUCTIONS = {
    "slack": """\
This sets paperbot up for Slack and writes .env. Nothing else is changed.

1. Open https://api.slack.com/apps and choose “Create New App”, then “From a manifest”; \
pick your workspace, and paste what `paperbot manifest slack` prints.
2. Choose “Install to Workspace”. Then copy the two tokens as they are asked for here.""",
    "discord": """\
This sets paperbot up for Discord and writes .env. Nothing else is changed.

1. Open https://discord.com/developers/applications and choose “New Application”; \
name it paperbot.
2. On the page “Bot” choose “Reset Token”, and copy the token that it shows.""",
}
_HINTS = {
    BOT_TOKEN: "“OAuth & Permissions”, Bot User OAuth Token, begins with xoxb-",
    APP_TOKEN: "“Basic Information”, App-Level Tokens, “Generate”, scope connections:write, xapp-",
    DISCORD_TOKEN: "“Bot”, “Reset Token”",
    TIMEZONE: "for people whose own is not known, such as Europe/Berlin",
    HELLO_CHANNEL: "the ID of a channel to post a hello to; empty for none",
}
_BEGINNINGS = {BOT_TOKEN: "xoxb-", APP_TOKEN: "xapp-"}
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


async def set_up(dialogue: Dialogue, platform: str, env: Path = Path(".env")) -> None:
    """Ask, check each token as it is given, write ``env`` (mode 600), and post a hello.

    ``platform`` is ``slack`` or ``discord``.  Raises SetupError where an answer from a file does
    not work.
    """
    if dialogue.ask:
        dialogue.tell(_INTRODUCTIONS[platform])
    known = {**read_env(env), **os.environ}
    ask_tokens = _slack_tokens if platform == "slack" else _discord_token
    values = await ask_tokens(dialogue, known)
    if zone := _zone(dialogue, known.get(TIMEZONE) or ""):
        values[TIMEZONE] = zone
    write_env(env, values)
    dialogue.tell(f"Wrote {env}, readable by you alone.")
    if platform == "discord":
        address = invite_url(application_id(values[DISCORD_TOKEN]), COMMANDS)
        dialogue.tell(f"Add paperbot to your server: {address}")
    if channel := dialogue.answer(HELLO_CHANNEL).lstrip("#"):
        await _say_hello(platform, channel)
        dialogue.tell("Posted a hello.")
    dialogue.tell("Now start paperbot, or start it again where it runs: make run")


async def _slack_tokens(dialogue: Dialogue, known: Mapping[str, str | None]) -> dict[str, str]:
    url = known.get("PAPERBOT_SLACK__API_URL") or SlackSettings().api_url
    bot = await _token(dialogue, BOT_TOKEN, lambda token: check_slack(url, token, None, []))
    app = await _token(dialogue, APP_TOKEN, lambda token: check_slack(url, bot, token, []))
    return {BOT_TOKEN: bot, APP_TOKEN: app}


async def _discord_token(dialogue: Dialogue, known: Mapping[str, str | None]) -> dict[str, str]:
    url = known.get("PAPERBOT_DISCORD__API_URL") or DiscordSettings().api_url
    token = await _token(dialogue, DISCORD_TOKEN, lambda token: check_discord(token, url, []))
    return {DISCORD_TOKEN: token}


async def _token(dialogue: Dialogue, name: str, check: Check) -> str:
    while True:
        token = dialogue.answer(name)
        if not token:
            found = [Finding(name, "it is missing", _HINTS[name])]
        elif not token.startswith(_BEGINNINGS.get(name, "")):
            found = [Finding(name, "that is another one", _HINTS[name])]
        else:
            found = await check(token)
        faults = [one for one in found if one.fault]
        if not faults:
            dialogue.tell(f"{found[-1].about}: fine.")
            return token
        told = " ".join(f"{one.about}: {one.fault.rstrip('.')}. {one.advice}" for one in faults)
        dialogue.repeat(told)


def _zone(dialogue: Dialogue, default: str) -> str:
    while zone := dialogue.answer(TIMEZONE, default):
        try:
            return read_zone(zone).key
        except ValueError as error:
            dialogue.repeat(f"{TIMEZONE}: {error}")
    return ""


async def _say_hello(platform: str, channel: str) -> None:
    async with build(load(), Server()) as app:
        chat = app.chats[platform]
        try:
            await app.start()
            team = chat.team if isinstance(chat, Slack) else ""
            (payload, *_) = chat.render(_HELLO, "answer")
            await chat.send(Target(platform, team, channel), payload, None, "hello")
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
