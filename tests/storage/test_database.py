from __future__ import annotations

import threading
from multiprocessing import get_context
from pathlib import Path

import alembic.autogenerate
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext

from storage import tables
from storage.database import Database, StorageError


def test_the_migrations_make_exactly_the_declared_tables(db: Database) -> None:
    with db.read() as tx:
        differences = alembic.autogenerate.compare_metadata(
            MigrationContext.configure(tx), tables.metadata
        )
    assert differences == []


def test_a_read_goes_on_while_a_writer_is_open(db: Database) -> None:
    with db.write() as writer:
        writer.execute(sa.insert(tables.lines).values(token="a", line="today"))
        with db.read() as reader:
            assert reader.execute(sa.select(tables.lines)).all() == []
    with db.read() as reader:
        assert reader.execute(sa.select(tables.lines)).all() == [("a", "today")]


def test_a_second_writer_waits_for_the_first(db: Database) -> None:
    started = threading.Event()

    def second() -> None:
        started.set()
        with db.write() as tx:
            tx.execute(sa.update(tables.lines).values(line=tables.lines.c.line + "!"))

    with db.write() as tx:
        tx.execute(sa.insert(tables.lines).values(token="a", line="today"))
        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
    thread.join()
    with db.read() as tx:
        assert tx.execute(sa.select(tables.lines.c.line)).scalar_one() == "today!"


def test_a_failed_write_leaves_nothing(db: Database) -> None:
    def write_and_fail() -> None:
        with db.write() as tx:
            tx.execute(sa.insert(tables.lines).values(token="a", line="today"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with db.read() as tx:
        assert tx.execute(sa.select(tables.lines)).all() == []


def test_commits_survive_power_loss(db: Database) -> None:
    with db.read() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def _upgrade(url: str) -> None:
    Database(url).upgrade()


def test_processes_that_start_together_upgrade_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    context = get_context("spawn")
    starters = [context.Process(target=_upgrade, args=(url,)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0, 0, 0]
    with Database(url).read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.meta)).scalar_one() == 2


def test_an_unusable_address_is_explained() -> None:
    with pytest.raises(StorageError, match="PAPERBOT_DATABASE_URL"):
        Database("nonsense")
