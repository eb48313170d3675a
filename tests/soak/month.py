"""``make soak``: a month of editions by replicas that are killed, on platforms that lose answers.

Time is real while something is under way, and jumps to the next thing to do where nothing is.
Every edition of every channel must be posted exactly once, in order, and none after its expiry.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console

from bot.app import open_store, utc_now
from bot.outbox import LEASE
from bot.settings import Settings
from storage import tables
from storage.database import StorageError
from storage.model import Target, key_of
from tests.factories import paper
from tests.postgres import Postgres
from tests.processes import environment
from tests.soak.clock import SharedClock
from tests.soak.replica import PATIENCE
from tests.soak.report import report
from tests.soak.world import START, Wish, World, world

ROOT = Path(__file__).parents[2]
LIFE = 20.0
"""Seconds that a replica lives on average; it takes some of them to start."""
_ARRIVAL = 0.3
"""Seconds until what a dead process had sent has arrived."""
_SLACK = timedelta(seconds=1.5)
"""By how much a request may outlast its time; on a busy machine the platforms have a queue.

Outside it is what half a lease is longer than a request by: twenty seconds.
"""
_STILL = 0.4
"""Seconds without any progress before time may jump over what waits for a lease."""
_table = tables.deliveries
_rows = _table.join(tables.editions, tables.editions.c.id == _table.c.edition_id)


@dataclass
class Tally:
    """What was done to the replicas."""

    kills: int = 0
    gap_kills: int = 0
    gateway_kills: int = 0
    crashes: int = 0
    ended: int = 0
    slept: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When all of them were down, from and to."""


