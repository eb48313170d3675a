"""A database of its own for each test, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.database import Database
from tests.engines import both

engine = both


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database on disk, at the newest version."""
    database = Database(database_url)
    yield database
    database.close()
