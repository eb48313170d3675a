from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import alembic.autogenerate
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext

from storage import tables
from storage.database import Database, StorageError, insert_missing
from tests.processes import FORKED


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


def test_a_query_sees_what_was_written_before_it_and_outlives_a_wrong_one(db: Database) -> None:
    query = sa.select(tables.lines.c.line).where(tables.lines.c.token == sa.bindparam("token"))
    assert db.rows(query, {"token": "a"}) == []
    with db.write() as tx:
        tx.execute(sa.insert(tables.lines).values(token="a", line="today"))
    assert db.rows(query, {"token": "a"}) == [("today",)]
    with pytest.raises(sa.exc.DBAPIError):
        db.rows(sa.select(sa.column("none")).select_from(tables.lines), {})
    with db.write() as tx:
        tx.execute(sa.delete(tables.lines))
    assert db.rows(query, {"token": "a"}) == []


def test_a_second_writer_waits_for_the_first(db: Database) -> None:
    started = threading.Event()

    def second() -> None:
        started.set()
        with db.write() as tx:
            tx.execute(sa.update(tables.lines).values(line=tables.lines.c.line + "2"))

    with db.write() as tx:
        tx.execute(sa.insert(tables.lines).values(token="a", line="today"))
    with db.write() as tx:
        tx.execute(sa.update(tables.lines).values(line=tables.lines.c.line + "1"))
        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
    thread.join()
    with db.read() as tx:
        assert tx.execute(sa.select(tables.lines.c.line)).scalar_one() == "today12"


def test_a_failed_write_leaves_nothing(db: Database) -> None:
    def write_and_fail() -> None:
        with db.write() as tx:
            tx.execute(sa.insert(tables.lines).values(token="a", line="today"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with db.read() as tx:
        assert tx.execute(sa.select(tables.lines)).all() == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_commits_survive_power_loss(db: Database) -> None:
    with db.read() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def _upgrade(url: str) -> None:
    with closing(Database(url)) as database:
        database.upgrade()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_read_sees_one_state_and_cannot_write(db: Database) -> None:
    with db.read() as reader:
        assert reader.execute(sa.select(tables.lines)).all() == []
        with db.write() as writer:
            writer.execute(sa.insert(tables.lines).values(token="a", line="today"))
        assert reader.execute(sa.select(tables.lines)).all() == []
    with pytest.raises(sa.exc.InternalError, match="read-only"), db.read() as reader:
        reader.execute(sa.delete(tables.lines))


def test_a_key_that_is_there_already_stays_as_it_is(db: Database) -> None:
    with db.write() as tx:
        for line in ("today", "trending"):
            insert_missing(tx, tables.lines, [{"token": "a", "line": line}])
        insert_missing(tx, tables.lines, [])
        assert tx.execute(sa.select(tables.lines)).all() == [("a", "today")]


def test_processes_that_start_together_upgrade_once(empty_url: str) -> None:
    starters = [FORKED.Process(target=_upgrade, args=(empty_url,)) for _ in range(5)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0] * 5
    with closing(Database(empty_url)) as database, database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.meta)).scalar_one() == 2


@pytest.mark.parametrize(
    "url", ["nonsense", "postgres://host/name", "postgresql+psycopg2://host/name", "mysql://h/n"]
)
def test_an_unusable_address_is_explained(url: str) -> None:
    with pytest.raises(StorageError, match=r"PAPERBOT_DATABASE_URL .* postgresql\+psycopg://"):
        Database(url)


def _of_a_newer_paperbot(file: Path) -> None:
    with closing(Database(f"sqlite:///{file}")) as database, database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))


def _damaged(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize(
    ("harm", "told"),
    [(_of_a_newer_paperbot, "is of a newer paperbot. Upgrade"), (_damaged, "is damaged. Set it")],
)
def test_a_file_that_cannot_be_used_is_explained(
    tmp_path: Path, harm: Callable[[Path], None], told: str
) -> None:
    file = tmp_path / "paperbot.db"
    _upgrade(f"sqlite:///{file}")
    harm(file)
    with pytest.raises(StorageError, match=told):
        _upgrade(f"sqlite:///{file}")


def test_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'paperbot.db'}")) as database:
        database.upgrade()
        with database.read() as tx:
            pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()

        def fill() -> None:
            with database.write() as tx:
                tx.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                tx.execute(sa.insert(tables.lines).values(token="a", line="x" * 100_000))

        with pytest.raises(StorageError, match="the disk is full"):
            fill()
        with database.read() as tx:
            assert tx.execute(sa.select(tables.lines)).all() == []


def test_a_server_that_does_not_answer_is_explained_without_the_password() -> None:
    database = Database("postgresql://me:secret@127.0.0.1:9/papers")
    with pytest.raises(StorageError, match=r"does not answer.*refused") as caught:
        database.upgrade()
    assert "secret" not in str(caught.value)
