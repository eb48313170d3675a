"""What a subscription posts on one day: planned once, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database, insert_missing
from storage.model import Edition, Payload, State, Subscription
from storage.subscriptions import subscription_of, to_read_back
from storage.tables import Instant

_table = tables.editions
_deliveries = tables.deliveries
_posted = tables.posted
_paces = tables.paces
_OF_EDITIONS = _table.c.id.in_(sa.bindparam("editions", expanding=True))


def _given(table: sa.Table, *names: str) -> dict[str, Any]:
    return {name: sa.bindparam(name, type_=table.c[name].type) for name in names}


def _same_edition() -> sa.Insert:
    """One for each of some subscriptions."""
    of = tables.subscriptions.c
    values = {
        "subscription_id": of.id,
        **_given(_table, "on", "due_at", "planned_at", "list_date", "closes_at"),
    }
    some = of.id.in_(sa.bindparam("subscriptions", expanding=True))
    rows = sa.select(*values.values()).where(some).order_by(of.id)
    insert = sa.insert(_table).from_select(list(values), rows)
    return insert.returning(_table.c.id, _table.c.subscription_id)


def _same_part() -> sa.Insert:
    """One message for each of some editions, in their subscriptions' channels."""
    of = tables.subscriptions.c
    values = {
        "edition_id": _table.c.id,
        "chat": of.chat,
        "team": of.team,
        "channel": of.channel,
        "attempt": sa.literal(0),
        **_given(_deliveries, "part", "payload", "state", "not_before", "expires_at", "error"),
    }
    rows = sa.select(*values.values()).join_from(_table, tables.subscriptions).where(_OF_EDITIONS)
    return sa.insert(_deliveries).from_select(list(values), rows.order_by(_table.c.id))


# Built once: building a statement takes longer than running it.
_INSERT_SAME = _same_edition()
_INSERT_PART = _same_part()


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What is posted, and which papers that uses up; many editions may share one, as it is."""

    payloads: Sequence[Payload] = ()
    paper_ids: Sequence[str] = ()
    list_date: date | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One edition, ready to be written, and when its subscription is due next.

    ``refusal`` plans no message but a visible record, in words, of why none is posted.
    """

    subscription: Subscription
    on: date
    due_at: datetime
    next_due_at: datetime
    expires_at: datetime
    content: Content = Content()
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
            accepted = _move_on(tx, batch)
            ids = _insert_editions(tx, accepted, now)
            alike: dict[Any, list[int]] = defaultdict(list)
            for id, planned in zip(ids, accepted, strict=True):
                alike[planned.content, planned.expires_at, planned.refusal].append(id)
            for (content, expires_at, refusal), some in alike.items():
                if refusal:
                    _insert_part(tx, some, 0, {}, now, now, error=refusal, state="expired")
                    continue
                for part, payload in enumerate(content.payloads):
                    _insert_part(tx, some, part, payload, now, expires_at)
                _insert_posted(tx, some, content.paper_ids)
        return len(accepted)

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
        payloads: Sequence[Payload],
        paper_ids: Sequence[str],
        now: datetime,
    ) -> bool:
        """Append late arrivals to an edition's thread.

        False, and nothing is done, where another process just did so with any of them.
        """
        assert edition.closes_at is not None
        with self._db.write() as tx:
            if not _lock_subscriptions(tx, [edition.subscription_id], wait=True):
                return False
            if _already_posted(tx, [edition.subscription_id], paper_ids):
                return False
            newest = sa.select(sa.func.max(_deliveries.c.part)).where(
                _deliveries.c.edition_id == edition.id
            )
            first = tx.execute(newest).scalar_one() + 1
            for part, payload in enumerate(payloads, first):
                _insert_part(tx, [edition.id], part, payload, now, edition.closes_at)
            _insert_posted(tx, [edition.id], paper_ids)
        return True

    def posted(
        self, subscription_ids: Sequence[int], paper_ids: Sequence[str]
    ) -> dict[int, set[str]]:
        """Which of these papers each subscription has posted, or is about to."""
        with self._db.read() as tx:
            return _already_posted(tx, subscription_ids, paper_ids)


