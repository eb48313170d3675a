"""One call of the REST API, as the routes see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.fakes.discord import rules, schema
from tests.fakes.discord.model import Channel, Guild, Json, Message, Permission

if TYPE_CHECKING:
    from tests.fakes.discord.platform import Discord

_MESSAGES = {
    # Number: status and sentence, from topics/opcodes-and-status-codes.mdx.
    0: (404, "404: Not Found"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10087: (404, "Unknown Tag"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    40001: (401, "Unauthorized"),
    40005: (413, "Request entity too large"),
    40058: (400, "Cannot send a message in a forum channel"),
    40060: (400, "Interaction has already been acknowledged."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40094: (400, "This interaction has hit the maximum number of follow up messages"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
}


class DiscordError(Exception):
    """An error of Discord's, by number; ``errors`` is the nested part of Invalid Form Body."""

    def __init__(self, code: int, errors: Json | None = None, message: str = "") -> None:
        status, sentence = _MESSAGES.get(code, (400, "Invalid Form Body"))
        super().__init__(message or sentence)
        self.status, self.code, self.message = status, code, message or sentence
        self.errors = errors or {}


@dataclass(frozen=True, slots=True)
class Call:
    """``where``: the path's variables.  ``files``: uploads by name.  Methods raise DiscordError."""

    discord: Discord
    where: dict[str, str]
    query: dict[str, str]
    body: Any
    files: dict[str, bytes]

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, from 1 to ``most``."""
        value = self.query.get(name, str(default))
        if not value.isdecimal() or not 1 <= int(value) <= most:
            code, sentence = "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}."
            raise DiscordError(50035, schema.errors([schema.Violation((name,), code, sentence)]))
        return int(value)

    def valid(self, kind: str, payload: Any = None, at: schema.Path = ()) -> None:
        """Refuse what breaks the rules of ``kind``; ``at``: where the payload is in the body."""
        found = rules.violations(kind, self.body if payload is None else payload)
        if found and found[0].number != schema.INVALID_FORM:
            raise DiscordError(found[0].number, message=found[0].message)
        if found:
            moved = (one._replace(path=(*at, *one.path)) for one in found)
            raise DiscordError(schema.INVALID_FORM, schema.errors(moved))

    def uploads(self) -> dict[str, bytes]:
        """The files, if each is small enough and they are not too many."""
        if len(self.files) > rules.ATTACHMENTS:
            raise DiscordError(50035)
        if any(len(data) > rules.FILE_BYTES for data in self.files.values()):
            raise DiscordError(40005)
        return self.files

    def channel(self, *needed: Permission) -> Channel:
        """The channel of the path, if the bot may see it and has the permissions."""
        channel = self.discord.channels.get(self.where["channel"])
        if channel is None:
            raise DiscordError(10003)
        self.may(channel, *needed)
        return channel

    def may(self, channel: Channel, *needed: Permission) -> None:
        own = self.discord.allowed(self.discord.bot, channel)
        if Permission.VIEW_CHANNEL not in own:
            raise DiscordError(50001)
        if any(permission not in own for permission in needed):
            raise DiscordError(50013)

    def guild(self) -> Guild:
        """The guild of the path, if the bot is in it."""
        guild = self.discord.guilds.get(self.where["guild"])
        if guild is None:
            raise DiscordError(10004)
        if not guild.installed:
            raise DiscordError(50001)
        return guild

    def message(self, *needed: Permission) -> Message:
        """The message of the path, where the bot may see it."""
        message = self.channel(*needed).messages.get(self.where["message"])
        if message is None:
            raise DiscordError(10008)
        return message


class Route(NamedTuple):
    """``name``: what ``faults``, ``throttle`` and ``calls`` know the route by.

    ``token``: whether it wants the bot's token; the others carry a token of their own.
    """

    method: str
    path: str
    name: str
    run: Callable[[Call], Any]
    token: bool = True
