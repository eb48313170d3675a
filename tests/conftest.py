"""Fixtures that more than one folder uses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import open_store
from bot.settings import Http, Hub, Settings
from storage.database import Database
from storage.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that know nothing of the environment, with all data in a fresh folder."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url="",
        timezone="UTC",
        http=Http(port=0),
        hf=Hub(endpoint="http://127.0.0.1:9", token=None),
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


@pytest.fixture
def store(settings: Settings, empty_database: Path) -> Iterator[Store]:
    """An empty store on disk."""
    settings.data_dir.mkdir()
    shutil.copy(empty_database, settings.data_dir)
    opened = open_store(settings)
    yield opened
    opened.search.close()
