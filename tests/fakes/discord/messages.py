"""Routes about messages, and how a body becomes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.discord import rules
from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import DM, FORUM, Channel, Json, Message, Permission

NONCE_SECONDS = 300.0
"""Discord says "the past few minutes"."""

_SHOWN = ("content", "embeds", "components")


class Nonces:
    """The messages that the bot created with a nonce, for as long as Discord remembers them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Message]] = {}

    def keep(self, nonce: str, message: Message) -> None:
        self._known[nonce] = (self._clock(), message)

    def find(self, nonce: str) -> Message | None:
        when, message = self._known.get(nonce, (0.0, None))
        return message if self._clock() - when <= NONCE_SECONDS else None


def fields(call: Call, body: Json) -> dict[str, Any]:
    """The fields of Message that a valid body sets."""
    said = {name: body[name] for name in _SHOWN if body.get(name) is not None}
    if "content" in said:
        said["content"] = said["content"].strip()
    files = call.uploads()
    said["flags"] = body.get("flags") or 0
    said["files"] = files
    described = {one.get("filename"): one for one in body.get("attachments") or []}
    said["attachments"] = [
        attachment(call, name, data, described.get(name, {})) for name, data in files.items()
    ]
    return said


def attachment(call: Call, name: str, data: bytes, told: Json) -> Json:
    id = call.discord.new_id()
    url = f"https://cdn.discordapp.com/attachments/1/{id}/{name}"
    made: Json = {"id": id, "filename": name, "size": len(data), "url": url, "proxy_url": url}
    return made | ({"description": told["description"]} if told.get("description") else {})


def change(call: Call, message: Message, kind: str, body: Json, at: tuple[str, ...] = ()) -> None:
    """Edit a message; what ``body`` does not name stays, ``null`` empties.

    ``kind`` and ``at`` are those of ``Call.valid``.
    """
    lasting = message.flags & rules.COMPONENTS_V2
    call.valid(kind, {**body, "flags": (body.get("flags") or 0) | lasting}, at)
    kept = message.attachments
    if body.get("attachments") is not None:
        wanted = {str(one.get("id")) for one in body["attachments"]}
        kept = [one for one in kept if one["id"] in wanted]
    said = fields(call, body)
    after: Json = {name: getattr(message, name) for name in _SHOWN}
    after |= {
        name: said.get(name, "" if name == "content" else []) for name in body if name in _SHOWN
    }
    after["attachments"] = [*kept, *said["attachments"]]
    if rules.is_empty(after):
        raise DiscordError(50006)
    if "flags" in body:
        suppressed = (body["flags"] or 0) & rules.SUPPRESS_EMBEDS
        new = (body["flags"] or 0) & rules.COMPONENTS_V2
        message.flags = message.flags & ~rules.SUPPRESS_EMBEDS | suppressed | new
    for name, value in after.items():
        setattr(message, name, value)
    message.files |= said["files"]
    call.discord.edited(message)


def may_send(call: Call, channel: Channel, body: Json) -> None:
    """Refuse where the bot may not send such a message."""
    if channel.kind == FORUM:
        raise DiscordError(40058)
    if channel.kind == DM:
        if not call.discord.reachable(channel.recipients[0]):
            raise DiscordError(50007)
        return
    send = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
    # A bot that lacks one of these two is refused, not cut short (memory).
    embeds = [Permission.EMBED_LINKS] if body.get("embeds") else []
    files = [Permission.ATTACH_FILES] if call.files else []
    call.may(channel, send, *embeds, *files)
    own = call.discord.allowed(call.discord.bot, channel)
    if channel.thread and channel.thread.locked and Permission.MANAGE_THREADS not in own:
        raise DiscordError(160005)


def _create(call: Call) -> Json:
    channel = call.channel()
    may_send(call, channel, call.body)
    call.valid("message")
    discord, nonce = call.discord, call.body.get("nonce")
    if nonce and call.body.get("enforce_nonce"):
        known = discord.nonces.find(str(nonce))
        if known and known.deleted:
            raise DiscordError(10008)
        if known:
            return discord.events.shown(known) | {"nonce": nonce}
    reference = _reference(call, channel)
    said = fields(call, call.body)
    message = discord.post(channel, discord.bot, nonce=nonce, reference=reference, **said)
    if nonce:
        discord.nonces.keep(str(nonce), message)
    return discord.events.shown(message) | ({"nonce": nonce} if nonce else {})


def _reference(call: Call, channel: Channel) -> Json | None:
    told = call.body.get("message_reference")
    if not told:
        return None
    call.may(channel)
    if Permission.READ_MESSAGE_HISTORY not in call.discord.allowed(call.discord.bot, channel):
        raise DiscordError(160002)
    id = str(told["message_id"])
    if id not in channel.messages and told.get("fail_if_not_exists", True):
        raise DiscordError(50035, message="Unknown message")
    return {"message_id": id, "channel_id": channel.id, "guild_id": channel.guild or None}


def _history(call: Call) -> list[Json]:
    """Newest first; ``after`` gives the oldest that come after it."""
    channel = call.channel()
    limit = call.number("limit", 50, 100)
    if Permission.READ_MESSAGE_HISTORY not in call.discord.allowed(call.discord.bot, channel):
        return []
    found = list(channel.messages.values())
    if "after" in call.query:
        found = [one for one in found if int(one.id) > int(call.query["after"])][:limit]
    elif "before" in call.query:
        found = [one for one in found if int(one.id) < int(call.query["before"])]
    elif "around" in call.query:
        middle = int(call.query["around"])
        found = sorted(found, key=lambda one: abs(int(one.id) - middle))[:limit]
        found.sort(key=lambda one: int(one.id))
    return [call.discord.events.shown(one) for one in found[-limit:][::-1]]


def _get(call: Call) -> Json:
    return call.discord.events.shown(call.message(Permission.READ_MESSAGE_HISTORY))


def _edit(call: Call) -> Json:
    message, channel = call.message(), call.channel()
    if message.author is not call.discord.bot:
        raise DiscordError(50005)
    if channel.thread and channel.thread.closed(call.discord.clock()):
        raise DiscordError(50083)
    change(call, message, "edit", call.body)
    return call.discord.events.shown(message)


def _delete(call: Call) -> None:
    message = call.message()
    if message.author is not call.discord.bot:
        call.channel(Permission.MANAGE_MESSAGES)
    call.discord.delete(message)


def _react(call: Call) -> None:
    message = call.message(Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
    thread = call.channel().thread
    if thread and thread.closed(call.discord.clock()):
        raise DiscordError(50083)
    message.reactions.add(call.where["emoji"])


def _unreact(call: Call) -> None:
    call.message().reactions.discard(call.where["emoji"])


def _type(call: Call) -> None:
    call.channel(Permission.SEND_MESSAGES)


_ONE = "/channels/{channel}/messages/{message}"
_MINE = f"{_ONE}/reactions/{{emoji}}/@me"
ROUTES = (
    Route("POST", "/channels/{channel}/messages", "create_message", _create),
    Route("GET", "/channels/{channel}/messages", "list_messages", _history),
    Route("GET", _ONE, "get_message", _get),
    Route("PATCH", _ONE, "edit_message", _edit),
    Route("DELETE", _ONE, "delete_message", _delete),
    Route("PUT", _MINE, "add_reaction", _react),
    Route("DELETE", _MINE, "remove_reaction", _unreact),
    Route("POST", "/channels/{channel}/typing", "trigger_typing", _type),
)
