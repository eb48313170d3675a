"""The whole content of a database, to put it back later: a backup for tests, on any engine."""

from __future__ import annotations

from storage.database import Database
from storage.tables import metadata


class Image:
    """All rows of all tables at the time that it is made."""

    def __init__(self, db: Database) -> None:
        with db.read() as tx:
            self._rows = {
                table: [dict(row) for row in tx.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }

    def put_back(self, db: Database) -> None:
        with db.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.execute(table.delete())
            for table, rows in self._rows.items():
                if rows:
                    tx.execute(table.insert(), rows)
