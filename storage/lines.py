"""Command lines that are too long for a button, kept under their hash."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_missing

_table = tables.lines


class Lines:
    """Remembers lines by token, so that a button works for as long as its message stands."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, token: str) -> str | None:
        with self._db.read() as tx:
            return tx.execute(sa.select(_table.c.line).where(_table.c.token == token)).scalar()

    def keep(self, lines: Mapping[str, str]) -> None:
        """Store ``token: line``; those known already stay as they are."""
        if not lines:
            return
        with self._db.write() as tx:
            rows = [{"token": token, "line": line} for token, line in sorted(lines.items())]
            insert_missing(tx, _table, rows)
