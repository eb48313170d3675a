"""What a person gets to see of something they started."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.discord import rules
from tests.fakes.discord.model import Json, Message, User

if TYPE_CHECKING:
    from tests.fakes.discord.interactions import Interaction
    from tests.fakes.discord.platform import Discord


@dataclass(slots=True)
class Seen:
    """Grows while the bot goes on answering.

    ``error``: what Discord shows when the bot did not answer in time.
    ``asked``: the person's own message, where they wrote one.
    ``messages``: the answers and follow-ups, ephemeral (``only_for``) or public, and the message
    of a button that the answer changed; deferred ones too.
    ``modal`` is a form that opened, ``choices`` are what an option offers.
    """

    discord: Discord
    user: User
    interaction: Interaction | None = None
    error: str = ""
    asked: Message | None = None
    messages: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Whether "paperbot is thinking..." stands there."""
        return any(one.flags & rules.LOADING and not one.deleted for one in self.messages)

    @property
    def answers(self) -> list[Message]:
        """What can be read now, oldest first: also what the bot wrote where it was asked."""
        there = [one for one in self.messages if not one.flags & rules.LOADING]
        if self.asked:
            asked = self.asked
            written = self.discord.channels[asked.channel].messages.values()
            later = [one for one in written if int(one.id) > int(asked.id)]
            there += [one for one in later if one.author is self.discord.bot]
            there += [one for one in self.discord.thread(asked) if one.author is self.discord.bot]
        return [one for one in there if not one.deleted]

    async def answer(self, number: int = 1) -> Message:
        """The ``number``-th answer, from 1, as soon as it is there; TimeoutError after 5 s."""
        await self.discord.until(lambda: len(self.answers) >= number)
        return self.answers[number - 1]
