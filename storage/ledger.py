"""What became of each message, for people: to read, and to try again what did not go out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_missing
from storage.ids import ids_within
from storage.model import State, Target

_table = tables.deliveries
_editions = tables.editions
_posted = tables.posted
_subscriptions = tables.subscriptions

NOT_SENT: tuple[State, ...] = ("pending", "sending", "failed", "expired", "unknown")
_WAITS: tuple[State, ...] = ("pending", "sending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message as the ledger has it."""

    id: int
    subscription: int
    line: str
    target: Target
    on: date
    """The local date of its edition."""
    part: int
    state: State
    attempt: int
    due_at: datetime
    not_before: datetime
    sent_at: datetime | None
    ref: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Retried:
    """What trying a message again came to, in words; ``done`` is False where it was left alone."""

    id: int
    done: bool
    words: str


@dataclass(frozen=True, slots=True)
class Fate:
    """The edition that used a paper up, and what became of its header."""

    on: date
    state: State
    sent_at: datetime | None
    error: str | None


class Ledger:
    """Reads all teams' messages, for the operator; ``fate`` alone is one team's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def entries(
        self,
        states: Collection[State] = (),
        channel: str = "",
        ids: Collection[int] = (),
        limit: int = 50,
    ) -> list[Entry]:
        """The newest messages, newest first; of these states, channel and ids where given."""
        query = (
            sa.select(_table, _editions.c.on, _editions.c.due_at)
            .add_columns(_subscriptions.c.id.label("subscription"), _subscriptions.c.line)
            .join(_editions, _editions.c.id == _table.c.edition_id)
            .join(_subscriptions, _subscriptions.c.id == _editions.c.subscription_id)
            .order_by(_table.c.id.desc())
            .limit(limit)
        )
        if states:
            query = query.where(_table.c.state.in_(states))
        if channel:
            query = query.where(_table.c.channel == channel)
        if ids:
            query = query.where(_table.c.id.in_(ids))
        with self._db.read() as tx:
            return [_entry(row) for row in tx.execute(query)]

    def not_sent(self) -> dict[State, int]:
        """How many messages there are in each state but ``sent``."""
        query = (
            sa.select(_table.c.state, sa.func.count())
            .where(_table.c.state.in_(NOT_SENT))
            .group_by(_table.c.state)
        )
        with self._db.read() as tx:
            counts: dict[State, int] = {row[0]: row[1] for row in tx.execute(query)}
        return {state: counts.get(state, 0) for state in NOT_SENT}

    def fate(self, team: str, subscription: int, paper: str) -> Fate | None:
        """Where the team's subscription has posted a paper, or is about to."""
        query = (
            sa.select(_editions.c.on, _table.c.state, _table.c.sent_at, _table.c.error)
            .join(_posted, _posted.c.edition_id == _editions.c.id)
            .join(_table, sa.and_(_table.c.edition_id == _editions.c.id, _table.c.part == 0))
            .join(_subscriptions, _subscriptions.c.id == _editions.c.subscription_id)
            .where(
                _posted.c.subscription_id == subscription,
                _posted.c.paper_id == paper,
                _subscriptions.c.team == team,
            )
        )
        with self._db.read() as tx:
            row = tx.execute(query).first()
            return Fate(*row) if row else None

    def retry(self, ids: Sequence[int], now: datetime, patience: timedelta) -> list[Retried]:
        """Try these messages again, each in the way that is safe in its state.

        What may stand is looked up before it is sent; what surely does not is sent, unless its
        papers were posted since.  From now they have ``patience`` to go out.
        """
        with self._db.write() as tx:
            return [_retry(tx, id, now, now + patience) for id in dict.fromkeys(ids)]


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        subscription=row.subscription,
        line=row.line,
        target=Target(row.chat, row.team, row.channel),
        on=row.on,
        part=row.part,
        state=row.state,
        attempt=row.attempt,
        due_at=row.due_at,
        not_before=row.not_before,
        sent_at=row.sent_at,
        ref=row.external_id,
        error=row.error,
    )