class Month:
    """The processes, the database and the passing of time."""

    def __init__(
        self, world: World, clock: SharedClock, folder: Path, url: str, replicas: int, days: int
    ) -> None:
        self.world = world
        self.clock = clock
        self.end = START + timedelta(days=days)
        self.tally = Tally()
        self._folder = folder
        self._settings = Settings(
            data_dir=folder / "leader", database_url=url, timezone="UTC", log_level="error"
        )
        self.store = open_store(self._settings)
        self._replicas: list[subprocess.Popen[bytes] | None] = [None] * replicas
        self._logs: dict[int, Path] = {}
        self._random = random.Random(3)
        self._may_kill = asyncio.Event()

    # -- processes ----------------------------------------------------------------------------

    def start(self) -> None:
        """Start those that are down."""
        for number, process in enumerate(self._replicas):
            if process is not None and process.poll() is None:
                continue
            self.tally.ended += process is not None and process.returncode > 0
            data = self._folder / f"machine{number}"
            # As if the kills were hours apart: after quick ones Discord's adapter would wait.
            shutil.rmtree(data / "discord", ignore_errors=True)
            log = self._folder / f"replica{number}-{time.monotonic_ns()}.log"
            with log.open("wb") as file:
                started = subprocess.Popen(
                    [sys.executable, "-m", "tests.soak.replica"],
                    cwd=self._folder,
                    env=environment(
                        data,
                        DATABASE_URL=self._settings.url,
                        LOG_FORMAT="json",
                        **self.world.settings(),
                    )
                    | {"CLOCK": str(self._folder / "clock")},
                    stderr=file,
                )
            self._replicas[number] = started
            self._logs[started.pid] = log

    def kill_all(self) -> None:
        for process in self._replicas:
            if process is not None:
                process.kill()
                process.wait()

    async def keep_killing(self) -> None:
        """Kill -9 one of them every few seconds, and count what that broke off."""
        while True:
            await asyncio.sleep(LIFE / len(self._replicas) * self._random.uniform(0.5, 1.5))
            await self._may_kill.wait()
            self.start()  # who finds no database at its start ends, and waits for a supervisor
            victim = self._random.choice([one for one in self._replicas if one is not None])
            log = self._logs[victim.pid].read_text()
            if '"running"' not in log:
                continue  # it is only just starting
            victim.kill()
            victim.wait()
            self.tally.kills += 1
            self.tally.gateway_kills += "connected to Discord" in log
            await asyncio.sleep(_ARRIVAL)
            owner = log.split('"owner": "', 1)[1].split('"', 1)[0]
            with suppress(sa.exc.DBAPIError, StorageError):
                self.tally.gap_kills += await asyncio.to_thread(self._left_in_the_gap, owner)
                if len(self._replicas) > 1:  # the only one follows itself
                    await asyncio.to_thread(self._end_terms, owner)
            self.start()

    def _end_terms(self, owner: str) -> None:
        """As if the leases of a dead process had run out, which takes six seconds each time."""
        for name in ("discord", "chores"):
            self.store.leases.release(name, owner, utc_now())

    def _left_in_the_gap(self, owner: str) -> bool:
        """Whether a dead process had posted something that it could not record."""
        query = (
            sa.select(_table, tables.editions.c.subscription_id, tables.editions.c.on)
            .select_from(_rows)
            .where(_table.c.owner == owner, _table.c.state == "sending")
        )
        with self.store.db.read() as tx:
            for row in tx.execute(query):
                key = key_of(row.subscription_id, row.on, row.part)
                target = Target(row.chat, row.team, row.channel)
                keys = (
                    key_of(post.subscription, post.on, post.part)
                    for post in self.world.posts(target)
                )
                if key in keys:
                    return True
        return False

    def found(self) -> int:
        """How many look-ups found their message."""
        return sum(log.read_text().count('"found posted already"') for log in self._logs.values())

    def unfinished(self) -> int:
        """Messages that are neither posted nor given up in time."""
        done = _table.c.state.in_(("sent", "expired"))
        with self.store.db.read() as tx:
            return tx.scalar(sa.select(sa.func.count()).where(~done)) or 0

    # -- time ---------------------------------------------------------------------------------

    async def pass_to(self, moment: datetime) -> None:
        """Let time pass until then: all that is due before must be done before."""
        self._may_kill.set()
        seen: object = None
        still_since = time.monotonic()
        while (now := self.clock.now()) < moment:
            await asyncio.sleep(0.05)
            try:
                view = await asyncio.to_thread(self._look)
            except (sa.exc.DBAPIError, StorageError):  # the database is restarting
                continue
            if view.progress != seen:
                seen, still_since = view.progress, time.monotonic()
            still = time.monotonic() - still_since > _STILL
            target = view.next(now, still=still)
            if target is not None and target > self.clock.now() + timedelta(seconds=2):
                self.clock.move_to(min(target, moment))

    def _look(self) -> View:
        waits = _table.c.state == "pending"
        sending = _table.c.state == "sending"
        subscriptions = tables.subscriptions
        # One state: what is planned between two queries would be seen by neither.
        with self.store.db.read() as tx:
            pending = tx.execute(
                sa.select(sa.func.count(), sa.func.min(_table.c.not_before)).where(waits)
            ).one()
            claims = tx.execute(
                sa.select(_table.c.attempt, _table.c.lease_until, _table.c.error).where(sending)
            ).all()
            due = tx.scalar(sa.select(sa.func.min(subscriptions.c.next_due_at)))
        return View(pending[0], pending[1], [Claim(*row) for row in claims], due)

    async def sleep_all(self, hours: float) -> None:
        """All replicas are down for so long."""
        self._may_kill.clear()
        self.kill_all()
        await asyncio.sleep(_ARRIVAL * 10)
        before = self.clock.now()
        self.clock.move_to(before + timedelta(hours=hours))
        self.tally.slept.append((before, self.clock.now()))
        self.start()
        self._may_kill.set()

    def list_papers(self, day: datetime, *numbers: int) -> None:
        """New papers on the list of a day."""
        stamp = int(f"{day:%y%m%d}")
        batch = [paper(stamp * 10 + number, listed_on=day.date()) for number in numbers]
        self.store.papers.save(batch, self.clock.now())


