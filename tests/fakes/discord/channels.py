"""Routes about one channel; a thread is one too."""

from __future__ import annotations

from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import Channel, Json, Permission, Thread

_OPENING = {"archived", "locked"}


def _get(call: Call) -> Json:
    return call.channel().to_json(call.discord.clock())


def _edit(call: Call) -> Json:
    channel = call.channel()
    if channel.thread:
        call.valid("thread_edit")
        _edit_thread(call, channel, channel.thread)
    else:
        call.may(channel, Permission.MANAGE_CHANNELS)
        channel.name = call.body.get("name", channel.name)
        channel.topic = call.body.get("topic", channel.topic)
    call.discord.events.channel("UPDATE", channel)
    return channel.to_json(call.discord.clock())


def _edit_thread(call: Call, channel: Channel, thread: Thread) -> None:
    """topics/threads.mdx, "Editing & Deleting Threads"."""
    bot, now, body = call.discord.bot, call.discord.clock(), call.body
    manages = Permission.MANAGE_THREADS in call.discord.allowed(bot, channel)
    created = thread.owner == bot.id
    opens = body.get("archived") is False
    if opens and thread.locked and not (created or manages):
        raise DiscordError(50013)
    if set(body) != {"archived"} or not opens:
        beyond = "locked" in body or "rate_limit_per_user" in body
        if not manages and (beyond or not created):
            raise DiscordError(50013)
    elif not (manages or created or bot.id in thread.members):
        raise DiscordError(50013)
    if thread.closed(now) and not opens and set(body) - _OPENING:
        raise DiscordError(50083)
    channel.name = body.get("name", channel.name)
    thread.minutes = body.get("auto_archive_duration", thread.minutes)
    thread.locked = body.get("locked", thread.locked)
    thread.tags = [str(tag) for tag in body.get("applied_tags", thread.tags)]
    if opens:
        thread.open(now)
    elif body.get("archived"):
        thread.archived, thread.changed_at = True, now


def _delete(call: Call) -> Json:
    channel = call.channel()
    if channel.guild:
        thread = Permission.MANAGE_THREADS
        call.may(channel, thread if channel.thread else Permission.MANAGE_CHANNELS)
        call.discord.delete_channel(channel)
    return channel.to_json(call.discord.clock())


ROUTES = (
    Route("GET", "/channels/{channel}", "get_channel", _get),
    Route("PATCH", "/channels/{channel}", "edit_channel", _edit),
    Route("DELETE", "/channels/{channel}", "delete_channel", _delete),
)
