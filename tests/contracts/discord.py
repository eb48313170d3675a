"""paperbot in a fake Discord: the server "lab" with Ada (who may manage it), Grace and #papers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.base import Handle
from adapters.discord import Discord as Chat
from bot.settings import DiscordSettings
from commands import COMMANDS
from commands.model import Call, Command, Reply
from storage.model import Payload, Target
from tests.contracts.harness import Harness
from tests.fakes.discord import Discord, Permission, pointed, violations, words
from tests.fakes.discord.model import Channel, Guild, User


@dataclass
class Lab:
    """A Discord with somebody in it."""

    discord: Discord
    guild: Guild
    papers: Channel
    ada: User
    grace: User

    def target(self, channel: Channel | None = None) -> Target:
        return Target("discord", self.guild.id, (channel or self.papers).id)

    def read(self, channel: Channel | None = None) -> str:
        """All that people read in a channel and its threads."""
        place = channel or self.papers
        inside = [place, *self.discord.threads(place)]
        return "\n".join(words(one) for each in inside for one in self.discord.messages(each))


@asynccontextmanager
async def laboratory(**facts: Any) -> AsyncIterator[Lab]:
    async with Discord(**facts) as fake:
        with pointed(fake):
            guild = fake.add_guild("lab")
            papers = fake.add_channel(guild, "papers")
            ada, grace = fake.add_user("ada", guild), fake.add_user("grace", guild)
            fake.add_member(guild, ada, Permission.MANAGE_GUILD)
            yield Lab(fake, guild, papers, ada, grace)


@asynccontextmanager
async def started(
    fake: Discord,
    handle: Handle,
    state: Path,
    commands: Sequence[Command] = COMMANDS,
    **settings: Any,
) -> AsyncIterator[Chat]:
    """The adapter, connected."""
    given: dict[str, Any] = {
        "token": fake.token,
        "api_url": fake.api_url,
        "state": state,
        "now": lambda: datetime.now(UTC),
    }
    chat = Chat(**given | settings)
    await chat.start(commands, handle)
    try:
        yield chat
    finally:
        await chat.stop()


def settings_for(fake: Discord) -> DiscordSettings:
    """What an application is told to connect to it."""
    return DiscordSettings(token=SecretStr(fake.token), api_url=fake.api_url)


def check(payload: Payload) -> None:
    """Discord takes it as a post and as an answer."""
    assert violations("message", payload) == []
    assert violations("answer", payload) == []
    assert payload["allowed_mentions"] == {"parse": []}


@asynccontextmanager
async def enter_discord(folder: Path, handle: Handle) -> AsyncIterator[Harness]:
    replies: list[Reply] = []

    async def noted(call: Call) -> Reply:
        replies.append(Reply(title=""))
        replies[-1] = await handle(call)
        return replies[-1]

    async with laboratory() as lab, started(lab.discord, noted, folder) as chat:
        fake = lab.discord
        fake.users["you"] = User("you", "you", installed=True)

        async def say(text: str) -> str:
            asked = await fake.people.dm(lab.ada, text)
            await asked.answer()
            await asked.answer(len(chat.render(replies[-1], "answer")))
            return "\n".join(map(words, asked.answers))

        async def seen() -> str:
            told = fake.direct(fake.users["you"])
            return lab.read() + "\n" + lab.read(told)

        yield Harness(chat, lab.target(), say, seen, check)
        assert fake.refusals == []
