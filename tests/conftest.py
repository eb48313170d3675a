"""Fixtures that more than one folder uses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from bot.app import open_store
from bot.settings import ArxivSettings, Http, Hub, Settings
from storage.database import Database
from storage.store import Store
from tests.engines import Engine
from tests.postgres import Postgres

# The same examples on every machine, however busy it is.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("steady")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: some tests wait for other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that know nothing of the environment, with all data in a fresh folder."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url="",
        timezone="UTC",
        http=Http(port=0),
        hf=Hub(endpoint="http://127.0.0.1:9", token=None),
        arxiv=ArxivSettings(api_url="http://127.0.0.1:9"),
        log_level="info",
        log_format="auto",
    )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "paperbot.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started where the first test asks for it."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def engine() -> Engine:
    """Which database a test runs on; folders whose tests run on both say so."""
    return "sqlite"


@pytest.fixture
def database_url(
    engine: Engine, tmp_path: Path, empty_database: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of an empty database at the newest version."""
    if engine == "sqlite":
        path = tmp_path / "paperbot.db"
        shutil.copy(empty_database, path)
        yield f"sqlite:///{path}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database() as url:
            yield url


@pytest.fixture
def empty_url(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without any tables."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.database("template0") as url:
            yield url


@pytest.fixture
def store(settings: Settings, database_url: str) -> Iterator[Store]:
    """An empty store on disk."""
    opened = open_store(settings.model_copy(update={"database_url": database_url}))
    yield opened
    opened.close()
