"""Who people are and what channels are like, remembered for ten minutes."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import code
from adapters.text import one_line
from commands.model import Caller

Value = TypeVar("Value")

SECONDS = 600.0
_SOON = 30.0
"""Seconds until somebody whom Slack did not tell about is asked for again."""
_MOST = 10_000
_PATIENCE = 2.0
"""Seconds that a look-up may take while somebody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel.  ``joined`` is whether paperbot is in it."""

    name: str
    private: bool
    joined: bool


class Cache(Generic[Value]):
    """Values by key, each forgotten after ``seconds``, the oldest when there are too many."""

    def __init__(self, seconds: float, clock: Callable[[], float], most: int = _MOST) -> None:
        self._seconds = seconds
        self._clock = clock
        self._most = most
        self._held: OrderedDict[str, tuple[float, Value]] = OrderedDict()

    def get(self, key: str) -> Value | None:
        until, value = self._held.get(key, (0.0, None))
        return value if self._clock() < until else None

    def put(self, key: str, value: Value) -> None:
        self._held.pop(key, None)
        self._held[key] = (self._clock() + self._seconds, value)
        if len(self._held) > self._most:
            self._held.popitem(last=False)


class People:
    """Looks people and channels up.  Nothing here raises: what is not known is assumed safely."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        admins_only: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._admins_only = admins_only
        self._callers = Cache[Caller](SECONDS, clock)
        self._strangers = Cache[Caller](_SOON, clock)
        self._places = Cache[Place](SECONDS, clock)
        self._direct = Cache[str](SECONDS, clock)

    async def caller(self, user: str) -> Caller:
        """The person; where Slack does not say who it is, without a zone or further rights."""
        if known := self._callers.get(user) or self._strangers.get(user):
            return known
        try:
            async with asyncio.timeout(_PATIENCE):
                found = (await self._client.users_info(user=user))["user"]
        except Exception:
            stranger = Caller(user, may_setup=not self._admins_only)
            self._strangers.put(user, stranger)
            return stranger
        profile = found.get("profile") or {}
        names = (profile.get("display_name"), found.get("real_name"), found.get("name"))
        caller = Caller(
            user,
            name=one_line(next(filter(None, names), ""), 80),
            zone=_zone(found.get("tz")),
            may_setup=not self._admins_only or bool(found.get("is_admin") or found.get("is_owner")),
        )
        self._callers.put(user, caller)
        return caller

    async def private(self, channel: str) -> bool:
        """Whether only some of the team can see the channel; True where that is not known."""
        if channel.startswith("D"):
            return True
        place = self._places.get(channel) or await self.place(channel)
        return place is None or place.private

    async def place(self, channel: str) -> Place | None:
        """The channel as it is now; None where Slack does not answer."""
        try:
            async with asyncio.timeout(_PATIENCE):
                found = (await self._client.conversations_info(channel=channel))["channel"]
        except Exception as error:
            if code(error) != "channel_not_found":
                return None
            found = {"is_private": True}  # a private one that paperbot is not in
        private = bool(found.get("is_private") or found.get("is_im") or found.get("is_mpim"))
        place = Place(str(found.get("name", "")), private, bool(found.get("is_member")))
        self._places.put(channel, place)
        return place

    async def direct(self, user: str) -> str:
        """The direct conversation of paperbot with this person.  Raises what the call raises."""
        if known := self._direct.get(user):
            return known
        opened: Any = await self._client.conversations_open(users=user)
        channel = str(opened["channel"]["id"])
        self._direct.put(user, channel)
        return channel


def _zone(name: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError, TypeError):  # a zone that this machine does not know
        return None
