"""A person who asks, in a channel, at noon of a Tuesday."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from commands import COMMANDS
from commands.model import Caller, Context, Reply, UserError
from commands.parse import run
from storage.model import Paper, Target
from storage.store import Store
from tests.factories import NOON


@dataclass
class Person:
    """Asks lines; ``ctx`` may be replaced to be somebody else, elsewhere or later."""

    ctx: Context

    def ask(self, line: str) -> Reply:
        return run(self.ctx, line)

    def refused(self, line: str) -> str:
        with pytest.raises(UserError) as caught:
            run(self.ctx, line)
        return str(caught.value)

    def at(self, now: datetime) -> Person:
        return Person(replace(self.ctx, now=now))

    def known_as(self, id: str, channel: str = "C1") -> Person:
        target = Target("fake", "T1", channel)
        return Person(replace(self.ctx, caller=Caller(id, id), target=target))

    def save(self, *papers: Paper) -> None:
        self.ctx.store.papers.save(papers, self.ctx.now)
        self.ctx.store.search.refresh()


@pytest.fixture
def person(store: Store) -> Person:
    ctx = Context(
        store=store,
        target=Target("fake", "T1", "C1"),
        caller=Caller("U1", "Ada", ZoneInfo("Europe/Berlin")),
        now=NOON,
        commands=COMMANDS,
        zone=ZoneInfo("Europe/Berlin"),
    )
    return Person(ctx)
