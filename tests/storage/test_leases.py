from __future__ import annotations

from datetime import timedelta

from storage.database import Database
from storage.leases import Leases
from storage.lines import Lines
from tests.factories import NOON

LENGTH = timedelta(seconds=10)


def test_a_lease_is_renewed_kept_and_lost(db: Database) -> None:
    leases = Leases(db)
    assert leases.hold("ingest", "a", NOON, LENGTH) == 1
    assert leases.hold("ingest", "a", NOON + LENGTH / 2, LENGTH) == 1
    assert leases.hold("ingest", "b", NOON + LENGTH, LENGTH) is None
    assert leases.hold("ingest", "b", NOON + LENGTH * 2, LENGTH) == 2
    assert leases.hold("ingest", "a", NOON + LENGTH * 2, LENGTH) is None
    assert leases.hold("ingest", "c", NOON + LENGTH * 2, LENGTH, "a") is None
    assert leases.hold("ingest", "c", NOON + LENGTH * 2, LENGTH, "b") == 3
    assert leases.hold("backup", "a", NOON, LENGTH) == 1


def test_a_released_lease_is_free_at_once(db: Database) -> None:
    leases = Leases(db)
    leases.hold("ingest", "a", NOON, LENGTH)
    leases.release("ingest", "b", NOON)
    assert leases.hold("ingest", "b", NOON, LENGTH) is None
    leases.release("ingest", "a", NOON)
    assert leases.hold("ingest", "b", NOON, LENGTH) == 2


def test_long_lines_are_kept_under_their_token(db: Database) -> None:
    lines = Lines(db)
    lines.keep({"#1": "search one", "#2": "search two"})
    lines.keep({"#2": "search two", "#3": "search three"})
    assert [lines.get(token) for token in ("#1", "#2", "#3", "#4")] == [
        "search one",
        "search two",
        "search three",
        None,
    ]
