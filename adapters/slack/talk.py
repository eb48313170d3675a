"""Asking on somebody's behalf, and telling a channel what was changed there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from adapters.background import Background
from adapters.base import DeliveryError, Handle
from adapters.slack.api import Api
from adapters.slack.modal import SUBSCRIBE
from adapters.slack.people import People
from adapters.slack.render import speech
from commands.model import Call, Reply
from commands.parse import clean
from storage.ids import paper_ids
from storage.model import Target

_log = logging.getLogger(__name__)

_PAPERS_IN_MESSAGE = 10
_SORRY = Reply(title="", text="Something broke on our side. Please try that again.", refused=True)


def _failed(error: Exception) -> None:
    if isinstance(error, DeliveryError):
        _log.warning("could not answer: %s", error)
    else:
        _log.error("could not answer", exc_info=error)


class Talk:
    """Turns what people say into calls of the handle.

    ``team`` and ``name`` are the workspace and paperbot's own name in it.
    """

    def __init__(self, api: Api, people: People, handle: Handle, team: str, name: str) -> None:
        self.people = people
        self.later = Background(_failed)
        self._api = api
        self._handle = handle
        self._team = team
        self._name = name

    async def ask(
        self,
        user: str,
        channel: str,
        text: str = "",
        *,
        command: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Reply:
        """The reply to a line or to a form; what it changed is announced.  Never raises."""
        posts = subscribes(text) or command == SUBSCRIBE
        if posts and (refused := await self.invitation(user, channel)):
            return Reply(title="", text=refused, refused=True)
        call = Call(
            caller=await self.people.caller(user),
            target=Target("slack", self._team, channel),
            private=await self.people.private(channel),
            text=text,
            command=command,
            values=values or {},
        )
        try:
            reply = await self._handle(call)
        except Exception:
            _log.exception("a call was not answered")
            return _SORRY
        if reply.notice and not channel.startswith("D"):  # there, the answer is the notice
            self.later.start(self._announce(channel, reply.notice))
        return reply

    async def invitation(self, user: str, channel: str) -> str:
        """How to get paperbot into the channel; empty where it is in it, or may be."""
        if channel.startswith("D"):
            own = await self._is_own(user, channel)
            return "" if own else "I cannot post here. Ask me in a channel, or write to me alone."
        place = await self.people.place(channel)
        if place is None or place.joined:
            return ""
        where = f"#{place.name}" if place.name else "that channel"
        return f"Invite me first: `/invite @{self._name}` in {where}, and then ask again."

    async def papers_in(self, user: str, channel: str, text: str) -> Reply:
        """All papers whose addresses stand in a text."""
        ids = paper_ids(text)[:_PAPERS_IN_MESSAGE]
        if not ids:
            return Reply(
                title="No papers in this message",
                text="I know addresses at arxiv.org, huggingface.co/papers and alphaxiv.org.",
            )
        replies = [await self.ask(user, channel, f"show {id}") for id in ids]
        return Reply(
            title="Papers in this message" if len(ids) > 1 else "",
            text="\n".join(reply.text for reply in replies if not reply.cards),
            cards=tuple(card for reply in replies for card in reply.cards),
        )

    async def _is_own(self, user: str, channel: str) -> bool:
        """Whether it is paperbot's own conversation with this person."""
        try:
            return await self.people.direct(user) == channel
        except Exception:  # that Slack does not say shall not stand in the way
            return True

    async def _announce(self, channel: str, notice: str) -> None:
        await self._api.say(channel, [speech(notice)], None)


def subscribes(text: str) -> bool:
    """Whether a line makes a subscription."""
    if SUBSCRIBE not in text.lower():  # as nearly always, and cleaning takes ten times as long
        return False
    return clean(text).lower().lstrip("/").split()[:1] == [SUBSCRIBE]
