"""Routes that start, list and join threads and forum posts."""

from __future__ import annotations

from datetime import datetime

from tests.fakes.discord import messages
from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import (
    ANNOUNCEMENT,
    FORUM,
    REQUIRE_TAG,
    TEXT,
    Channel,
    Json,
    Permission,
)

MINUTES = 1440
"""The default of auto_archive_duration, unless the channel has its own."""


def _from_message(call: Call) -> Json:
    """A message has at most one thread, and its id is the message's."""
    channel = call.channel(Permission.CREATE_PUBLIC_THREADS)
    message = call.message(Permission.READ_MESSAGE_HISTORY)
    if channel.kind not in (TEXT, ANNOUNCEMENT):
        raise DiscordError(50024)
    call.valid("thread")
    if message.thread:
        raise DiscordError(160004)
    message.thread = message.id
    return _shown(call, _start(call, channel, message.id))


def _start_thread(call: Call) -> Json:
    """Without a message: a post in a forum, a thread of its own elsewhere."""
    channel = call.channel()
    if channel.kind == FORUM:
        return _post(call, channel)
    call.may(channel, Permission.CREATE_PUBLIC_THREADS)
    if channel.kind not in (TEXT, ANNOUNCEMENT):
        raise DiscordError(50024)
    call.valid("thread")
    return _shown(call, _start(call, channel, call.discord.new_id()))


def _post(call: Call, forum: Channel) -> Json:
    # In forums SEND_MESSAGES is what allows posts: topics/permissions.mdx.
    call.may(forum, Permission.SEND_MESSAGES)
    call.valid("forum_post")
    tags = [str(tag) for tag in call.body.get("applied_tags") or []]
    if not tags and forum.flags & REQUIRE_TAG:
        raise DiscordError(40067)
    if not set(tags) <= {tag["id"] for tag in forum.tags}:
        raise DiscordError(10087)
    id = call.discord.new_id()
    said = messages.fields(call, call.body["message"])
    post = _start(call, forum, id, tags)
    message = call.discord.post(post, call.discord.bot, id=id, **said)
    return _shown(call, post) | {"message": call.discord.events.shown(message)}


def _start(call: Call, parent: Channel, id: str, tags: list[str] | None = None) -> Channel:
    minutes = call.body.get("auto_archive_duration") or MINUTES
    bot = call.discord.bot
    return call.discord.start_thread(parent, call.body["name"], bot, id, minutes, tags or [])


def _shown(call: Call, channel: Channel) -> Json:
    said = channel.to_json(call.discord.clock())
    bot = call.discord.bot.id
    if channel.thread and bot in channel.thread.members:
        said["member"] = channel.membership(bot)
    return said


def _active(call: Call) -> Json:
    guild, now = call.guild(), call.discord.clock()
    inside = [one for one in call.discord.channels_of(guild) if one.thread]
    return _listed(call, [one for one in inside if one.thread and not one.thread.closed(now)])


def _archived(call: Call) -> Json:
    """By archive timestamp, newest first."""
    parent = call.channel(Permission.READ_MESSAGE_HISTORY)
    now, limit = call.discord.clock(), call.number("limit", 50, 100)
    found = [
        (one.thread.stamp(now), one)
        for one in call.discord.threads(parent)
        if one.thread and one.thread.closed(now)
    ]
    if "before" in call.query:
        before = datetime.fromisoformat(call.query["before"]).timestamp()
        found = [pair for pair in found if pair[0] < before]
    found.sort(key=lambda pair: pair[0], reverse=True)
    listed = _listed(call, [one for _, one in found[:limit]])
    return listed | {"has_more": len(found) > limit}


def _listed(call: Call, found: list[Channel]) -> Json:
    bot, now = call.discord.bot.id, call.discord.clock()
    joined = [one for one in found if one.thread and bot in one.thread.members]
    return {
        "threads": [one.to_json(now) for one in found],
        "members": [one.membership(bot) for one in joined],
    }


def _join(call: Call) -> None:
    thread = call.channel().thread
    if thread is None:
        raise DiscordError(50024)
    if thread.closed(call.discord.clock()):
        raise DiscordError(50083)
    thread.members.add(call.discord.bot.id)


def _leave(call: Call) -> None:
    thread = call.channel().thread
    if thread is None:
        raise DiscordError(50024)
    thread.members.discard(call.discord.bot.id)


_ME = "/channels/{channel}/thread-members/@me"
ROUTES = (
    Route(
        "POST",
        "/channels/{channel}/messages/{message}/threads",
        "create_thread_from_message",
        _from_message,
    ),
    Route("POST", "/channels/{channel}/threads", "create_thread", _start_thread),
    Route("GET", "/guilds/{guild}/threads/active", "list_active_threads", _active),
    Route("GET", "/channels/{channel}/threads/archived/public", "list_archived_threads", _archived),
    Route("PUT", _ME, "join_thread", _join),
    Route("DELETE", _ME, "leave_thread", _leave),
)
