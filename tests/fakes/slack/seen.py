"""What a person gets to see of something they started."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.slack.model import Json, Message

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace


@dataclass(slots=True)
class Seen:
    """Grows while the app goes on answering.

    ``error``: what Slack shows when the app did not acknowledge, or not with what it takes.
    ``errors``: the sentences beside the fields of a form, by block_id.
    ``asked``: the person's own message, where they wrote one.
    ``messages``: what came with the acknowledgement and through the response URL.
    """

    slack: Workspace
    user: str
    trigger_id: str = ""
    response_url: str = ""
    acknowledgement: Json = field(default_factory=dict)
    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    asked: Message | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def answers(self) -> list[Message]:
        """Those messages, and what the bot wrote where it was asked since then, oldest first."""
        if self.asked is None:
            return self.messages
        asked = self.asked
        thread = asked.thread_ts or asked.ts
        there = [
            *self.slack.seen(self.user, asked.channel),
            *self.slack.seen(self.user, asked.channel, thread),
        ]
        written = {one.ts: one for one in there if one.bot_id and one.ts > asked.ts}
        return [*self.messages, *(written[ts] for ts in sorted(written))]

    async def answer(self, number: int = 1) -> Message:
        """The ``number``-th answer, from 1, as soon as it is there; TimeoutError after 5 s."""
        await self.slack.until(lambda: len(self.answers) >= number)
        return self.answers[number - 1]
