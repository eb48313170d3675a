"""Copies of a SQLite database, made while it is in use; and one put in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.database import Database, StorageError, alone_in, versions
from storage.recovery import Recovery

_BUSY_SECONDS = 20
_SIDE_FILES = ("-wal", "-shm")


def back_up(database: Path, copy: Path, catalogue: int) -> None:
    """Write a checked copy that its owner alone can read; it appears when it is whole.

    Whoever uses the copy as a database will know that it was set back: see ``recovery``.
    ``catalogue`` is a random number.  Raises StorageError; what ``copy`` was before then stays.
    """
    if not database.is_file():
        raise StorageError(f"There is no database {database} yet.")
    with _draft(copy) as draft:
        with _told(f"{database} cannot be copied"), closing(_connect(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(draft),))
        _check(draft)
        _mark(draft, catalogue)


def restore(copy: Path, database: Path, aside: Path, catalogue: int) -> None:
    """Put a copy in the place of the database, which is kept as ``aside``.

    Raises StorageError where the copy is none, or where any process has the database open.
    """
    if not copy.is_file():
        raise StorageError(f"There is no file {copy}.")
    database.parent.mkdir(parents=True, exist_ok=True)
    with _draft(database) as draft:
        shutil.copyfile(copy, draft)
        _check(draft)
        _mark(draft, catalogue)
        with alone_in(database.parent):
            _keep(database, aside)
            draft.replace(database)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A private file beside ``path`` that takes its name in the end, if it was not taken yet."""
    draft = path.with_name(f".{path.name}.draft")
    with _told(f"{path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _forget(draft)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            yield draft
            if draft.exists():
                _sync(draft)
                draft.replace(path)
            _sync(path.parent)
        finally:
            _forget(draft)


def _check(path: Path) -> None:
    """Raises StorageError where the file is no whole database of paperbot's."""
    try:
        with closing(_connect(path)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StorageError(f"That is no whole database of paperbot's ({error}).") from None
    if verdict != "ok":
        raise StorageError(f"That database is damaged: {verdict}")
    if not found or found[0] not in versions():
        raise StorageError("That database is of a newer paperbot; upgrade this one first.")


def _mark(path: Path, catalogue: int) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        database.upgrade()
        Recovery(database).mark(catalogue)
    finally:
        database.close()
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file again
    path.with_name(path.name + ".lock").unlink(missing_ok=True)


def _keep(database: Path, aside: Path) -> None:
    """Give the database a second name, with what its log holds where that can be read."""
    if not database.exists():
        return
    try:
        with closing(_connect(database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_BUSY":
            raise StorageError(f"Another program has {database} open. End it first.") from None
        # It is damaged, which may be why it is replaced.
    os.link(database, aside)
    for suffix in _SIDE_FILES:
        side = database.with_name(database.name + suffix)
        if side.exists():
            side.rename(aside.with_name(aside.name + suffix))


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)


def _forget(path: Path) -> None:
    for suffix in ("", "-journal", *_SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{what}: {getattr(error, 'strerror', None) or error}.") from error
