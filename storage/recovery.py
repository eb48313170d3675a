"""After the database was set back: what stands in the channels is written into it again.

A restored database does not know what was posted since its backup was made, and would post it
again.  The platforms know: each message bears its mark.  So every channel is read back once,
and until then nothing is planned or sent there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.calendar import due_instant, edition_date, next_due
from storage.database import Database, insert_missing
from storage.model import Standing, Subscription, Target, read_key
from storage.subscriptions import subscription_of

_paces = tables.paces
_editions = tables.editions
_deliveries = tables.deliveries
_subscriptions = tables.subscriptions

_OPEN = timedelta(hours=36)
"""Longer than any edition's thread is added to after its planning."""


class Recovery:
    """Knows which channels must be read back, and takes in what stands there."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mark(self, catalogue: int) -> None:
        """Note that this database is a copy of an older state, or will be when it is used.

        ``catalogue`` is its new name, a random number, so that no search index takes the changes
        to come for others that it has seen under the same numbers.
        """
        planned = sa.select(sa.func.max(_editions.c.planned_at)).scalar_subquery()
        joined = sa.select(sa.func.min(tables.teams.c.first_seen_at)).scalar_subquery()
        with self._db.write() as tx:
            tx.execute(
                sa.update(tables.meta)
                .where(tables.meta.c.name == "catalogue")
                .values(value=catalogue)
            )
            # Whoever held a lease when the copy was made does not hold it here.
            tx.execute(sa.update(tables.leases).values(until=datetime.fromtimestamp(0, UTC)))
            newest = tx.execute(sa.select(sa.func.coalesce(planned, joined))).scalar()
            if newest is None:
                return  # nobody ever subscribed to anything
            channels = tx.execute(
                sa.select(_subscriptions.c.chat, _subscriptions.c.channel)
                .distinct()
                .order_by(_subscriptions.c.chat, _subscriptions.c.channel)
            )
            rows = [{**row, "next_send_at": newest} for row in channels.mappings()]
            insert_missing(tx, _paces, rows)
            tx.execute(sa.update(_paces).values(read_back_from=newest - _OPEN))

    def channels(self, chats: Collection[str]) -> list[tuple[Target, datetime]]:
        """The channels of these chats that must be read back, and from when on."""
        query = (
            sa.select(
                _paces.c.chat, _subscriptions.c.team, _paces.c.channel, _paces.c.read_back_from
            )
            .join(_subscriptions, _of_channel(_subscriptions, _paces))
            .where(_paces.c.read_back_from.is_not(None), _paces.c.chat.in_(chats))
            .distinct()
        )
        with self._db.read() as tx:
            return [(Target(*row[:3]), row[3]) for row in tx.execute(query)]

    def learn(self, target: Target, standing: Iterable[Standing]) -> int:
        """Write what stands in a channel, and open it again.

        Returns how many messages the database did not know to be posted.
        """
        with self._db.write() as tx:
            if not _begin(tx, target):
                return 0
            known = {one.id: one for one in _subscribed(tx, target)}
            learned = 0
            for one in standing:
                key = read_key(one.key)
                if key and (subscription := known.get(key[0])):
                    learned += _learn(tx, subscription, key[1], key[2], one)
            _open(tx, target)
            return learned

    def give_up(self, target: Target, why: str, now: datetime) -> list[Subscription]:
        """Open a channel that cannot be read.  What may stand there already is not posted again.

        Returns the subscriptions whose posts are ``unknown`` by it.
        """
        with self._db.write() as tx:
            if not _begin(tx, target):
                return []
            values: dict[str, Any] = {"state": "unknown", "error": why}
            waiting = _deliveries.c.state.in_(("pending", "sending"))
            here = sa.and_(
                _deliveries.c.chat == target.chat, _deliveries.c.channel == target.channel
            )
            unknown = set(
                tx.execute(
                    sa.select(_editions.c.subscription_id)
                    .join(_deliveries, _deliveries.c.edition_id == _editions.c.id)
                    .where(here, waiting)
                ).scalars()
            )
            tx.execute(sa.update(_deliveries).where(here, waiting).values(values))
            subscriptions = _subscribed(tx, target)
            for one in subscriptions:
                if one.next_due_at <= now and not one.paused:
                    unknown.add(one.id)
                    _skip(tx, one, why, now)
            _open(tx, target)
        return [one for one in subscriptions if one.id in unknown]


def _of_channel(one: Any, other: Any) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.chat == other.c.chat, one.c.channel == other.c.channel)


def _this(target: Target) -> sa.ColumnElement[bool]:
    return sa.and_(_paces.c.chat == target.chat, _paces.c.channel == target.channel)


def _begin(tx: sa.Connection, target: Target) -> bool:
    """Lock the channel; False where another process has read it meanwhile."""
    query = sa.select(_paces.c.read_back_from).where(_this(target)).with_for_update()
    return tx.execute(query).scalar() is not None


def _open(tx: sa.Connection, target: Target) -> None:
    tx.execute(sa.update(_paces).where(_this(target)).values(read_back_from=None))


def _subscribed(tx: sa.Connection, target: Target) -> Sequence[Subscription]:
    query = sa.select(_subscriptions).where(
        _subscriptions.c.chat == target.chat,
        _subscriptions.c.team == target.team,
        _subscriptions.c.channel == target.channel,
    )
    return [subscription_of(row) for row in tx.execute(query)]


def _learn(tx: sa.Connection, one: Subscription, on: date, part: int, standing: Standing) -> bool:
    edition = _edition(tx, one, on, standing.at)
    values = {"state": "sent", "external_id": standing.ref, "sent_at": standing.at, "error": None}
    known = tx.execute(
        sa.select(_deliveries.c.id, _deliveries.c.state).where(
            _deliveries.c.edition_id == edition, _deliveries.c.part == part
        )
    ).first()
    if known is None:
        _insert_part(tx, edition, one.target, part, standing.at, values)
    elif known.state != "sent":
        tx.execute(sa.update(_deliveries).where(_deliveries.c.id == known.id).values(values))
    rows = [
        {"subscription_id": one.id, "paper_id": id, "edition_id": edition}
        for id in sorted(set(standing.papers))
    ]
    insert_missing(tx, tables.posted, rows)
    return known is None or known.state != "sent"


def _skip(tx: sa.Connection, one: Subscription, why: str, now: datetime) -> None:
    """Move on to the next due time; the last one missed is recorded, since it may be posted."""
    due = one.next_due_at
    while (following := next_due(one.at, one.zone, one.days, due)) <= now:
        due = following
    edition = _edition(tx, one, edition_date(due, one.at, one.zone), now)
    values = {"state": "unknown", "error": why}
    part = sa.select(_deliveries.c.id).where(_deliveries.c.edition_id == edition)
    if tx.execute(part).first() is None:
        _insert_part(tx, edition, one.target, 0, now, values)
    tx.execute(
        sa.update(_subscriptions).where(_subscriptions.c.id == one.id).values(next_due_at=following)
    )


def _edition(tx: sa.Connection, one: Subscription, on: date, planned_at: datetime) -> int:
    """The edition of that day, made where there is none."""
    values = {
        "subscription_id": one.id,
        "on": on,
        "due_at": due_instant(on, one.at, one.zone),
        "planned_at": planned_at,
    }
    insert_missing(tx, _editions, [values])
    query = sa.select(_editions.c.id).where(
        _editions.c.subscription_id == one.id, _editions.c.on == on
    )
    id: int = tx.execute(query).scalar_one()
    return id


def _insert_part(
    tx: sa.Connection,
    edition: int,
    target: Target,
    part: int,
    at: datetime,
    values: dict[str, Any],
) -> None:
    tx.execute(
        sa.insert(_deliveries).values(
            edition_id=edition,
            part=part,
            chat=target.chat,
            team=target.team,
            channel=target.channel,
            payload={},
            attempt=0,
            not_before=at,
            expires_at=at,
            **values,
        )
    )
