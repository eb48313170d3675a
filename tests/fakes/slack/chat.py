"""The methods chat.*: their errors are those of Slack's reference of each method."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.fakes.slack.call import Call, SlackError
from tests.fakes.slack.model import Channel, Json, Message
from tests.fakes.slack.reading import with_ids


def _post_message(call: Call) -> Json:
    call.need("chat:write")
    call.valid()
    channel = _target(call)
    message = call.slack.post(
        channel,
        call.team.bot_user,
        text=call.text("text") or call.text("markdown_text"),
        blocks=call.args.get("blocks") or [],
        attachments=call.args.get("attachments") or [],
        thread_ts=call.text("thread_ts") or None,
        broadcast=call.flag("reply_broadcast"),
        metadata=call.args.get("metadata"),
    )
    said = message.to_json(metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": said}


def _post_ephemeral(call: Call) -> Json:
    call.need("chat:write")
    call.valid()
    channel = _target(call)
    user = call.user(error="user_not_in_channel")
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = call.slack.post(
        channel,
        call.team.bot_user,
        text=call.text("text"),
        blocks=call.args.get("blocks") or [],
        thread_ts=call.text("thread_ts") or None,
        only_for=user.id,
    )
    return {"message_ts": message.ts}


def _update(call: Call) -> Json:
    """Text without blocks drops the old blocks; metadata that is not given stays."""
    call.need("chat:write")
    call.valid()
    message = _own_message(call, "cant_update_message")
    if "blocks" in call.args or "text" in call.args:
        message.blocks = with_ids(call.args.get("blocks") or [], call.slack.new_id)
    message.text = call.text("text") or message.text
    message.attachments = call.args.get("attachments", message.attachments)
    message.metadata = call.args.get("metadata", message.metadata) or None
    message.edited = call.slack.new_ts()
    call.slack.changed()
    said = message.to_json(metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": said}


def _delete(call: Call) -> Json:
    """A parent with replies leaves a tombstone, so that the thread stays readable (memory)."""
    call.need("chat:write")
    message = _own_message(call, "cant_delete_message")
    channel = call.slack.channels[message.channel]
    if channel.replies(message.ts):
        message.deleted, message.text, message.blocks = True, "This message was deleted.", []
        message.metadata = None
    else:
        del channel.messages[message.ts]
    call.slack.changed()
    return {"channel": channel.id, "ts": message.ts}


def _get_permalink(call: Call) -> Json:
    channel = call.channel()
    message = channel.messages.get(call.text("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    place = f"https://{call.team.domain}.slack.com/archives/{channel.id}"
    return {"channel": channel.id, "permalink": f"{place}/p{message.ts.replace('.', '')}"}


def _unfurl(call: Call) -> Json:
    call.need("links:write")
    call.valid()
    channel = call.slack.channels.get(call.text("channel"))
    if channel is None or channel.team != call.team.id:
        raise SlackError("cannot_find_channel")
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise SlackError("cannot_find_message")
    for url, unfurl in call.args["unfurls"].items():
        if urlsplit(url).hostname not in call.slack.unfurl_domains:
            raise SlackError("cannot_unfurl_url")
        if url not in message.text:
            raise SlackError("cannot_unfurl_message")
        message.attachments.append({**unfurl, "from_url": url})
    call.slack.changed()
    return {}


def _target(call: Call) -> Channel:
    """Where a message may go: an open channel, or a person's direct conversation."""
    if call.text("channel") in call.slack.users:
        return call.slack.direct(call.user("channel", "channel_not_found").id)
    channel = call.joined("chat:write.public")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _own_message(call: Call, error: str) -> Message:
    """The bot's message at ``ts``; ephemeral ones cannot be reached this way."""
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = channel.messages.get(call.text("ts"))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    if message.user != call.team.bot_user:
        raise SlackError(error)
    return message


METHODS = {
    "chat.postMessage": _post_message,
    "chat.postEphemeral": _post_ephemeral,
    "chat.update": _update,
    "chat.delete": _delete,
    "chat.getPermalink": _get_permalink,
    "chat.unfurl": _unfurl,
}
