"""Command lines that are too long for a button, kept under their hash."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from storage import tables
from storage.database import Database

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
            query = sa.select(_table.c.token).where(_table.c.token.in_(list(lines)))
            new = lines.keys() - set(tx.execute(query).scalars())
            for token in sorted(new):
                try:
                    with tx.begin_nested():
                        tx.execute(sa.insert(_table).values(token=token, line=lines[token]))
                except sa.exc.IntegrityError:
                    continue  # another process kept the same line in between
