"""Real processes on one database against a faulty platform: killed, frozen, counted.

A run posts ``EXPECTED`` messages through ``paperbot run`` processes, while the platform loses
answers and the processes are killed between sending and recording.  It fails where a message is
lost or doubled, and where no kill or no look-up fell into the gap that it is meant to test.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bot.app import open_store
from bot.settings import Settings
from storage import tables
from storage.calendar import Days
from storage.model import Target
from tests.factories import paper
from tests.processes import RUN, environment

CHANNELS = 50
EXPECTED = CHANNELS * 2 * 5
"""Two subscriptions a channel, each a header and four papers, one message each."""
KILLS = 10
FREEZE = 65.0
"""Seconds: longer than a lease."""
DEADLINE = 900.0


@dataclass
class Platform:
    """The fake, as the run sees it."""

    name: str
    settings: dict[str, str]
    """What ``paperbot run`` has to know of it, as ``processes.environment`` takes it."""
    targets: Sequence[Target]
    keys: Callable[[], list[str]]
    """The marks of all messages that it holds, in order."""
    hang_after_storing: Callable[[], None]
    """Let the next message be stored and its answer be late."""
    hung: Callable[[], int]
    """How many such answers there were."""
    wrongs: Callable[[], list[str]]
    """What the adapter did against the platform's rules."""
    workers: int = 2


@dataclass
class Run:
    platform: Platform
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    gap_kills: int = 0
    started: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings(data_dir=self.folder / "data", database_url="", timezone="UTC")
        self.store = open_store(self.settings)
        self.engine = sa.create_engine(self.settings.url)

    def fill(self) -> None:
        """Four papers of today, and subscriptions that are due now."""
        now = datetime.now(UTC)
        papers = [paper(number, listed_on=now.date()) for number in range(1, 5)]
        self.store.papers.save(papers, now)
        for target in self.platform.targets:
            for line in ("today --limit 4", "trending --limit 4"):
                self.store.subscriptions.add(
                    target,
                    line,
                    at=wall_time(9),
                    zone=ZoneInfo("UTC"),
                    days=Days.of(range(7)),
                    layout="per-paper",
                    quiet="line",
                    next_due_at=now - timedelta(seconds=1),
                    made_by="U1",
                    now=now,
                )

    def start(self) -> None:
        """Bring the number of processes up to what it should be."""
        self.processes = [one for one in self.processes if one.poll() is None]
        # As if the kills were hours apart: after quick ones Discord's adapter would wait.
        shutil.rmtree(self.folder / "data" / "discord", ignore_errors=True)
        while len(self.processes) < self.platform.workers:
            self.started += 1
            with (self.folder / f"worker-{self.started}.log").open("wb") as log:
                process = subprocess.Popen(
                    RUN,
                    cwd=self.folder,
                    env=environment(
                        self.folder / "data", LOG_FORMAT="json", **self.platform.settings
                    ),
                    stderr=log,
                )
            self.processes.append(process)

    def states(self) -> Counter[str]:
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(tables.deliveries.c.state))
            return Counter(rows.scalars())

    def log_lines(self, event: str) -> int:
        texts = (path.read_text() for path in self.folder.glob("worker-*.log"))
        return sum(text.count(f'"{event}"') for text in texts)

    async def kill_in_the_gap(self) -> None:
        """Kill -9 all processes while one waits for the answer to a stored message."""
        before = self.platform.hung()
        self.platform.hang_after_storing()
        for _ in range(300):
            if self.platform.hung() > before:
                await asyncio.sleep(0.2)
                self.gap_kills += 1
                break
            await asyncio.sleep(0.1)
        for process in self.processes:
            process.kill()
            process.wait()
        self.start()

    async def freeze_one(self) -> None:
        frozen = self.processes[0]
        frozen.send_signal(signal.SIGSTOP)
        await asyncio.sleep(FREEZE)
        frozen.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    async def go(self, console: Console) -> None:
        self.fill()
        self.start()
        for number in range(KILLS):
            await asyncio.sleep(4)
            await self.kill_in_the_gap()
            console.print(f"kill {number + 1}: {dict(self.states())}")
        await self.freeze_one()
        console.print(f"thawed: {dict(self.states())}")
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            states = self.states()
            if states["pending"] + states["sending"] == 0:
                return
            await asyncio.sleep(2)


async def fault_run(platform: Platform, folder: Path) -> bool:
    """Run it and print what came of it; whether all went well."""
    console = Console()
    run = Run(platform, folder)
    begun = time.monotonic()
    try:
        await run.go(console)
    finally:
        run.stop()
    posted = Counter(platform.keys())
    states = run.states()
    found = run.log_lines("found posted already")
    rows = {
        "expected": EXPECTED,
        "posted": len(posted),
        "lost": EXPECTED - len(posted),
        "doubled": sum(count - 1 for count in posted.values()),
        "not sent, by the database": sum(states.values()) - states["sent"],
        "kills": KILLS * platform.workers,
        "kills between send and record": run.gap_kills,
        "look-ups that found a message": found,
        "rules broken": len(platform.wrongs()),
        "seconds": round(time.monotonic() - begun),
    }
    table = Table("", platform.name)
    for name, value in rows.items():
        table.add_row(name, f"{value:,}")
    console.print(table)
    for wrong in platform.wrongs()[:5]:
        console.print(wrong, markup=False)
    bad = ("lost", "doubled", "not sent, by the database", "rules broken")
    return not any(rows[name] for name in bad) and run.gap_kills > 0 and found > 0
