"""Who does a job that only one process may do, by a row that must be renewed."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_missing

_table = tables.leases


class Leases:
    """Leases by name.  A holder that dies or freezes loses its lease when it runs out."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def hold(
        self,
        name: str,
        owner: str,
        now: datetime,
        length: timedelta,
        predecessor: str | None = None,
    ) -> int | None:
        """Take or renew the lease; its epoch, or None while another owner holds it.

        One that ``predecessor`` holds is taken at once: the caller knows that it is dead.
        The epoch grows each time that the lease changes hands, so that a late writer is known.
        """
        with self._db.write() as tx:
            insert_missing(tx, _table, [{"name": name, "owner": "", "epoch": 0, "until": now}])
            query = sa.select(_table).where(_table.c.name == name).with_for_update()
            row = tx.execute(query).one()
            values = {"owner": owner, "until": now + length}
            if row.owner not in (owner, predecessor) and row.until > now:
                return None
            epoch: int = row.epoch + (row.owner != owner)
            tx.execute(sa.update(_table).where(_table.c.name == name).values(epoch=epoch, **values))
            return epoch

    def release(self, name: str, owner: str, now: datetime) -> None:
        """Let another take it at once."""
        with self._db.write() as tx:
            tx.execute(
                sa.update(_table)
                .where(_table.c.name == name, _table.c.owner == owner)
                .values(until=now)
            )
