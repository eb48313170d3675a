"""A bot whose chat is the fake and whose clock stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.outbox import Outbox
from bot.plan import Planner
from commands import COMMANDS
from storage.calendar import Days, next_due
from storage.model import Paper, Subscription, Target
from storage.store import Store
from tests.engines import both
from tests.factories import NOON
from tests.fakes.chat import FakeChat

HERE = Target("fake", "T1", "C1")
engine = both
DAILY = Days.of(range(7))


@dataclass
class Bot:
    """The store, planner and outbox of one process, stepped by hand."""

    store: Store
    pool: ThreadPoolExecutor
    now: datetime = NOON - timedelta(hours=4)
    chat: FakeChat = field(init=False)
    planner: Planner = field(init=False)

    def __post_init__(self) -> None:
        self.chat = FakeChat(lambda: self.now)
        self.restart()

    def restart(self) -> None:
        """A new process over the same database and the same platform."""
        self.planner = Planner(self.store, COMMANDS, {"fake": self.chat}, ZoneInfo("UTC"))

    def outbox(self, owner: str = "me") -> Outbox:
        return Outbox(self.store, {"fake": self.chat}, self.pool, owner, lambda: self.now)

    def save(self, *papers: Paper) -> None:
        self.store.papers.save(papers, self.now)

    def subscribe(self, line: str = "today --limit 3", **values: Any) -> Subscription:
        facts: dict[str, Any] = {
            "at": time(12),
            "zone": ZoneInfo("UTC"),
            "days": DAILY,
            "layout": "thread",
            "quiet": "line",
        } | values
        return self.store.subscriptions.add(
            HERE,
            line,
            **facts,
            next_due_at=next_due(facts["at"], facts["zone"], facts["days"], self.now),
            made_by="U1",
            now=self.now,
        )

    def move_to(self, moment: datetime) -> None:
        self.now = moment

    async def tick(self) -> int:
        """Plan and send; returns how many messages were sent."""
        self.planner.plan(self.now)
        return await self.outbox().drain()

    def texts(self) -> list[str]:
        return [post.payload["text"] for post in self.chat.posts]


@pytest.fixture
def bot(store: Store) -> Iterator[Bot]:
    with ThreadPoolExecutor(2) as pool:
        yield Bot(store, pool)


class Nothing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a server that has nothing of what is asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