def _retry(tx: sa.Connection, id: int, now: datetime, until: datetime) -> Retried:
    query = (
        sa.select(_table, _editions.c.subscription_id, _editions.c.due_at, _subscriptions.c.paused)
        .join(_editions, _editions.c.id == _table.c.edition_id)
        .join(_subscriptions, _subscriptions.c.id == _editions.c.subscription_id)
        .where(_table.c.id == id)
        .with_for_update(of=_table)
    )
    row = tx.execute(query).first()
    if row is None:
        return Retried(id, False, "there is no such message.")
    if reason := _leave(tx, row):
        return Retried(id, False, reason)
    return (_look_again if row.state == "unknown" else _send_again)(tx, row, now, until)


def _leave(tx: sa.Connection, row: sa.Row[Any]) -> str:
    """Why a message cannot be tried again; empty where it can."""
    if row.state == "sent":
        return f"it was posted on {row.sent_at:%d %b at %H:%M} UTC."
    if row.state == "sending":
        return "it is on its way, and is looked up if no answer comes."
    if not row.payload:
        return "nothing was written for it; look at the channel."
    if row.part and not _header_stands(tx, row):
        return "the first message of its thread was not posted; retry that."
    return ""


def _look_again(tx: sa.Connection, row: sa.Row[Any], now: datetime, until: datetime) -> Retried:
    values = {
        "state": "sending",
        "owner": None,
        "lease_until": now,
        "expires_at": until,
        # It may have been posted by a process that this database never knew: see ``recovery``.
        "first_attempt_at": row.first_attempt_at or row.due_at,
    }
    tx.execute(sa.update(_table).where(_table.c.id == row.id).values(values))
    _wake_thread(tx, row, now, until)
    return Retried(row.id, True, "it is looked up, and sent where it surely does not stand.")


def _send_again(tx: sa.Connection, row: sa.Row[Any], now: datetime, until: datetime) -> Retried:
    """``pending`` comes at once; ``failed`` and ``expired`` take their papers again."""
    payloads = tx.execute(sa.select(_table.c.payload).where(_table.c.edition_id == row.edition_id))
    papers = ids_within([row.payload] if row.part else list(payloads.scalars()))
    taken = tx.execute(
        sa.select(sa.func.count())
        .select_from(_posted)
        .where(
            _posted.c.subscription_id == row.subscription_id,
            _posted.c.paper_id.in_(papers),
            _posted.c.edition_id != row.edition_id,
        )
    ).scalar_one()
    if taken:
        return Retried(row.id, False, f"{taken} of its papers were posted since.")
    insert_missing(
        tx,
        _posted,
        [
            {"subscription_id": row.subscription_id, "paper_id": id, "edition_id": row.edition_id}
            for id in sorted(papers)
        ],
    )
    values = {"state": "pending", "not_before": now, "expires_at": until, "error": None}
    tx.execute(sa.update(_table).where(_table.c.id == row.id).values(values))
    _wake_thread(tx, row, now, until)
    hint = f" Its subscription is paused, though: resume {row.subscription_id}."
    return Retried(row.id, True, "it is sent again." + (hint if row.paused else ""))


def _wake_thread(tx: sa.Connection, header: sa.Row[Any], now: datetime, until: datetime) -> None:
    """The parts that were given up with their header wait for it again."""
    if header.part:
        return
    tx.execute(
        sa.update(_table)
        .where(
            _table.c.edition_id == header.edition_id,
            _table.c.part > 0,
            _table.c.state.in_(("failed", "expired")),
        )
        .values(state="pending", not_before=now, expires_at=until, error=None)
    )


def _header_stands(tx: sa.Connection, row: sa.Row[Any]) -> bool:
    query = sa.select(_table.c.state).where(
        _table.c.edition_id == row.edition_id, _table.c.part == 0
    )
    return tx.execute(query).scalar() in ("sent", *_WAITS)
