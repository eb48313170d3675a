"""What a subscription posts on one day: planned once, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_missing
from storage.model import Edition, Payload, State, Subscription, Target
from storage.subscriptions import subscription_of, to_read_back

_table = tables.editions
_deliveries = tables.deliveries
_posted = tables.posted
_paces = tables.paces


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One edition, ready to be written: what to post, which papers that uses up, what is next.

    ``refusal`` plans no message but a visible record, in words, of why none is posted.
    """

    subscription: Subscription
    on: date
    due_at: datetime
    next_due_at: datetime
    expires_at: datetime
    payloads: Sequence[Payload] = ()
    paper_ids: Sequence[str] = ()
    list_date: date | None = None
    closes_at: datetime | None = None
    refusal: str | None = None


class Editions:
    """Reads and writes editions, and what they put into the outbox."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def plan(self, batch: Sequence[Planned], now: datetime) -> int:
        """Write these editions in one transaction; returns how many were new.

        One that another process planned meanwhile, or whose subscription was changed, is skipped.
        """
        with self._db.write() as tx:
            _know_channels(tx, batch, now)
            return sum(_plan(tx, planned, now) for planned in batch)

    def open(self, now: datetime) -> list[tuple[Edition, Subscription]]:
        """Editions whose list still grows and whose thread can be added to."""
        subscriptions = tables.subscriptions
        query = (
            sa.select(_table)
            .join(subscriptions, subscriptions.c.id == _table.c.subscription_id)
            .join(
                _deliveries,
                sa.and_(_deliveries.c.edition_id == _table.c.id, _deliveries.c.part == 0),
            )
            .where(
                _deliveries.c.part == 0,
                _table.c.closes_at > now,
                subscriptions.c.paused.is_(None),
                ~to_read_back(subscriptions),
                _deliveries.c.state.in_(("pending", "sending", "sent")),
            )
        )
        with self._db.read() as tx:
            editions = [Edition(**row) for row in tx.execute(query).mappings()]
            ids = {edition.subscription_id for edition in editions}
            rows = tx.execute(sa.select(subscriptions).where(subscriptions.c.id.in_(ids)))
            found = {row.id: subscription_of(row) for row in rows}
        return [(edition, found[edition.subscription_id]) for edition in editions]

    def add_late(
        self,
        edition: Edition,
        target: Target,
        payloads: Sequence[Payload],
        paper_ids: Sequence[str],
        now: datetime,
    ) -> bool:
        """Append late arrivals to an edition's thread; False where another process just did."""
        assert edition.closes_at is not None
        with self._db.write() as tx:
            if not _lock_subscription(tx, edition.subscription_id, wait=True):
                return False
            if _already_posted(tx, [edition.subscription_id], paper_ids):
                return False
            newest = sa.select(sa.func.max(_deliveries.c.part)).where(
                _deliveries.c.edition_id == edition.id
            )
            first = tx.execute(newest).scalar_one() + 1
            expires_at = edition.closes_at
            _insert_parts(tx, edition.id, target, payloads, now, expires_at, first=first)
            _insert_posted(tx, edition.subscription_id, edition.id, paper_ids)
        return True

    def posted(
        self, subscription_ids: Sequence[int], paper_ids: Sequence[str]
    ) -> dict[int, set[str]]:
        """Which of these papers each subscription has posted, or is about to."""
        with self._db.read() as tx:
            return _already_posted(tx, subscription_ids, paper_ids)


def _plan(tx: sa.Connection, planned: Planned, now: datetime) -> bool:
    subscription = planned.subscription
    row = _lock_subscription(tx, subscription.id, wait=False)
    if row is None or row.paused or row.next_due_at != subscription.next_due_at:
        return False
    tx.execute(
        sa.update(tables.subscriptions)
        .where(tables.subscriptions.c.id == subscription.id)
        .values(next_due_at=planned.next_due_at)
    )
    same_day = sa.select(_table.c.id).where(
        _table.c.subscription_id == subscription.id, _table.c.on == planned.on
    )
    if tx.execute(same_day).first():
        return False  # its time or zone was edited after today's edition
    edition_id = tx.execute(
        sa.insert(_table)
        .values(
            subscription_id=subscription.id,
            on=planned.on,
            due_at=planned.due_at,
            planned_at=now,
            list_date=planned.list_date,
            closes_at=planned.closes_at,
        )
        .returning(_table.c.id)
    ).scalar_one()
    target = subscription.target
    if planned.refusal:
        _insert_parts(
            tx, edition_id, target, [{}], now, now, state="expired", error=planned.refusal
        )
    else:
        _insert_parts(tx, edition_id, target, planned.payloads, now, planned.expires_at)
        _insert_posted(tx, subscription.id, edition_id, planned.paper_ids)
    return True


def _lock_subscription(tx: sa.Connection, id: int, *, wait: bool) -> sa.Row[Any, Any, Any] | None:
    """Its row; None where it is gone or, without ``wait``, in another's hands."""
    table = tables.subscriptions
    query = sa.select(table.c.id, table.c.paused, table.c.next_due_at).where(table.c.id == id)
    return tx.execute(query.with_for_update(skip_locked=not wait)).first()


def _insert_parts(
    tx: sa.Connection,
    edition_id: int,
    target: Target,
    payloads: Sequence[Payload],
    now: datetime,
    expires_at: datetime,
    *,
    first: int = 0,
    state: State = "pending",
    error: str | None = None,
) -> None:
    rows = [
        {
            "edition_id": edition_id,
            "part": part,
            "chat": target.chat,
            "team": target.team,
            "channel": target.channel,
            "payload": payload,
            "state": state,
            "attempt": 0,
            "not_before": now,
            "expires_at": expires_at,
            "error": error,
        }
        for part, payload in enumerate(payloads, first)
    ]
    if rows:
        tx.execute(sa.insert(_deliveries), rows)


def _insert_posted(
    tx: sa.Connection, subscription_id: int, edition_id: int, paper_ids: Sequence[str]
) -> None:
    rows = [
        {"subscription_id": subscription_id, "paper_id": id, "edition_id": edition_id}
        for id in paper_ids
    ]
    if rows:
        tx.execute(sa.insert(_posted), rows)


def _already_posted(
    tx: sa.Connection, subscription_ids: Sequence[int], paper_ids: Sequence[str]
) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    query = sa.select(_posted.c.subscription_id, _posted.c.paper_id).where(
        _posted.c.subscription_id.in_(subscription_ids), _posted.c.paper_id.in_(paper_ids)
    )
    for subscription_id, paper_id in tx.execute(query):
        found[subscription_id].add(paper_id)
    return found


def _know_channels(tx: sa.Connection, batch: Sequence[Planned], now: datetime) -> None:
    """Make sure that there is a pace to lock for each channel."""
    channels = {(one.subscription.target.chat, one.subscription.target.channel) for one in batch}
    rows = [
        {"chat": chat, "channel": channel, "next_send_at": now}
        for chat, channel in sorted(channels)
    ]
    insert_missing(tx, _paces, rows)
