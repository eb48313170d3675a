"""One engine for SQLite and PostgreSQL, with read and write transactions told apart."""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_270_832  # any number, the same in every replica


class StorageError(Exception):
    """The database cannot be used; the text says why and what to do."""


class Database:
    """Connections to the database at ``url`` (SQLAlchemy's form)."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(
                url,
                json_serializer=lambda value: orjson.dumps(value).decode(),
                json_deserializer=orjson.loads,
                **_options(url),
            )
        except (sa.exc.ArgumentError, ImportError) as error:
            raise StorageError(
                f"PAPERBOT_DATABASE_URL cannot be used ({error}). "
                "Write sqlite:///data/paperbot.db or postgresql+psycopg://user@host/name."
            ) from error
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        sa.event.listen(self._engine, "handle_error", _tell_fault)
        self._reader = self._engine
        self._idle: list[sa.Connection] = []
        if not self.is_sqlite:
            self._reader = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            if self.file:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                handle = _open_folder(self.file.parent)
                fcntl.flock(handle, fcntl.LOCK_SH)  # see ``alone_in``
                self._let_go = weakref.finalize(self, os.close, handle)
            sa.event.listen(self._engine, "connect", _on_sqlite_connect)

    @property
    def file(self) -> Path | None:
        """Where a SQLite database is."""
        path = self._engine.url.database if self.is_sqlite else None
        return Path(path) if path else None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state and changes nothing."""
        with self._reader.begin() as connection:
            if self.is_sqlite:
                _begin(connection, "BEGIN")
            yield connection

    def rows(self, query: sa.Select[Any], values: Mapping[str, Any]) -> Sequence[sa.Row[Any]]:
        """What one query finds, which sees one state by itself: a third quicker than ``read``."""
        with self._kept() as connection:
            return connection.execute(query, values).all()

    @contextmanager
    def _kept(self) -> Iterator[sa.Connection]:
        """A connection that stays open for the next query: making one is a fifth of the work.

        PostgreSQL's come from the pool, which tries them first: its server may have restarted.
        """
        if not self.is_sqlite:
            with self._reader.connect() as connection:
                yield connection
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._reader.connect()
        try:
            yield connection
        finally:
            connection.rollback()
            self._idle.append(connection)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may write; commits at the end, rolls back on any exception."""
        with self._engine.begin() as connection:
            if self.is_sqlite:
                # Takes the lock at once: a transaction that upgrades later fails as busy.
                _begin(connection, "BEGIN IMMEDIATE")
            yield connection

    def upgrade(self) -> None:
        """Bring the tables to this version; safe when several processes start together.

        Raises StorageError where the database does not answer, or is of a newer paperbot.
        """
        known = versions()
        found = self._version()
        if found is not None and found not in known:
            raise StorageError(
                "The database is of a newer paperbot. Upgrade this one, or set the database back "
                "to a backup that this one made."
            )
        if found != known[-1]:
            self._migrate()

    def _migrate(self) -> None:
        import alembic.command  # noqa: PLC0415 - a third of a second, needed once a release
        import alembic.config  # noqa: PLC0415

        config = alembic.config.Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self._migration_lock(), self.write() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")

    def _version(self) -> str | None:
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            version: str | None = connection.scalar(
                sa.text("SELECT version_num FROM alembic_version")
            )
            return version

    @contextmanager
    def _migration_lock(self) -> Iterator[None]:
        if not self.file:
            yield
            return
        with self.file.with_name(self.file.name + ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()
        if self.file:
            self._let_go()


def _tell_fault(context: sa.ExceptionContext) -> None:
    """Raise StorageError for what ails the database and not the question; called on any error."""
    error = context.original_exception
    if context.is_pre_ping or context.dialect is None:
        return  # the pool makes a new connection
    if context.dialect.name == "sqlite":
        file = context.engine.url.database if context.engine else None
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0]
        if told := _SQLITE_FAULTS.get(name):
            raise StorageError(f"The database {file} {told}")
    elif isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        reason = str(error).strip().splitlines()[0]
        raise StorageError(f"The database at PAPERBOT_DATABASE_URL does not answer: {reason}")


_READ_ONLY = "cannot be written; let the user that runs paperbot write there, and in its folder."
_DAMAGED = "is damaged. Set it back to a backup: paperbot restore FILE."
_SQLITE_FAULTS = {
    "FULL": "has no room to grow: the disk is full.",
    "IOERR": "cannot be read or written: look at the disk, which may be full.",
    "READONLY": _READ_ONLY,
    "CANTOPEN": _READ_ONLY,
    "PERM": _READ_ONLY,
    "CORRUPT": _DAMAGED,
    "NOTADB": _DAMAGED,
    "BUSY": "is locked by another program; end that, and try again.",
}
"""By SQLite's names of errors (sqlite.org/rescode.html)."""


def insert_missing(
    tx: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]] | sa.Select[Any]
) -> None:
    """Insert the rows whose keys are not there yet; a query names its columns as the table does.

    Processes that insert the same keys at once must do so in the same order.
    """
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).on_conflict_do_nothing()
    if isinstance(rows, sa.Select):
        tx.execute(insert.from_select(rows.selected_columns.keys(), rows))
    elif rows:
        tx.execute(insert, rows)


def _options(url: str) -> dict[str, Any]:
    """What SQLAlchemy must know of the driver.  Raises ArgumentError for one that is not ours."""
    driver = sa.make_url(url).get_dialect().driver
    if driver == "pysqlite":
        return {}
    if driver != "psycopg":
        raise sa.exc.ArgumentError(f"there is no driver {driver} here")
    return {
        # Behind pgbouncer the next transaction may be another session's.
        "connect_args": {"prepare_threshold": None},
        # The first question after a restart of the server is answered, too.
        "pool_pre_ping": True,
    }


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While no process has a database in this folder open; others wait until this is over.

    Raises StorageError where one has.
    """
    handle = _open_folder(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StorageError(
            f"A paperbot runs on the database in {folder}. Stop it first, and end all other "
            "commands of paperbot there."
        ) from None
    finally:
        os.close(handle)


def _open_folder(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def versions() -> list[str]:
    """All versions of the tables, oldest first: what the migrations' file names begin with."""
    return sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _on_sqlite_connect(connection: DBAPIConnection, _record: Any) -> None:
    # The driver must not begin transactions by itself: ``_begin`` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=20000",
        "journal_mode=WAL",
        "synchronous=FULL",  # a lost commit could become a second post
        "foreign_keys=ON",
        "cache_size=-16000",  # kB: what is planned in one transaction stays in memory until then
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection, statement: str) -> None:
    """Straight to SQLite: through SQLAlchemy, or its events, it takes five times as long."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statement)
