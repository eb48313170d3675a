"""A fake Discord: guilds, channels and people in memory, behind a real REST and gateway door.

async with Discord() as fake:
    guild = fake.add_guild("lab")
    channel = fake.add_channel(guild, "papers")
    async with connected(fake, client):     # a discord.Client
        await client.get_channel(int(channel.id)).send("hello")
    assert fake.messages(channel)[0].content == "hello"
"""

from __future__ import annotations

import base64
import time
from collections import defaultdict
from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.fakes.discord.call import DiscordError
from tests.fakes.discord.events import Events
from tests.fakes.discord.faults import Faults
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.messages import Nonces
from tests.fakes.discord.model import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    DM,
    EPOCH_MS,
    EVERYONE,
    EVERYTHING,
    FORUM,
    GROUP_DM,
    NOTHING,
    REQUIRE_TAG,
    TEXT,
    THREAD,
    Called,
    Channel,
    Guild,
    Json,
    Message,
    Permission,
    Refusal,
    Thread,
    User,
)
from tests.fakes.discord.people import People
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.throttle import Throttle
from tests.fakes.platform import Platform

ANSWER_SECONDS = 3.0
HEARTBEAT_MS = 41_250


class Discord(Platform):
    """The state that all doors share.

    ``clock``: Unix seconds, for ids, nonces, rate limits, tokens and archiving.
    ``answer_seconds``, in which an interaction has to be answered, runs in real time.
    ``refusals`` holds what the bot did wrong; a test that expects none asserts that it is empty.
    ``syncs`` and ``creates``: how often commands were overwritten, and when commands were created,
    by guild id ("" for the global ones).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
        answer_seconds: float = ANSWER_SECONDS,
        heartbeat_ms: int = HEARTBEAT_MS,
    ) -> None:
        super().__init__()
        self.clock = clock
        self.answer_seconds = answer_seconds
        self.message_content = False
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.interactions: dict[str, Interaction] = {}  # by token
        self.commands: defaultdict[str, dict[str, Json]] = defaultdict(dict)
        self.syncs: defaultdict[str, int] = defaultdict(int)
        self.creates: defaultdict[str, list[float]] = defaultdict(list)
        self.calls: list[Called] = []
        self.refusals: list[Refusal] = []
        self.faults = Faults(seed)
        self.throttle = Throttle(clock)
        self.nonces = Nonces(clock)
        self.gateway = Gateway(self, heartbeat_ms)
        self.events = Events(self)
        self.people = People(self)
        self._last_id = 0
        self.bot = self.add_user("paperbot", bot=True)
        head = base64.urlsafe_b64encode(self.bot.id.encode()).decode().rstrip("=")
        self.token = f"{head}.bot.token"
        self.owner = self.add_user("owner")

    # Life

    async def __aenter__(self) -> Discord:
        app = web.Application(client_max_size=256 * 2**20)
        app.router.add_get("/gateway/", self.gateway.handle)
        Rest(self).mount(app)
        await self._serve(app)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.gateway.stop()
        await self._close()

    @property
    def api_url(self) -> str:
        """What ``discord.http.Route.BASE`` has to be."""
        return f"http://{self._origin}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self._origin}/gateway/"

    # Who and what there is

    def add_user(self, name: str, *guilds: Guild, **facts: Any) -> User:
        """A person in these guilds; ``facts`` are fields of User (``installed``, ``dms``)."""
        user = User(self.new_id(), name, **facts)
        self.users[user.id] = user
        for guild in guilds:
            self.add_member(guild, user)
        return user

    def add_member(self, guild: Guild, user: User, more: Permission = NOTHING) -> None:
        """Let a user into a guild, with ``more`` than everyone may do there."""
        guild.members[user.id] = more
        if more:
            guild.roles.setdefault(user.id, self.new_id())

    def add_guild(
        self,
        name: str,
        *,
        bot: Permission = NOTHING,
        everyone: Permission = EVERYONE,
        installed: bool = True,
    ) -> Guild:
        """A guild with the bot, which has ``bot`` beyond everyone; or without it."""
        guild = Guild(self.new_id(), name, everyone=everyone)
        self.guilds[guild.id] = guild
        guild.installed = installed
        if installed:
            self.add_member(guild, self.bot, bot)
            self.events.joined(guild)
        return guild

    def add_channel(self, guild: Guild, name: str, *, kind: int = TEXT, **facts: Any) -> Channel:
        """A channel of this kind; ``facts`` are fields of Channel (``denied``, ``topic``)."""
        channel = Channel(self.new_id(), kind, guild.id, name, **facts)
        self.channels[channel.id] = channel
        self.events.channel("CREATE", channel)
        return channel

    def add_forum(self, guild: Guild, name: str, *tags: str, require_tag: bool = False) -> Channel:
        """A forum with tags of these names."""
        available = [
            {
                "id": self.new_id(),
                "name": tag,
                "moderated": False,
                "emoji_id": None,
                "emoji_name": None,
            }
            for tag in tags
        ]
        flags = REQUIRE_TAG if require_tag else 0
        return self.add_channel(guild, name, kind=FORUM, tags=available, flags=flags)

    def add_group(self, *users: User) -> Channel:
        """A group conversation of people, without the bot."""
        channel = Channel(self.new_id(), GROUP_DM, recipients=list(users))
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: User) -> Channel:
        """The direct conversation between this person and the bot."""
        for channel in self.channels.values():
            if channel.kind == DM and channel.recipients == [user]:
                return channel
        channel = Channel(self.new_id(), DM, recipients=[user])
        self.channels[channel.id] = channel
        return channel

    def kick_bot(self, guild: Guild) -> None:
        """Remove the bot from a guild, with its commands there."""
        guild.installed = False
        guild.members.pop(self.bot.id, None)
        self.commands.pop(guild.id, None)
        self.events.left(guild)

    def invite_bot(self, guild: Guild, more: Permission = NOTHING) -> None:
        """Add the bot to a guild that it is not in."""
        guild.installed = True
        self.add_member(guild, self.bot, more)
        self.events.joined(guild)

    def deny(self, channel: Channel, taken: Permission) -> None:
        """Take these permissions from the bot in a channel; ``NOTHING`` gives all back."""
        channel.denied[self.bot.id] = taken
        self.events.channel("UPDATE", channel)

    def delete_channel(self, channel: Channel) -> None:
        for thread in self.threads(channel):
            del self.channels[thread.id]
        del self.channels[channel.id]
        self.events.channel("DELETE", channel)

    def channels_of(self, guild: Guild) -> list[Channel]:
        """The channels and threads of a guild that the bot may see."""
        inside = [one for one in self.channels.values() if one.guild == guild.id]
        return [one for one in inside if Permission.VIEW_CHANNEL in self.allowed(self.bot, one)]

    def allowed(self, user: User, channel: Channel) -> Permission:
        """What a user may do in a channel; a thread is as its parent."""
        if not channel.guild:
            return EVERYONE if user in (*channel.recipients, self._in_direct(channel)) else NOTHING
        guild = self.guilds[channel.guild]
        if user.id not in guild.members:
            return NOTHING
        own = guild.allowed(user.id)
        place = self.channels.get(channel.parent or "", channel) if channel.thread else channel
        return own if own == EVERYTHING else own & ~place.denied.get(user.id, NOTHING)

    def _in_direct(self, channel: Channel) -> User | None:
        return self.bot if channel.kind == DM else None

    def reachable(self, user: User) -> bool:
        """Whether the bot may write to this person: they allow it and have the app or a guild."""
        shared = [one for one in self.guilds.values() if one.installed and user.id in one.members]
        return user.dms and (user.installed or bool(shared))

    def new_id(self) -> str:
        """A snowflake by the clock, and always later than the one before."""
        now = max(0, int(self.clock() * 1000) - EPOCH_MS) << 22
        self._last_id = max(self._last_id + 1, now)
        return str(self._last_id)

    # What happens

    def post(self, channel: Channel, author: User, *, id: str = "", **said: Any) -> Message:
        """Store a message; ``said`` are fields of Message.  A thread that was archived opens."""
        message = Message(id or self.new_id(), channel.id, author, **said)
        if not message.only_for:
            channel.messages[message.id] = message
            if channel.thread:
                self._count(channel, channel.thread)
        self.events.message("CREATE", message)
        return message

    def _count(self, channel: Channel, thread: Thread) -> None:
        now = self.clock()
        was_closed = thread.closed(now)
        thread.sent, thread.active_at = thread.sent + 1, now
        if was_closed:
            thread.open(now)
            self.events.channel("UPDATE", channel)

    def edited(self, message: Message) -> None:
        """Tell of a message that was changed."""
        message.edited = self.clock()
        self.events.message("UPDATE", message)

    def delete(self, message: Message) -> None:
        message.deleted = True
        if not message.only_for:
            del self.channels[message.channel].messages[message.id]
        self.events.message("DELETE", message)

    def start_thread(
        self, parent: Channel, name: str, owner: User, id: str, minutes: int, tags: list[str]
    ) -> Channel:
        now = self.clock()
        thread = Thread(owner.id, minutes, now, now, tags=tags, members={owner.id})
        kind = ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else THREAD
        channel = Channel(id, kind, parent.guild, name, parent=parent.id, thread=thread)
        self.channels[id] = channel
        self.events.channel("CREATE", channel)
        return channel

    def refuse(self, method: str, error: DiscordError, payload: Any) -> None:
        self.refusals.append(
            Refusal(method, error.status, error.code, error.message, error.errors, payload)
        )
        self.changed()

    # What people see

    def messages(self, channel: Channel) -> list[Message]:
        """What everybody in a channel or thread sees, oldest first."""
        return list(channel.messages.values())

    def thread(self, message: Message) -> list[Message]:
        """What stands in the thread that was started from a message; none is empty."""
        return self.messages(self.channels[message.thread]) if message.thread else []

    def threads(self, channel: Channel) -> list[Channel]:
        """The threads or posts of a channel, oldest first."""
        return [one for one in self.channels.values() if one.thread and one.parent == channel.id]
