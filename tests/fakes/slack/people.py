"""Acting as a person: typing, pressing, filling in forms, and seeing what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.fakes.slack import rules
from tests.fakes.slack.events import Kind, UndeliveredError
from tests.fakes.slack.model import APP_ID, Json, Message, View
from tests.fakes.slack.reading import chosen, find, initial, words
from tests.fakes.slack.seen import Seen

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace


class People:
    """Each method does what ``user`` does and returns once the app has acknowledged it.

    The returned ``Seen`` goes on filling.  LookupError where a person could not do that: no such
    button on the screen, a required field left empty.
    """

    def __init__(self, slack: Workspace) -> None:
        self._slack = slack

    async def slash(self, user: str, channel: str, text: str, command: str = "") -> Seen:
        """Type a command; where the acknowledgement has a body, that is shown."""
        seen = self._begin(user)
        seen.response_url = self._slack.hooks.new(seen, channel)
        place = self._slack.channels[channel]
        payload = {
            "token": "verification-token",
            "api_app_id": APP_ID,
            "team_id": place.team,
            "team_domain": self._slack.teams[place.team].domain,
            "channel_id": place.id,
            "channel_name": place.name or "directmessage",
            "user_id": user,
            "user_name": self._slack.users[user].name,
            "command": command or self._slack.command,
            "text": text,
            "is_enterprise_install": "false",
            "response_url": seen.response_url,
            "trigger_id": seen.trigger_id,
        }
        await self._deliver(seen, "slash_commands", payload)
        body = seen.acknowledgement
        if found := rules.check("ack", body):
            seen.error = found[0].error
            self._slack.refuse("ack", seen.error, [one.message for one in found], body)
        elif body:
            self._slack.hooks.say(seen, channel, body)
        return seen

    async def press(self, user: str, where: Message | View, what: str) -> Seen:
        """Press the first button with this label, value or action_id."""
        block_id, element = find(_blocks(where), what)
        done: Json = {"value": element["value"]} if "value" in element else {}
        return await self._act(user, where, block_id, element, done)

    async def choose(self, user: str, where: Message | View, what: str, value: Any) -> Seen:
        """Choose in a menu, by the option's value or label."""
        block_id, element = find(_blocks(where), what)
        done = chosen(element, value)
        if isinstance(where, View):
            where.values.setdefault(block_id, {})[element["action_id"]] = done
        return await self._act(user, where, block_id, element, done)

    async def say(self, user: str, channel: str, text: str, thread: str | None = None) -> Message:
        """Write something that is not for the app: no event is sent."""
        return self._slack.post(self._slack.channels[channel], user, text=text, thread_ts=thread)

    async def mention(
        self, user: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Seen:
        """Write ``@bot text``; the app hears of it only in channels that it is in."""
        place = self._slack.channels[channel]
        team = self._slack.teams[place.team]
        text = f"<@{team.bot_user}> {text}"
        seen = self._begin(user)
        seen.asked = await self.say(user, channel, text, thread_ts)
        if team.bot_user in place.members:
            event = {**_heard(seen.asked), "type": "app_mention"}
            await self._slack.events.tell(place.team, event, "app_mentions:read")
        return seen

    async def dm(self, user: str, text: str, thread_ts: str | None = None) -> Seen:
        """Write to the bot directly."""
        place = self._slack.direct(user)
        seen = self._begin(user)
        seen.asked = await self.say(user, place.id, text, thread_ts)
        event = {**_heard(seen.asked), "channel_type": "im"}
        await self._slack.events.tell(place.team, event, "im:history")
        return seen

    async def share_link(self, user: str, channel: str, url: str) -> Seen:
        """Write a message with a link; the app hears of it for its own unfurl domains."""
        seen = self._begin(user)
        seen.asked = asked = await self.say(user, channel, f"Look: <{url}>")
        domain = urlsplit(url).hostname or ""
        place = self._slack.channels[channel]
        if domain in self._slack.unfurl_domains:
            event = {
                "type": "link_shared",
                "channel": channel,
                "is_bot_user_member": self._slack.teams[place.team].bot_user in place.members,
                "user": user,
                "message_ts": asked.ts,
                "unfurl_id": f"{channel}.{asked.ts}",
                "source": "conversations_history",
                "links": [{"domain": domain, "url": url}],
            }
            await self._slack.events.tell(place.team, event, "links:read")
        return seen

    async def open_home(self, user: str) -> Seen:
        """Open the app's home tab; what it shows is ``slack.screens.home(user)``."""
        seen = self._begin(user)
        shown = self._slack.screens.home(user)
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._slack.direct(user).id,
            "tab": "home",
        }
        if shown:
            event["view"] = shown.to_json()
        await self._slack.events.tell(self._slack.users[user].team, event)
        return seen

    async def shortcut(self, user: str, callback_id: str, message: Message | None = None) -> Seen:
        """Use a shortcut, on a message or from anywhere (then without a response URL)."""
        seen = self._begin(user)
        payload = self._interaction(seen, "message_action" if message else "shortcut")
        payload |= {"callback_id": callback_id, "action_ts": self._slack.new_ts()}
        if message:
            seen.response_url = self._slack.hooks.new(seen, message.channel)
            payload |= {
                "response_url": seen.response_url,
                "channel": self._place(message.channel),
                "message_ts": message.ts,
                "message": message.to_json(),
            }
        await self._deliver(seen, "interactive", payload)
        return seen

    async def submit_view(self, view: View, values: Mapping[str, Any] | None = None) -> Seen:
        """Fill in a form by action_id or block_id and submit it; the rest stays as it was."""
        seen = self._begin(view.user)
        view.values |= _filled(view.content["blocks"], dict(values or {}))
        payload = self._interaction(seen, "view_submission")
        payload |= {"view": view.to_json(), "response_urls": []}
        await self._deliver(seen, "interactive", payload)
        if not seen.error:
            self._follow(view, seen)
        return seen

    async def close_view(self, view: View) -> Seen:
        """Dismiss a modal; the app hears of it where it asked to."""
        seen = self._begin(view.user)
        self._slack.screens.close(view.user)
        if view.content.get("notify_on_close"):
            payload = self._interaction(seen, "view_closed")
            payload |= {"view": view.to_json(), "is_cleared": False}
            await self._deliver(seen, "interactive", payload)
        return seen

    async def uninstall(self, team: str = "T1") -> None:
        """Remove the app from a team: its token dies and both events say so."""
        installed = self._slack.teams[team]
        installed.revoked = True
        tokens: Json = {"oauth": [], "bot": [installed.bot_user]}
        await self._slack.events.tell(team, {"type": "tokens_revoked", "tokens": tokens})
        await self._slack.events.tell(team, {"type": "app_uninstalled"})

    def _begin(self, user: str) -> Seen:
        return Seen(self._slack, user, self._slack.new_trigger(user))

    async def _deliver(self, seen: Seen, kind: Kind, payload: Json) -> None:
        try:
            seen.acknowledgement = await self._slack.events.deliver(kind, payload)
        except UndeliveredError as undelivered:
            seen.error = str(undelivered)

    async def _act(
        self, user: str, where: Message | View, block_id: str, element: Json, done: Json
    ) -> Seen:
        seen = self._begin(user)
        payload = self._interaction(seen, "block_actions")
        if isinstance(where, Message):
            payload |= self._on_message(seen, where)
        else:
            container = {"type": "view", "view_id": where.id}
            payload |= {"container": container, "view": where.to_json()}
        shown: Json = {name: element[name] for name in ("text", "style") if name in element}
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block_id,
            "action_ts": self._slack.new_ts(),
            **shown,
            **done,
        }
        payload["actions"] = [action]
        if isinstance(where, Message) and element["type"] != "button":
            payload["state"] = {"values": {block_id: {element["action_id"]: done}}}
        await self._deliver(seen, "interactive", payload)
        return seen

    def _on_message(self, seen: Seen, message: Message) -> Json:
        """The part of a press that tells the message; an ephemeral one is not sent (memory)."""
        there = self._slack.seen(seen.user, message.channel, message.thread_ts)
        if not any(one is message for one in there):
            raise LookupError(f"{seen.user} does not see this message")
        seen.response_url = self._slack.hooks.new(seen, message.channel, message)
        told: Json = {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": bool(message.only_for),
                **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            },
            "channel": self._place(message.channel),
            "response_url": seen.response_url,
            "state": {"values": {}},
        }
        return told if message.only_for else told | {"message": message.to_json()}

    def _interaction(self, seen: Seen, type: str) -> Json:
        user = self._slack.users[seen.user]
        return {
            "type": type,
            "token": "verification-token",
            "api_app_id": APP_ID,
            "team": {"id": user.team, "domain": self._slack.teams[user.team].domain},
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team,
            },
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": seen.trigger_id,
        }

    def _place(self, channel: str) -> Json:
        return {"id": channel, "name": self._slack.channels[channel].name or "directmessage"}

    def _follow(self, view: View, seen: Seen) -> None:
        """Do what the answer to a submission says: close, update, push, clear, or show errors."""
        answer, screens = seen.acknowledgement, self._slack.screens
        action = answer.get("response_action")
        if action in ("update", "push"):
            if found := rules.check("views.push", answer):
                self._misanswered(seen, [one.message for one in found])
            elif action == "push":
                screens.push(view.user, answer["view"])
            else:
                screens.change(view, answer["view"])
        elif action == "errors":
            seen.errors = dict(answer.get("errors", {}))
            if not seen.errors or not seen.errors.keys() <= view.values.keys():
                self._misanswered(seen, [f"no such fields: {', '.join(seen.errors)}"])
        elif action == "clear" or not answer:
            screens.close(view.user, all=action == "clear")
        else:
            self._misanswered(seen, [f"unknown response_action {action!r}"])

    def _misanswered(self, seen: Seen, messages: list[str]) -> None:
        seen.error = "invalid_arguments"
        self._slack.refuse("view_submission", seen.error, messages, seen.acknowledgement)


def _blocks(where: Message | View) -> list[Json]:
    blocks: list[Json] = where.blocks if isinstance(where, Message) else where.content["blocks"]
    return blocks


def _heard(message: Message) -> Json:
    return {**message.to_json(), "channel": message.channel, "event_ts": message.ts}


def _filled(blocks: list[Json], values: dict[str, Any]) -> Json:
    """The state of a form after a person filled it in."""
    state: Json = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element, block_id = block["element"], block["block_id"]
        value = initial(element)
        for name in (block_id, element["action_id"]):
            value = values.pop(name, value)
        if value in (None, "", []) and not block.get("optional"):
            raise LookupError(f"the field {words(block['label'])!r} has to be filled in")
        empty = value is None and element["type"].endswith("select")
        held = {"type": element["type"], "selected_option": None} if empty else None
        state[block_id] = {element["action_id"]: held or chosen(element, value)}
    if values:
        raise LookupError(f"the form has no field {', '.join(values)}")
    return state
