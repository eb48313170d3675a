"""What comes in from Slack, by either door, and how each of it is answered.

Everything is acknowledged at once; what takes longer goes on behind the acknowledgement.  A press
says all that is needed to answer it, so nothing is remembered between two of them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from adapters.base import Teams
from adapters.slack import modal
from adapters.slack.api import Api
from adapters.slack.blocks import Block, strings, without_images
from adapters.slack.home import FORM, SEARCH, home
from adapters.slack.once import Once
from adapters.slack.render import render, shared, unfurled
from adapters.slack.talk import Talk, subscribes
from commands.model import Command, Reply
from storage.ids import paper_id
from storage.model import Payload

_log = logging.getLogger(__name__)

Body: TypeAlias = dict[str, Any]
Ack: TypeAlias = Callable[..., Awaitable[BoltResponse]]

READY_SECONDS = 0.3
"""How long an acknowledgement waits to be the answer itself; Slack waits 3 s."""
FORM_SECONDS = 2.0
"""How long a form waits for its outcome."""
FIND_PAPERS = "find_papers"
"""The shortcut on messages."""
_ANY = re.compile(".*", re.DOTALL)


class Doors:
    """Listens on a Bolt app."""

    def __init__(
        self,
        api: Api,
        talk: Talk,
        commands: Sequence[Command],
        team: str,
        bot_user: str,
        teams: Teams | None,
    ) -> None:
        self._api = api
        self._talk = talk
        self._later = talk.later
        self._commands = commands
        self._team = team
        self._teams = teams
        self._mention = re.compile(rf"<@{re.escape(bot_user)}(?:\|[^>]*)?>")
        self._events: dict[str, Callable[[Body], Coroutine[Any, Any, None]]] = {
            "app_mention": self._mentioned,
            "message": self._written,
            "app_home_opened": self._home_opened,
            "link_shared": self._link_shared,
            "app_uninstalled": self._removed,
        }

    def open(self, app: AsyncApp) -> None:
        """Answer whatever comes, so that Slack does not send it again."""
        app.middleware(Once(self._team))
        app.command(_ANY)(self._command)
        app.action(_ANY)(self._pressed)
        app.shortcut(_ANY)(self._shortcut)
        app.view(_ANY)(self._submitted)
        app.event(_ANY)(self._event)

    # -- typed words --------------------------------------------------------------------------

    async def _command(self, ack: Ack, body: Body) -> None:
        """``/papers …``: the answer is the acknowledgement where it is ready in time."""
        user, channel, url = body["user_id"], body["channel_id"], body["response_url"]
        text = body.get("text", "")
        if self._wants_form(text):
            self._later.start(self._open_form(body["trigger_id"], user, channel, url))
            await ack()
            return
        asked = asyncio.create_task(self._talk.ask(user, channel, text))
        await asyncio.wait({asked}, timeout=READY_SECONDS)
        messages = _private(asked.result()) if asked.done() else []
        if len(messages) == 1:
            await ack({"response_type": "ephemeral", **messages[0]})
        else:  # several messages are kept in order by one sender
            self._later.start(self._answer(asked, url))
            await ack()

    async def _answer(self, asked: Awaitable[Reply], url: str, **how: Any) -> None:
        await self._api.respond(url, _private(await asked), **how)

    async def _mentioned(self, event: Body) -> None:
        """``@paperbot …``: answered in the message's thread, for all to see."""
        await self._answer_openly(event, event.get("thread_ts") or event["ts"])

    async def _written(self, event: Body) -> None:
        """A direct message."""
        if event.get("channel_type") == "im":
            await self._answer_openly(event, event.get("thread_ts"))

    async def _answer_openly(self, event: Body, thread: str | None) -> None:
        if event.get("bot_id") or event.get("subtype") or "edited" in event:
            return
        text = self._mention.sub(" ", event.get("text", ""))
        reply = await self._talk.ask(event["user"], event["channel"], text)
        await self._api.say(event["channel"], render(reply, "answer"), thread)

    # -- buttons ------------------------------------------------------------------------------

    async def _pressed(self, ack: Ack, body: Body) -> None:
        action = body["actions"][0]
        user, view = body["user"]["id"], body.get("view")
        if action["action_id"] == FORM:
            self._later.start(self._open_form(body["trigger_id"], user, "", ""))
        elif view and view["type"] == "home":
            search = action["action_id"] == SEARCH
            line = action.get("value") or ""
            self._later.start(self._show_home(user, f"search {line}" if search else line))
        elif not view and action.get("value"):
            self._later.start(self._answer_press(body, action))
        await ack()

    async def _answer_press(self, body: Body, action: Body) -> None:
        """Answer where the button stands: to the person alone, except for what is shared.

        What everybody sees is never replaced; there ``update`` answers like ``new``.
        """
        place, user, url = body["container"], body["user"]["id"], body["response_url"]
        mode = action["action_id"].partition(":")[0]
        channel = place["channel_id"]
        thread = place.get("thread_ts")
        how = {"thread_ts": thread} if thread and thread != place["message_ts"] else {}
        reply = await self._talk.ask(user, channel, action["value"])
        if mode == "share" and reply.cards:
            first, *rest = render(reply, "answer")
            messages = [shared(first, user), *rest]
            await self._api.respond(url, messages, response_type="in_channel", **how)
            return
        alone = place.get("is_ephemeral") or channel.startswith("D")
        replace = mode == "update" and bool(alone)
        await self._api.respond(url, _private(reply), replace_original=replace, **how)

    # -- the form -----------------------------------------------------------------------------

    def _wants_form(self, text: str) -> bool:
        known = any(one.name == modal.SUBSCRIBE for one in self._commands)
        return known and subscribes(text) and len(text.split()) == 1

    async def _open_form(self, trigger: str, user: str, channel: str, url: str) -> None:
        """Show the form, or why not; ``channel`` and ``url`` are empty at home."""
        caller = await self._talk.people.caller(user)
        if caller.may_setup:
            view = modal.form(self._commands, caller.zone, channel)
            await self._api.client.views_open(trigger_id=trigger, view=view)
        elif url:
            # The command itself says to whom it is open.
            await self._answer(self._talk.ask(user, channel, "subscribe today"), url)
        else:
            await self._show_home(user, "subscribe today")

    async def _submitted(self, ack: Ack, body: Body) -> None:
        """Subscribe, or say below the fields what is wrong with them."""
        user = body["user"]["id"]
        channel, values = modal.read(body["view"])
        wrong = modal.mistakes(self._commands, values, datetime.now(UTC).date())
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        asked = asyncio.create_task(
            self._talk.ask(user, channel, command=modal.SUBSCRIBE, values=values)
        )
        await asyncio.wait({asked}, timeout=FORM_SECONDS)
        if asked.done() and asked.result().refused:
            refused = modal.sentence(asked.result().text)
            await ack(response_action="errors", errors={modal.CHANNEL: refused})
            return
        self._later.start(self._confirm(asked, user, channel))
        await ack()

    async def _confirm(self, asked: Awaitable[Reply], user: str, channel: str) -> None:
        """Tell the person alone, with the buttons to look at it and to undo it."""
        for message in _private(await asked):
            await self._api.client.chat_postEphemeral(channel=channel, user=user, **message)

    # -- the rest -----------------------------------------------------------------------------

    async def _event(self, body: Body) -> None:
        """Bolt acknowledges events by itself."""
        event = body["event"]
        if answer := self._events.get(event["type"]):
            self._later.start(answer(event))

    async def _removed(self, event: Body) -> None:
        _log.warning("removed from Slack workspace %s", self._team)
        if self._teams:
            await self._teams.left(self._team)

    async def _shortcut(self, ack: Ack, body: Body) -> None:
        if body.get("callback_id") == FIND_PAPERS and "message" in body:
            self._later.start(self._find_papers(body))
        await ack()

    async def _find_papers(self, body: Body) -> None:
        user, channel, message = body["user"]["id"], body["channel"]["id"], body["message"]
        asked = self._talk.papers_in(user, channel, "\n".join(strings(message)))
        thread = message.get("thread_ts")
        inside = thread and thread != message["ts"]
        await self._answer(asked, body["response_url"], **({"thread_ts": thread} if inside else {}))

    async def _home_opened(self, event: Body) -> None:
        if event.get("tab") == "home":
            await self._show_home(event["user"], "subscriptions")

    async def _show_home(self, user: str, line: str) -> None:
        channel = await self._talk.people.direct(user)
        view = home(await self._talk.ask(user, channel, line))
        await self._api.client.views_publish(user_id=user, view=view)

    async def _link_shared(self, event: Body) -> None:
        """Show papers below the links to them."""
        unfurls: dict[str, dict[str, list[Block]]] = {}
        for url in (shared_link["url"] for shared_link in event["links"]):
            if id := paper_id(url):
                reply = await self._talk.ask(event["user"], event["channel"], f"show {id}")
                for card in reply.cards:
                    unfurls[url] = {"blocks": unfurled(card)}
        if not unfurls:
            return
        if event.get("source") == "composer":
            where = {"unfurl_id": event["unfurl_id"], "source": "composer"}
        else:
            where = {"channel": event["channel"], "ts": event["message_ts"]}
        await self._api.client.chat_unfurl(unfurls=unfurls, **where)


def _private(reply: Reply) -> list[Payload]:
    """An answer for one person, without pictures.

    Slack refuses a message for a picture that it cannot fetch, and an acknowledgement cannot be
    sent again.
    """
    return [without_images(message) for message in render(reply, "answer")]
