"""Response URLs: the short way back to the person who pressed, typed or chose something."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack import rules
from tests.fakes.slack.model import Json, Message
from tests.fakes.slack.reading import with_ids
from tests.fakes.slack.web_api import strike

if TYPE_CHECKING:
    from tests.fakes.slack.seen import Seen
    from tests.fakes.slack.workspace import Workspace

USES = 5
SECONDS = 30 * 60


@dataclass(slots=True)
class Hook:
    """One response URL: whose, where, and the message that was pressed (none for a command)."""

    seen: Seen
    channel: str
    source: Message | None
    issued: float
    uses: int = 0


class Hooks:
    def __init__(self, slack: Workspace) -> None:
        self._slack = slack
        self._hooks: dict[str, Hook] = {}

    def new(self, seen: Seen, channel: str, source: Message | None = None) -> str:
        """A fresh response URL whose messages also go to ``seen``."""
        key = self._slack.new_id("hook")
        self._hooks[key] = Hook(seen, channel, source, self._slack.clock())
        return self._slack.url(f"/hooks/{key}")

    async def handle(self, request: web.Request) -> web.Response:
        fault = self._slack.meet("response_url")
        body = await request.text()
        if fault and not fault.stored and (broken := await strike(request, fault)):
            return broken
        answer = self._answer(request.match_info["key"], body)
        if fault and fault.stored and (broken := await strike(request, fault)):
            return broken
        return answer

    def _answer(self, key: str, text: str) -> web.Response:
        try:
            body = json.loads(text)
        except ValueError:
            return self._refuse("invalid_payload", [], {}, 400)
        hook = self._hooks.get(key)
        if hook is None:
            return self._refuse("invalid_url", [], body, 404)
        # The names are Slack's, their status is from memory.
        if self._slack.clock() - hook.issued > SECONDS:
            return self._refuse("expired_url", [], body, 404)
        if hook.uses >= USES:
            return self._refuse("used_url", [], body, 404)
        found = rules.check("response_url", body)
        if found:
            return self._refuse(found[0].error, [one.message for one in found], body, 400)
        hook.uses += 1
        self.say(hook.seen, hook.channel, body, hook.source)
        return web.Response(text="ok")

    def say(self, seen: Seen, channel: str, body: Json, source: Message | None = None) -> None:
        """Show a valid body: in place of ``source``, or as a new message.

        Without ``source``, after a command, nothing can be replaced or deleted: bolt-js issue
        2287, bolt-python issue 1268.  What is ephemeral stays so.
        """
        content = {name: body[name] for name in ("text", "blocks", "attachments") if name in body}
        if source and _on(body, "replace_original"):
            source.text = content.get("text", "")
            source.blocks = with_ids(content.get("blocks") or [], self._slack.new_id)
            source.attachments = content.get("attachments") or []
            seen.messages.append(source)
            self._slack.changed()
            return
        if source and _on(body, "delete_original"):
            self._delete(source)
        if any(content.values()):
            in_channel = body.get("response_type") == "in_channel"
            place = self._slack.channels[channel]
            message = self._slack.post(
                place,
                self._slack.teams[place.team].bot_user,
                **content,
                thread_ts=body.get("thread_ts"),
                metadata=body.get("metadata"),
                only_for=None if in_channel else seen.user,
            )
            seen.messages.append(message)
            self._slack.changed()

    def _delete(self, source: Message) -> None:
        if source.only_for:
            self._slack.ephemerals.remove(source)
        else:
            self._slack.channels[source.channel].messages.pop(source.ts, None)
        self._slack.changed()

    def _refuse(self, error: str, messages: list[str], body: Json, status: int) -> web.Response:
        self._slack.refuse("response_url", error, messages, body)
        return web.json_response({"ok": False, "error": error}, status=status)


def _on(body: Json, name: str) -> bool:
    return body.get(name) in (True, "true")
