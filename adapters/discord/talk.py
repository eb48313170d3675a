"""Asking on somebody's behalf, and telling a channel what was changed there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from adapters.background import Background
from adapters.base import DeliveryError, Handle
from adapters.discord.api import Api
from adapters.discord.errors import name
from adapters.discord.manifest import lacking
from adapters.discord.render import speech
from adapters.text import one_line
from commands.model import Call, Caller, Reply
from commands.parse import clean
from storage.ids import paper_ids
from storage.model import Target

_log = logging.getLogger(__name__)

SUBSCRIBE = "subscribe"
_PAPERS_IN_MESSAGE = 10
_SORRY = Reply(title="", text="Something broke on our side. Please try that again.", refused=True)
_NO_SERVER = (
    "Daily posts go to a channel of a server that paperbot was added to, and this is none. "
    "Ask me there, or have me added: the link is on my profile."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked, and by whom.

    ``target``: the channel, for a thread the one that it is in.  ``asked``: the channel or thread.
    ``lacking``: what the bot may not do there and has to, to post.
    """

    target: Target
    asked: str
    caller: Caller
    private: bool
    in_server: bool
    lacking: str = ""


def _failed(error: Exception) -> None:
    if isinstance(error, DeliveryError):
        _log.warning("could not answer: %s", error)
    elif isinstance(error, discord.HTTPException):
        _log.warning("Discord did not take an answer (%s)", name(error))
    else:  # without a traceback's texts: addresses of interactions are secrets
        _log.error("could not answer (%s)", name(error))


class Talk:
    """Turns what people say into calls of the handle."""

    def __init__(self, api: Api, handle: Handle) -> None:
        self.later = Background(_failed)
        self._api = api
        self._handle = handle

    async def ask(
        self,
        place: Place,
        text: str = "",
        *,
        command: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Reply:
        """The reply to a line or to a form; what it changed is announced.  Never raises."""
        if (command == SUBSCRIBE or subscribes(text)) and (refused := _unfit(place)):
            return Reply(title="", text=refused, refused=True)
        call = Call(
            caller=place.caller,
            target=place.target,
            private=place.private,
            text=text,
            command=command,
            values=values or {},
        )
        try:
            reply = await self._handle(call)
        except Exception:
            _log.exception("a call was not answered")
            return _SORRY
        if reply.notice and place.in_server:  # elsewhere, the answer is the notice
            self.later.start(self._api.say(place.asked, [speech(reply.notice)]))
        return reply

    async def papers_in(self, place: Place, text: str) -> Reply:
        """All papers whose addresses stand in a text."""
        ids = paper_ids(text)[:_PAPERS_IN_MESSAGE]
        if not ids:
            return Reply(
                title="No papers in this message",
                text="I know addresses at arxiv.org, huggingface.co/papers and alphaxiv.org.",
            )
        replies = [await self.ask(place, f"show {id}") for id in ids]
        return Reply(
            title="Papers in this message" if len(ids) > 1 else "",
            text="\n".join(reply.text for reply in replies if not reply.cards),
            cards=tuple(card for reply in replies for card in reply.cards),
        )


def place_of(source: discord.Interaction[Any] | discord.Message) -> Place:
    """Where an interaction or a message comes from."""
    if isinstance(source, discord.Interaction):
        user, guild = source.user, source.guild
        in_server = source.is_guild_integration()
        rights: discord.Permissions | None = source.permissions
        own: discord.Permissions | None = source.app_permissions
    else:
        user, guild = source.author, source.guild
        in_server = guild is not None
        rights = user.guild_permissions if isinstance(user, discord.Member) else None
        own = _permissions(source.channel, guild.me) if guild else None
    channel = source.channel
    asked = str(channel.id if channel else 0)
    parent = channel.parent_id if isinstance(channel, discord.Thread) else None
    forum = isinstance(channel, discord.Thread) and isinstance(channel.parent, discord.ForumChannel)
    team = str(guild.id) if guild and in_server else f"user:{user.id}"
    setup = bool(rights and (rights.manage_guild or rights.administrator))
    return Place(
        target=Target("discord", team, str(parent or asked)),
        asked=asked,
        caller=Caller(
            str(user.id),
            name=one_line(user.display_name, 80),
            may_setup=setup if in_server else True,
        ),
        private=not (guild and in_server) or _private(channel, guild),
        in_server=in_server,
        lacking=lacking(own, forum=forum) if own is not None else "",
    )


def subscribes(text: str) -> bool:
    """Whether a line makes a subscription."""
    return clean(text).lower().lstrip("/").split()[:1] == [SUBSCRIBE]


def _unfit(place: Place) -> str:
    """Why nothing can be posted there; empty where it can."""
    if not place.in_server:
        return _NO_SERVER
    if place.lacking:
        return (
            f"I cannot post here yet. Allow me in this channel's settings: {place.lacking}. "
            "Then ask again."
        )
    return ""


def _private(channel: Any, guild: discord.Guild) -> bool:
    """Whether only some of the server can see it; True where that is not known."""
    if isinstance(channel, discord.Thread) and channel.is_private():
        return True
    everyone = guild.default_role
    seen = _permissions(channel, everyone) if everyone else None
    return seen is None or not seen.view_channel


def _permissions(channel: Any, who: Any) -> discord.Permissions | None:
    """What a member or role may do in a channel; for a thread, in the channel that it is in."""
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    return place.permissions_for(who) if isinstance(place, discord.abc.GuildChannel) else None