@dataclass(frozen=True)
class Claim:
    """A message in somebody's hands."""

    attempt: int
    until: datetime
    error: str | None

    @property
    def stale_at(self) -> datetime:
        """From then on its holder begins no request for it."""
        return self.until - LEASE / 2

    def on_the_wire(self, now: datetime) -> bool:
        """Whether it may be: not where the connection broke at the first attempt.

        What timed out may still arrive.
        """
        longest = PATIENCE * min(self.attempt, 2)  # a look-up and a send
        broke = self.attempt == 1 and self.error not in (None, TimeoutError.__name__)
        return not broke and self.stale_at + longest + _SLACK > now


@dataclass(frozen=True)
class View:
    """What waits in the database."""

    pending: int
    first_pending: datetime | None
    claims: list[Claim]
    due: datetime | None

    @property
    def progress(self) -> object:
        return self.pending, self.due, {(one.attempt, one.until) for one in self.claims}

    def next(self, now: datetime, *, still: bool) -> datetime | None:
        """Where time may jump to; None while something is, or may be, under way."""
        if self.claims:
            stale = max(one.stale_at for one in self.claims)
            if not still or (now >= stale and any(one.on_the_wire(now) for one in self.claims)):
                return None
            return max(one.until for one in self.claims) if now >= stale else stale
        ahead = [moment for moment in (self.first_pending, self.due) if moment]
        return min(ahead) if ahead and min(ahead) > now else None


async def live(month: Month, postgres: Postgres | None) -> None:
    """The days, with their mishaps."""
    month.clock.move_to(START)
    month.start()
    killing = asyncio.create_task(month.keep_killing())
    days = (month.end - START).days
    try:
        for number in range(days):
            day = START + timedelta(days=number)
            await asyncio.to_thread(month.list_papers, day, 1, 2, 3)
            if number == days * 2 // 5:
                await month.pass_to(day + timedelta(hours=5))
                await month.sleep_all(5)
            if number in (days // 5, days * 4 // 5) and postgres:
                await month.pass_to(day + timedelta(hours=7, minutes=30, seconds=1))
                await asyncio.to_thread(postgres.crash)
                month.tally.crashes += 1
            if number == days * 3 // 5:
                await month.pass_to(day + timedelta(hours=14))
                await month.sleep_all(20)
            if number == days // 2:
                await month.pass_to(day + timedelta(hours=16))
                await asyncio.to_thread(month.list_papers, day, 4)  # to the threads of that day
            await month.pass_to(day + timedelta(days=1))
            told = f"{day:%d %b}: {month.tally.kills} kills, {month.world.faults():,} faults"
            Console().print(told, highlight=False)
    finally:
        killing.cancel()
        month.kill_all()


@contextmanager
def database(engine: str, folder: Path) -> Iterator[tuple[str, Postgres | None]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'paperbot.db'}", None
        return
    server = Postgres(durable=True)
    with server.database() as url:
        yield url, server
    server.close()


@asynccontextmanager
async def month(options: argparse.Namespace, folder: Path) -> AsyncIterator[tuple[Month, bool]]:
    clock = SharedClock(folder / "clock")
    clock.move_to(START)  # before the platforms give out their first ids, which hold the time
    with database(options.database, folder) as (url, postgres):
        async with world(clock) as made:
            replicas = 4 if postgres else 1
            run = Month(made, clock, folder, url, replicas, options.days)
            wishes: list[Wish] = made.subscribe(run.store, options.subscriptions)
            begun = time.monotonic()
            await live(run, postgres)
            yield run, report(run, wishes, time.monotonic() - begun)
            run.store.close()


async def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--subscriptions", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--keep", type=Path, help="A folder for the logs, which stay there.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        async with month(options, path) as (_, well):
            return well


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
