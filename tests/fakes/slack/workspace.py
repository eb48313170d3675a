"""A fake Slack: teams, channels and people in memory, behind real HTTP and WebSocket doors.

async with Workspace() as slack:
    slack.add_user("U1"), slack.add_channel("C1")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel="C1", text="hello")
    assert slack.seen("U1", "C1")[0].text == "hello"
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.fakes.mishaps import Fault
from tests.fakes.platform import Platform
from tests.fakes.slack.events import Events
from tests.fakes.slack.faults import Faults
from tests.fakes.slack.files import Files
from tests.fakes.slack.hooks import Hooks
from tests.fakes.slack.model import (
    BOT_SCOPES,
    Called,
    Channel,
    Json,
    Message,
    Refusal,
    Team,
    Trigger,
    User,
)
from tests.fakes.slack.people import People
from tests.fakes.slack.reading import with_ids
from tests.fakes.slack.request_url import RequestUrl
from tests.fakes.slack.screens import Screens
from tests.fakes.slack.socket_mode import SocketMode
from tests.fakes.slack.throttle import Throttle
from tests.fakes.slack.web_api import WebApi

ACK_SECONDS = 3.0
EVENT_RETRIES = (0.0, 60.0, 300.0)
"""An event that is not acknowledged comes again at once, after 1 and after 5 minutes."""


class Workspace(Platform):
    """The state that all doors share.

    ``clock``: Unix seconds, for ts, rate limits and the lifetimes of triggers and response URLs.
    ``ack_seconds`` and ``event_retries`` run in real time.  ``refusals`` holds what the app did
    wrong; a test that expects none of it asserts that the list is empty.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        ack_seconds: float = ACK_SECONDS,
        event_retries: Sequence[float] = EVENT_RETRIES,
        command: str = "/papers",
    ) -> None:
        super().__init__()
        self.clock = clock
        self.ack_seconds = ack_seconds
        self.command = command
        self.app_token = "xapp-1-A0FAKE001-1-secret"
        self.signing_secret = "fake-signing-secret"
        self.unfurl_domains: set[str] = set()
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.triggers: dict[str, Trigger] = {}
        self.ephemerals: list[Message] = []
        self.calls: list[Called] = []
        self.refusals: list[Refusal] = []
        self.faults = Faults(seed)
        self.throttle = Throttle(clock)
        self.screens = Screens(self)
        self.socket = SocketMode(self)
        self.request_url = RequestUrl(self)
        self.events = Events(self, event_retries)
        self.hooks = Hooks(self)
        self.files = Files(self)
        self.people = People(self)
        self._count = itertools.count(1)
        self._microseconds = 0
        self.add_team("T1")

    # Life

    async def __aenter__(self) -> Workspace:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/api/{method}", WebApi(self).handle)
        app.router.add_get("/link/", self.socket.handle)
        app.router.add_post("/hooks/{key}", self.hooks.handle)
        app.router.add_post("/upload/{id}", self.files.handle)
        await self._serve(app)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.events.stop()
        await self.socket.stop()
        await self.request_url.stop()
        await self._close()

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://{self._origin}{path}"

    @property
    def api_url(self) -> str:
        """What a client takes as ``base_url``."""
        return self.url("/api/")

    # Who and what there is

    def add_team(self, id: str, scopes: Iterable[str] = BOT_SCOPES) -> Team:
        """A team that has installed the app with these scopes."""
        bot = User(f"UBOT{id}", id, "paperbot", is_bot=True)
        team = Team(id, id.lower(), bot.id, f"B{id}", f"xoxb-{id}-secret", set(scopes))
        self.teams[id], self.users[bot.id] = team, bot
        return team

    def add_user(self, id: str, *, team: str = "T1", name: str = "", **facts: Any) -> User:
        """A person; ``facts`` are fields of User (``tz``, ``is_admin``)."""
        self.users[id] = User(id, team, name or id.lower(), **facts)
        return self.users[id]

    def add_channel(
        self,
        id: str,
        *,
        team: str = "T1",
        name: str = "",
        members: Iterable[str] | None = None,
        bot: bool = True,
        **facts: Any,
    ) -> Channel:
        """A channel with everyone of the team in it, or only ``members``; ``bot``: and the bot."""
        people = {user.id for user in self.users.values() if user.team == team and not user.is_bot}
        inside = people if members is None else set(members)
        inside |= {self.teams[team].bot_user} if bot else set()
        self.channels[id] = Channel(id, team, name or id.lower(), members=inside, **facts)
        return self.channels[id]

    def direct(self, user: str) -> Channel:
        """The direct conversation between this person and the bot."""
        id = f"D{user}"
        if id not in self.channels:
            team = self.users[user].team
            members = {user, self.teams[team].bot_user}
            self.channels[id] = Channel(id, team, "", im_with=user, members=members)
        return self.channels[id]

    @property
    def bot_token(self) -> str:
        return self.teams["T1"].bot_token

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._count):07d}"

    def new_ts(self) -> str:
        """The clock in microseconds, and always later than the one before."""
        self._microseconds = max(self._microseconds + 1, int(self.clock() * 1_000_000))
        return f"{self._microseconds // 1_000_000}.{self._microseconds % 1_000_000:06d}"

    def new_trigger(self, user: str) -> str:
        trigger_id = f"{self.new_id('')}.{self.new_id('')}.fade"
        self.triggers[trigger_id] = Trigger(user, self.users[user].team, self.clock())
        return trigger_id

    # What happens

    def post(self, channel: Channel, user: str, **said: Any) -> Message:
        """Store a message; ``said`` are fields of Message.

        A reply to something that is no top-level message (any more) silently becomes one itself:
        slack-go issue 1571, python-slack-sdk issue 1116.
        """
        author = self.users[user]
        team = self.teams[author.team]
        bot_id = team.bot_id if author.is_bot else None
        message = Message(channel.id, self.new_ts(), user, team.id, bot_id=bot_id, **said)
        message.blocks = with_ids(message.blocks, self.new_id)
        if message.only_for:
            self.ephemerals.append(message)
        else:
            parent = channel.messages.get(message.thread_ts or "")
            if parent and not parent.in_thread:
                parent.thread_ts = parent.ts
            else:
                message.thread_ts = None
            channel.messages[message.ts] = message
        self.changed()
        return message

    def meet(self, method: str) -> Fault | None:
        """The mishap that this call meets, if any."""
        fault = self.faults.draw(method)
        self.changed()
        return fault

    def refuse(self, method: str, error: str, messages: Iterable[str], payload: Json) -> None:
        self.refusals.append(Refusal(method, error, tuple(messages), payload))
        self.changed()

    # What people see

    def seen(self, user: str, channel: str, thread: str | None = None) -> list[Message]:
        """What this person has on the screen: the channel, or the thread under a ts."""
        place = self.channels[channel]
        at_home = self.users[user].team == place.team
        if not at_home or (user not in place.members and place.kind != "channels"):
            return []
        own = [one for one in self.ephemerals if one.channel == channel and one.only_for == user]
        both = sorted([*place.messages.values(), *own], key=lambda one: one.ts)
        if thread:
            return [one for one in both if thread in (one.ts, one.thread_ts)]
        return [one for one in both if not one.in_thread or one.broadcast]

    def thread(self, parent: Message) -> list[Message]:
        """The replies under a message, oldest first, as everybody sees them."""
        return self.channels[parent.channel].replies(parent.ts)
