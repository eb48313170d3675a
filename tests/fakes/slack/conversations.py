"""The methods conversations.* and users.*: the reading side, with ranges and pages."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from tests.fakes.slack.call import Call, SlackError
from tests.fakes.slack.model import Channel, Json, Message

T = TypeVar("T")

HISTORY_PAGE, REPLIES_PAGE, MOST = 100, 1000, 999


def _history(call: Call) -> Json:
    """Newest first, without the replies in threads.

    The reference promises the most recent of a range first; with `oldest` alone Slack was seen
    (2014) to give those next to `oldest`.  The documented way is the harder one for a look-back.
    """
    channel = call.joined()
    call.need(f"{channel.kind}:history")
    top = [one for one in channel.messages.values() if not one.in_thread or one.broadcast]
    return _messages(call, channel, list(reversed(_in_range(call, top))), HISTORY_PAGE)


def _replies(call: Call) -> Json:
    """The parent and its replies, earliest first; ``ts`` may be the parent's or a reply's."""
    channel = call.joined()
    call.need(f"{channel.kind}:history")
    named = channel.messages.get(call.text("ts"))
    if named is None:
        raise SlackError("thread_not_found")
    parent = channel.messages[named.thread_ts] if named.thread_ts else named
    found = _in_range(call, channel.replies(parent.ts))
    return _messages(call, channel, [parent, *found], REPLIES_PAGE)


def _info(call: Call) -> Json:
    channel = call.channel()
    call.need(f"{channel.kind}:read")
    return {"channel": channel.to_json(call.team.bot_user)}


def _list(call: Call) -> Json:
    return _channels(call, member=False)


def _mine(call: Call) -> Json:
    return _channels(call, member=True)


def _join(call: Call) -> Json:
    call.need("channels:join")
    channel = call.channel()
    if channel.kind != "channels":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    channel.members.add(call.team.bot_user)
    return {"channel": channel.to_json(call.team.bot_user)}


def _open(call: Call) -> Json:
    call.need("im:write")
    user = call.user("users")
    return {"channel": {"id": call.slack.direct(user.id).id}}


def _members(call: Call) -> Json:
    channel = call.channel()
    call.need(f"{channel.kind}:read")
    page, cursor = _page(call, sorted(channel.members), HISTORY_PAGE)
    return {"members": page, **cursor}


def _user_info(call: Call) -> Json:
    call.need("users:read")
    return {"user": call.user().to_json()}


def _user_list(call: Call) -> Json:
    call.need("users:read")
    users = [user for user in call.slack.users.values() if user.team == call.team.id]
    page, cursor = _page(call, users, MOST)
    return {"members": [user.to_json() for user in page], **cursor}


def _channels(call: Call, *, member: bool) -> Json:
    """The channels of these `types` that the bot may know of, or those that it is in."""
    types = (call.text("types") or "public_channel").split(",")
    found = []
    for channel in call.slack.channels.values():
        inside = call.team.bot_user in channel.members
        if channel.team != call.team.id or channel.type not in types:
            continue
        if channel.is_archived and call.flag("exclude_archived"):
            continue
        if inside or (channel.kind == "channels" and not member):
            call.need(f"{channel.kind}:read")
            found.append(channel)
    page, cursor = _page(call, found, HISTORY_PAGE)
    return {"channels": [one.to_json(call.team.bot_user) for one in page], **cursor}


def _in_range(call: Call, messages: list[Message]) -> list[Message]:
    """Those between `oldest` and `latest`, with the ends only where `inclusive` says so."""
    oldest, latest = _instant(call, "oldest", 0), _instant(call, "latest", 10**18)
    slack = 0 if call.flag("inclusive") else 1
    return [one for one in messages if oldest + slack <= _microseconds(one.ts) <= latest - slack]


def _instant(call: Call, name: str, default: int) -> int:
    try:
        return _microseconds(call.text(name)) if call.text(name) else default
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _microseconds(ts: str) -> int:
    """A ts as an integer: floats would lose its last digits."""
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0")[:6] or 0)


def _messages(call: Call, channel: Channel, found: list[Message], size: int) -> Json:
    page, cursor = _page(call, found, size)
    metadata = call.flag("include_all_metadata")
    said = [_told(channel, one, metadata=metadata) for one in page]
    return {"messages": said, "has_more": bool(cursor), "pin_count": 0, **cursor}


def _told(channel: Channel, message: Message, *, metadata: bool) -> Json:
    said = message.to_json(metadata=metadata)
    if message.in_thread:
        parent = channel.messages.get(message.thread_ts or "")
        return said | {"parent_user_id": parent.user if parent else ""}
    replies = channel.replies(message.ts) if message.thread_ts else []
    if replies:
        said |= {"reply_count": len(replies), "latest_reply": replies[-1].ts}
    return said


def _page(call: Call, items: Sequence[T], size: int) -> tuple[Sequence[T], Json]:
    """A page of ``items`` and what says where the next one starts."""
    limit = min(call.number("limit", size) or size, MOST)
    try:
        start = int(base64.b64decode(call.text("cursor"), validate=True) or b"0")
    except ValueError:
        raise SlackError("invalid_cursor") from None
    end = start + limit
    if end >= len(items):
        return items[start:], {}
    cursor = base64.b64encode(str(end).encode()).decode()
    return items[start:end], {"response_metadata": {"next_cursor": cursor}}


METHODS = {
    "conversations.history": _history,
    "conversations.replies": _replies,
    "conversations.info": _info,
    "conversations.list": _list,
    "conversations.join": _join,
    "conversations.open": _open,
    "conversations.members": _members,
    "users.conversations": _mine,
    "users.info": _user_info,
    "users.list": _user_list,
}
