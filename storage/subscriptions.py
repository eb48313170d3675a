"""Saved command lines with a clock, one team's apart from another's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from storage import tables
from storage.calendar import Days
from storage.database import Database, insert_missing
from storage.model import Layout, Quiet, Subscription, Target

_table = tables.subscriptions


@dataclass(frozen=True, slots=True)
class Record:
    """What one subscription did on one day: the state of its edition's header."""

    on: date
    state: str
    sent_at: datetime | None
    error: str | None


class Subscriptions:
    """Reads and writes subscriptions.

    Every method that a person's words reach takes the ``team`` and sees nothing of any other's.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        target: Target,
        line: str,
        *,
        at: time,
        zone: ZoneInfo,
        days: Days,
        layout: Layout,
        quiet: Quiet,
        next_due_at: datetime,
        made_by: str,
        now: datetime,
        private: bool = False,
    ) -> Subscription:
        """Store a new subscription and return it with its number."""
        values: dict[str, Any] = {
            "chat": target.chat,
            "team": target.team,
            "channel": target.channel,
            "line": line,
            "at": at.strftime("%H:%M"),
            "zone": zone.key,
            "days": str(days),
            "layout": layout,
            "quiet": quiet,
            "next_due_at": next_due_at,
            "made_by": made_by,
            "private": private,
        }
        with self._db.write() as tx:
            _note_team(tx, target, now)
            query = sa.insert(_table).values(values).returning(_table)
            return subscription_of(tx.execute(query).one())

    def get(self, team: str, id: int) -> Subscription | None:
        """The team's subscription with this number; None for another team's or none."""
        with self._db.read() as tx:
            row = tx.execute(sa.select(_table).where(_own(team), _table.c.id == id)).first()
            return subscription_of(row) if row else None

    def of_team(self, team: str) -> list[Subscription]:
        """All of the team's subscriptions, oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(sa.select(_table).where(_own(team)).order_by(_table.c.id))
            return [subscription_of(row) for row in rows]

    def pause(self, team: str, id: int, why: str) -> bool:
        """Stop it from planning.  False where the team has none with this number."""
        return self._change(team, id, paused=why)

    def resume(self, team: str, id: int, next_due_at: datetime) -> bool:
        """Let it plan again, first at ``next_due_at``."""
        return self._change(team, id, paused=None, next_due_at=next_due_at)

    def reschedule(
        self, team: str, id: int, at: time, zone: ZoneInfo, days: Days, next_due_at: datetime
    ) -> bool:
        """Change when it posts.  A day that has its edition gets no second one."""
        when = {"at": at.strftime("%H:%M"), "zone": zone.key, "days": str(days)}
        return self._change(team, id, next_due_at=next_due_at, **when)

    def remove(self, team: str, id: int) -> bool:
        """Delete it with its editions; what was posted stays where it was posted."""
        with self._db.write() as tx:
            query = sa.delete(_table).where(_own(team), _table.c.id == id)
            return tx.execute(query).rowcount > 0

    def last_record(self, team: str, id: int) -> Record | None:
        """The newest edition's day and what became of its header."""
        editions, deliveries = tables.editions, tables.deliveries
        query = (
            sa.select(editions.c.on, deliveries.c.state, deliveries.c.sent_at, deliveries.c.error)
            .join(_table, _table.c.id == editions.c.subscription_id)
            .join(deliveries, deliveries.c.edition_id == editions.c.id)
            .where(_own(team), _table.c.id == id, deliveries.c.part == 0)
            .order_by(editions.c.id.desc())
            .limit(1)
        )
        with self._db.read() as tx:
            row = tx.execute(query).first()
            return Record(*row) if row else None

    def purge_team(self, team: str) -> None:
        """Delete all that belongs to the team.  Doing it twice is harmless."""
        with self._db.write() as tx:
            tx.execute(sa.delete(_table).where(_own(team)))
            tx.execute(sa.delete(tables.teams).where(tables.teams.c.team == team))

    def teams_joined(self, teams: Sequence[str]) -> None:
        """paperbot is in these teams: those that had removed it are not forgotten."""
        columns = tables.teams.c
        back = columns.team.in_(teams) & columns.left_at.is_not(None)
        with self._db.write() as tx:
            tx.execute(sa.update(tables.teams).where(back).values(left_at=None))

    def team_left(self, team: str, now: datetime) -> None:
        """The team removed paperbot; ``purge_left`` forgets it, unless it comes back before."""
        with self._db.write() as tx:
            tx.execute(
                sa.update(tables.teams).where(tables.teams.c.team == team).values(left_at=now)
            )

    def purge_left(self, before: datetime) -> list[str]:
        """Delete all that belongs to teams that left before then; returns the teams."""
        with self._db.read() as tx:
            query = sa.select(tables.teams.c.team).where(tables.teams.c.left_at <= before)
            teams = list(tx.execute(query).scalars())
        for team in teams:
            self.purge_team(team)
        return teams

    def knows_team(self, team: str) -> bool:
        """Whether the team ever subscribed to anything."""
        with self._db.read() as tx:
            query = sa.select(tables.teams.c.team).where(tables.teams.c.team == team)
            return tx.execute(query).first() is not None

    def everywhere(self) -> list[Subscription]:
        """The subscriptions of all teams, for the operator."""
        with self._db.read() as tx:
            rows = tx.execute(sa.select(_table).order_by(_table.c.id))
            return [subscription_of(row) for row in rows]

    def due(self, chats: Collection[str], now: datetime, limit: int) -> list[Subscription]:
        """Subscriptions of all teams on these chats to plan now, the longest waiting first."""
        query = (
            sa.select(_table)
            .where(
                _table.c.next_due_at <= now,
                _table.c.paused.is_(None),
                _table.c.chat.in_(chats),
                ~to_read_back(_table),
            )
            .order_by(_table.c.next_due_at, _table.c.id)
            .limit(limit)
        )
        with self._db.read() as tx:
            return [subscription_of(row) for row in tx.execute(query)]

    def _change(self, team: str, id: int, **values: Any) -> bool:
        with self._db.write() as tx:
            query = sa.update(_table).where(_own(team), _table.c.id == id).values(values)
            return tx.execute(query).rowcount > 0


def to_read_back(table: Any) -> sa.ColumnElement[bool]:
    """Whether the channel in these columns must be read before it is posted to."""
    paces = tables.paces
    return sa.exists().where(
        paces.c.chat == table.c.chat, paces.c.channel == table.c.channel, tables.to_read_back
    )


def _own(team: str) -> sa.ColumnElement[bool]:
    return _table.c.team == team


def _note_team(tx: sa.Connection, target: Target, now: datetime) -> None:
    back = sa.update(tables.teams).where(tables.teams.c.team == target.team).values(left_at=None)
    if not tx.execute(back).rowcount:
        values = {"team": target.team, "chat": target.chat, "first_seen_at": now}
        insert_missing(tx, tables.teams, [values])


_days = lru_cache(maxsize=256)(Days.parse)


def subscription_of(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        target=Target(row.chat, row.team, row.channel),
        line=row.line,
        at=time.fromisoformat(row.at),
        zone=ZoneInfo(row.zone),
        days=_days(row.days),
        layout=row.layout,
        quiet=row.quiet,
        next_due_at=row.next_due_at,
        paused=row.paused,
        made_by=row.made_by,
        private=row.private,
    )
