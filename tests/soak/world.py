"""Who is subscribed to what in the month soak, what must come of it, and where it is posted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urldefrag
from zoneinfo import ZoneInfo

from adapters.slack.manifest import SCOPES
from storage.calendar import Days
from storage.model import Layout, Target, read_key
from storage.store import Store
from tests.fakes.discord import Discord
from tests.fakes.discord.model import EPOCH_MS
from tests.fakes.slack import Workspace
from tests.soak.clock import SharedClock

START = datetime(2026, 3, 7, tzinfo=UTC)
"""Then 30 days: clocks go forward in America on 8 March and in Europe on the 29th, and back in
Australia, New Zealand and Chile on 5 April."""
LATE = timedelta(minutes=15)
GIVEN_UP = timedelta(hours=12)
_SLOTS = (time(1, 30), time(7, 30), time(15, 30))
"""UTC: 02:30 in Berlin, New York and Sydney, which clock changes skip or repeat."""
_ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Europe/Athens",
    "Europe/Dublin",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/St_Johns",
    "America/Halifax",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Asuncion",
    "America/Nuuk",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Jerusalem",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Brisbane",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
]
_DAYS = ("daily", "weekdays", "tue")
_ON_DISCORD = 10
"""One in so many; it is the slower one, and its gateway waits for whoever takes over."""
_WITH_THREAD = 8


@dataclass(frozen=True)
class Wish:
    """One subscription, as a person made it."""

    id: int
    target: Target
    at: time
    zone: ZoneInfo
    days: Days

    def due(self, end: datetime) -> Iterator[tuple[date, datetime]]:
        """The local dates and the instants at which it is due from ``START`` on."""
        on = START.date() - timedelta(days=1)
        while on <= end.date() + timedelta(days=1):
            instant = datetime.combine(on, self.at, self.zone).astimezone(UTC)
            if START < instant <= end and on in self.days:
                yield on, instant
            on += timedelta(days=1)


@dataclass(frozen=True)
class Post:
    """A message that stands on a platform: whose edition's, which part, and when it came."""

    subscription: int
    on: date
    part: int
    at: float


class World:
    """Both platforms."""

    def __init__(self, slack: Workspace, discord: Discord) -> None:
        self.slack = slack
        self.discord = discord
        self._guild = discord.add_guild("lab")
        self._rooms: dict[str, Any] = {}

    def settings(self) -> dict[str, str]:
        return {
            "SLACK__BOT_TOKEN": self.slack.bot_token,
            "SLACK__APP_TOKEN": self.slack.app_token,
            "SLACK__API_URL": self.slack.api_url,
            "DISCORD__TOKEN": self.discord.token,
            "DISCORD__API_URL": self.discord.api_url,
        }

    def subscribe(self, store: Store, count: int) -> list[Wish]:
        """So many subscriptions, two a channel, in all zones and at all slots."""
        return [self._subscribe(store, number) for number in range(count)]

    def _subscribe(self, store: Store, number: int) -> Wish:
        pair = number // 2
        zone = ZoneInfo(_ZONES[number % len(_ZONES)])
        slot = _SLOTS[pair // len(_ZONES) % len(_SLOTS)]
        at = datetime.combine(START.date(), slot, UTC).astimezone(zone).time()
        days = Days.parse(_DAYS[number % len(_DAYS)])
        layout: Layout = "thread" if number % _WITH_THREAD == 0 else "compact"
        target = self._on_discord(pair) if pair % _ON_DISCORD == 0 else self._on_slack(pair)
        wish = Wish(0, target, at, zone, days)
        first = next(instant for _, instant in wish.due(START + timedelta(days=9)))
        made = store.subscriptions.add(
            target,
            "today --limit 2",
            at=at,
            zone=zone,
            days=days,
            layout=layout,
            quiet="line",
            next_due_at=first,
            made_by="U1",
            now=START,
        )
        return Wish(made.id, target, at, zone, days)

    def _on_slack(self, pair: int) -> Target:
        name = f"C{pair}"
        if name not in self.slack.channels:
            self.slack.add_channel(name)
        return Target("slack", "T1", name)

    def _on_discord(self, pair: int) -> Target:
        name = f"papers-{pair}"
        if name not in self._rooms:
            self._rooms[name] = self.discord.add_channel(self._guild, name)
        return Target("discord", self._guild.id, self._rooms[name].id)

    def posts(self, target: Target) -> Iterator[Post]:
        """What stands in a channel and its threads, in the order in which it came."""
        if target.chat == "slack":
            messages = self.slack.channels[target.channel].messages.values()
            found = [
                (float(one.ts), one.metadata["event_payload"]["k"])
                for one in messages
                if one.metadata
            ]
        else:
            room = next(one for one in self._rooms.values() if one.id == target.channel)
            places = [room, *self.discord.threads(room)]
            found = [
                (
                    (int(one.id) >> 22) / 1000 + EPOCH_MS / 1000,
                    urldefrag(one.embeds[0]["url"]).fragment,
                )
                for place in places
                for one in self.discord.messages(place)
                if one.embeds
            ]
        for at, key in sorted(found):
            if read := read_key(key):
                yield Post(*read, at)

    def looked_up(self) -> int:
        """How often a history was asked for."""
        in_slack = ("conversations.history", "conversations.replies")
        return sum(call.method in in_slack for call in self.slack.calls) + sum(
            call.method == "list_messages" for call in self.discord.calls
        )

    def faults(self) -> int:
        return sum(self.slack.faults.injected.values()) + sum(self.discord.faults.injected.values())


@asynccontextmanager
async def world(clock: SharedClock) -> AsyncIterator[World]:
    """Both platforms with their faults."""
    async with (
        Workspace(clock=clock.seconds, seed=5) as slack,
        Discord(clock=clock.seconds, seed=5) as discord,
    ):
        slack.teams["T1"].scopes = set(SCOPES)
        slack.add_user("U1")
        for faults, method in (
            (slack.faults, "chat.postMessage"),
            (discord.faults, "create_message"),
        ):
            faults.chance("stored_then_reset", 0.03, method=method)
            faults.chance("reset", 0.02, method=method)
            faults.chance("hang", 0.01, method=method, seconds=1.1)
            faults.chance("rate_limited", 0.02, method=method, seconds=1)
        yield World(slack, discord)
