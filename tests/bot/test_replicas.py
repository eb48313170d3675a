"""Real processes beside one another: on one PostgreSQL, or by mistake on one data folder."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import tables
from storage.database import Database
from storage.papers import Papers
from storage.search import Query, Search
from tests.engines import Engine
from tests.factories import paper
from tests.fakes.discord import Discord
from tests.processes import DEADLINE, RUN, environment


class Replicas:
    """Processes of ``paperbot run`` on one database and one Discord token."""

    def __init__(self, folder: Path, url: str, discord: Discord, *, apart: bool) -> None:
        self._folder = folder
        self._apart = apart
        self._settings = {
            "DATABASE_URL": url,
            "DISCORD__TOKEN": discord.token,
            "DISCORD__API_URL": discord.api_url,
            "LOG_FORMAT": "json",
        }
        self._started: list[subprocess.Popen[bytes]] = []

    def data(self, number: int) -> Path:
        return self._folder / f"machine{number if self._apart else 0}"

    def start(self, machine: int | None = None) -> subprocess.Popen[bytes]:
        number = len(self._started)
        machine = number if machine is None else machine
        with self._log(number).open("wb") as log:
            process = subprocess.Popen(
                RUN,
                cwd=self._folder,
                env=environment(self.data(machine), **self._settings),
                stderr=log,
            )
        self._started.append(process)
        return process

    async def logged(self, number: int, words: str) -> None:
        await until(lambda: words in self._log(number).read_text())

    def stop(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()

    def _log(self, number: int) -> Path:
        return self._folder / f"replica{number}.log"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110 - another process would not tell
            await asyncio.sleep(0.1)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    db = Database(database_url)
    yield db
    db.close()


def found(folder: Path, papers: Papers, words: str) -> bool:
    """Whether the index in this folder, as another process left it, has it."""
    search = Search(folder / "index", papers)
    hits = search.find(Query.parse(words), 5).hits
    search.close()
    return any(words in hit.title for hit in hits)


async def test_one_of_two_is_connected_and_the_other_takes_over(
    tmp_path: Path, engine: Engine, database_url: str, db: Database
) -> None:
    papers = Papers(db)
    async with Discord() as fake:
        gateway = fake.gateway
        replicas = Replicas(tmp_path, database_url, fake, apart=engine == "postgresql")
        try:
            first = replicas.start()
            await gateway.connected()
            second = replicas.start()
            await replicas.logged(1, "waiting to take over")

            papers.save([paper(1, title="Wombats in winter")], datetime.now(UTC))
            for folder in map(replicas.data, (0, 1)):
                await until(partial(found, folder, papers, "Wombats"))

            first.send_signal(signal.SIGSTOP)
            await until(lambda: gateway.identifies == 2)
            await replicas.logged(1, '"connected"')
            await gateway.drop()
            await until(lambda: gateway.resumes == 1)  # the second comes back; the frozen cannot
            first.send_signal(signal.SIGCONT)
            await replicas.logged(0, '"lost"')
            assert (gateway.identifies, gateway.resumes, len(gateway.live)) == (2, 1, 1)

            second.kill()
            await until(lambda: gateway.identifies == 3)
            await gateway.connected()

            first.kill()
            first.wait()
            with db.write() as tx:  # whoever only waited would come too late
                hour = datetime.now(UTC) + timedelta(hours=1)
                tx.execute(sa.update(tables.leases).values(until=hour))
            replicas.start(machine=0)
            await until(lambda: gateway.identifies == 4)
            await gateway.connected()
            assert fake.refusals == []
        finally:
            replicas.stop()