def _move_on(tx: sa.Connection, batch: Sequence[Planned]) -> list[Planned]:
    """Take what is still to be planned, and note when each subscription is due next."""
    table = tables.subscriptions
    rows = _lock_subscriptions(tx, {one.subscription.id for one in batch}, wait=False)
    due = {row.id: row.next_due_at for row in rows if not row.paused}
    days = tx.execute(
        sa.select(_table.c.subscription_id, _table.c.on).where(
            _table.c.subscription_id.in_(due), _table.c.on.in_({one.on for one in batch})
        )
    )
    # A day that has its edition gets no second one after an edit of time or zone.
    done = {(row.subscription_id, row.on) for row in days}
    moved: dict[int, datetime] = {}
    accepted = []
    for planned in batch:
        id = planned.subscription.id
        if due.get(id) != planned.subscription.next_due_at:
            continue
        due[id] = moved[id] = planned.next_due_at
        if (id, planned.on) not in done:
            done.add((id, planned.on))
            accepted.append(planned)
    together: dict[datetime, list[int]] = defaultdict(list)
    for id, then in moved.items():
        together[then].append(id)
    for then, ids in together.items():
        tx.execute(sa.update(table).where(table.c.id.in_(ids)).values(next_due_at=then))
    return accepted


def _insert_editions(
    tx: sa.Connection, accepted: Sequence[Planned], now: datetime
) -> Sequence[int]:
    """The ids of the new rows, in this order."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for planned in accepted:
        content = planned.content
        same = (planned.on, planned.due_at, content.list_date, content.closes_at)
        alike[same].append(planned.subscription.id)
    ids: dict[tuple[int, date], int] = {}
    for (on, due_at, list_date, closes_at), some in alike.items():
        values = {"on": on, "due_at": due_at, "list_date": list_date, "closes_at": closes_at}
        rows = tx.execute(_INSERT_SAME, {**values, "planned_at": now, "subscriptions": some})
        ids |= {(row.subscription_id, on): row.id for row in rows}
    return [ids[planned.subscription.id, planned.on] for planned in accepted]


def _lock_subscriptions(
    tx: sa.Connection, ids: Collection[int], *, wait: bool
) -> Sequence[sa.Row[Any, Any, Any]]:
    """Their rows, without those that are gone or, without ``wait``, in another's hands."""
    table = tables.subscriptions
    query = (
        sa.select(table.c.id, table.c.paused, table.c.next_due_at)
        .where(table.c.id.in_(ids))
        .order_by(table.c.id)
    )
    return tx.execute(query.with_for_update(skip_locked=not wait)).all()


def _insert_part(
    tx: sa.Connection,
    edition_ids: Sequence[int],
    part: int,
    payload: Payload,
    now: datetime,
    expires_at: datetime,
    *,
    state: State = "pending",
    error: str | None = None,
) -> None:
    """The same message for each of these editions, in one statement."""
    values = {
        "part": part,
        "payload": payload,
        "state": state,
        "not_before": now,
        "expires_at": expires_at,
        "error": error,
    }
    tx.execute(_INSERT_PART, {**values, "editions": edition_ids})


def _insert_posted(tx: sa.Connection, edition_ids: Sequence[int], paper_ids: Sequence[str]) -> None:
    if paper_ids:
        papers = {f"paper{number}": id for number, id in enumerate(paper_ids)}
        tx.execute(_posting(len(paper_ids)), {**papers, "editions": edition_ids})


@lru_cache
def _posting(count: int) -> sa.Insert:
    """The statement that notes so many papers for each of some editions."""
    one_each = (
        sa.select(sa.bindparam(f"paper{number}", type_=sa.Text).label("paper_id"))
        for number in range(count)
    )
    papers = sa.union_all(*one_each).subquery()
    rows = (
        sa.select(_table.c.subscription_id, papers.c.paper_id, _table.c.id)
        .join_from(_table, papers, sa.true())
        .where(_OF_EDITIONS)
    )
    columns = _posted.c
    names = [columns.subscription_id, columns.paper_id, columns.edition_id]
    return sa.insert(_posted).from_select(names, rows)


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
    table, ids = tables.subscriptions.c, [one.subscription.id for one in batch]
    channels = (
        sa.select(table.chat, table.channel, sa.literal(now, Instant).label("next_send_at"))
        .where(table.id.in_(ids))
        .distinct()
        .order_by(table.chat, table.channel)
    )
    insert_missing(tx, _paces, channels)
