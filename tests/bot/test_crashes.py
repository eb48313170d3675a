"""Processes that die at every step between a due instant and a posted thread."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.outbox import LEASE
from bot.settings import Settings
from storage import tables
from storage.model import Target
from storage.store import Store
from tests.bot.conftest import DAILY
from tests.bot.crashing import DIED, KeptChat, run
from tests.factories import NOON, paper
from tests.processes import FORKED

DEATHS = 2


@pytest.fixture
def machine(store: Store, settings: Settings, database_url: str) -> Settings:
    """Two channels with three subscriptions that are due at noon: nine messages."""
    store.papers.save([paper(number) for number in range(1, 4)], NOON - timedelta(hours=1))
    for channel, line, layout in (
        ("C1", "today", "per-paper"),
        ("C1", "trending --limit 2", "compact"),
        ("C2", "today", "per-paper"),
    ):
        store.subscriptions.add(
            Target("fake", "T1", channel),
            line,
            at=time(12),
            zone=ZoneInfo("UTC"),
            days=DAILY,
            layout=layout,  # type: ignore[arg-type]
            quiet="line",
            next_due_at=NOON,
            made_by="U1",
            now=NOON,
        )
    return settings.model_copy(update={"database_url": database_url})


def die(machine: Settings, now: datetime, step: str) -> None:
    process = FORKED.Process(target=run, args=(machine, now, step))
    process.start()
    process.join()
    assert process.exitcode == DIED, f"it never came to “{step}”"


def everything_once(store: Store, machine: Settings, expected: int) -> None:
    posts = KeptChat(machine.data_dir / "posts", NOON).posts
    assert len(posts) == len({post.key for post in posts}) == expected
    place = {post.ref: number for number, post in enumerate(posts)}
    with store.db.read() as tx:
        rows = tx.execute(
            sa.select(tables.deliveries).order_by(
                tables.deliveries.c.edition_id, tables.deliveries.c.part
            )
        ).all()
    assert [row.state for row in rows] == ["sent"] * expected
    header = None
    for row in rows:
        header = header if row.part else row
        assert header is not None
        post = posts[place[row.external_id]]
        assert post.parent == (header.external_id if row.part else None)
        assert post.target.channel == row.channel
    refs = [(row.edition_id, place[row.external_id]) for row in rows]
    assert refs == sorted(refs), "a thread is out of order"


@pytest.mark.parametrize(
    "step",
    [
        "plan uncommitted",
        "plan committed",
        "claim uncommitted",
        "claim committed",
        "send before",
        "send after",
        "record uncommitted",
        "record committed",
    ],
)
def test_dying_on_the_way_to_a_post(store: Store, machine: Settings, step: str) -> None:
    now = NOON
    for _ in range(1 if step == "plan committed" else DEATHS):
        die(machine, now, step)
        now += LEASE
    run(machine, now)
    run(machine, now + LEASE)
    everything_once(store, machine, 9)


@pytest.mark.parametrize("lost", ["send before", "send after"])
@pytest.mark.parametrize("step", ["find before", "find after", "record uncommitted"])
def test_dying_while_a_lost_answer_is_looked_up(
    store: Store, machine: Settings, lost: str, step: str
) -> None:
    now = NOON
    die(machine, now, lost)
    for _ in range(DEATHS):
        now += LEASE
        die(machine, now, step)
    run(machine, now + LEASE)
    run(machine, now + LEASE * 2)
    everything_once(store, machine, 9)


@pytest.mark.parametrize("step", ["add_late uncommitted", "add_late committed"])
def test_dying_while_late_arrivals_are_added(store: Store, machine: Settings, step: str) -> None:
    run(machine, NOON)
    store.papers.save([paper(4)], NOON + timedelta(hours=1))
    now = NOON + timedelta(hours=1)
    die(machine, now, step)
    run(machine, now + LEASE)
    run(machine, now + LEASE * 2)
    everything_once(store, machine, 13)
