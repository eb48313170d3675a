"""The outbox: messages claimed under a lease, and what became of them recorded.

States: ``pending`` waits; ``sending`` is claimed and perhaps on the wire; ``sent`` is done;
``failed`` surely will not be posted; ``expired`` came too late; ``unknown`` may or may not have
been posted and cannot be looked up, so that it is never sent again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database
from storage.model import Delivery, State, Subscription, Target
from storage.subscriptions import subscription_of

_table = tables.deliveries
_editions = tables.editions
_posted = tables.posted
_paces = tables.paces
_HEADERLESS = "the header of its thread was not posted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one claimed message.

    ``pending`` and ``sending`` come again at ``again_at``, the latter to be looked up first.
    ``pause`` stops the subscription, for the reason in ``error``.
    """

    delivery: Delivery
    state: State
    ref: str | None = None
    error: str | None = None
    again_at: datetime | None = None
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """Which subscriptions were paused, and for which it is not known whether a message stands."""

    paused: tuple[Subscription, ...]
    unknown: tuple[Subscription, ...]


class Deliveries:
    """Hands messages out to be sent, and takes back what became of them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def claim(
        self,
        owner: str,
        paces: Mapping[str, timedelta],
        now: datetime,
        lease: timedelta,
        limit: int,
    ) -> list[Delivery]:
        """Take up to ``limit`` messages to send, one for a channel at a time, in order.

        ``paces`` holds the chats to send to, and the least time between two messages to one of
        their channels; it holds across all processes.
        """
        with self._db.write() as tx:
            # Two states, two queries: each walks an index and stops at its limit.
            rows = _free(tx, _lapsed(_table, now), paces, now, limit)
            rows += _free(tx, _waiting(_table, now), paces, now, limit - len(rows))
            if not rows:
                return []
            before = {row.id: row.state for row in rows}
            tx.execute(
                sa.update(_table)
                .where(_table.c.id.in_(before))
                .values(
                    state="sending",
                    owner=owner,
                    lease_until=now + lease,
                    attempt=_table.c.attempt + 1,
                    first_attempt_at=sa.func.coalesce(_table.c.first_attempt_at, now),
                )
            )
            _note_paces(tx, {(row.chat, row.channel): now + paces[row.chat] for row in rows})
            return _load(tx, before)

    def record(self, owner: str, outcomes: Sequence[Outcome], now: datetime) -> Recorded:
        """Write what became of claimed messages, in one transaction.

        An outcome whose lease was lost to another process meanwhile changes nothing.
        """
        with self._db.write() as tx:
            taken = _held(tx, owner, outcomes)
            _write(tx, taken, now)
            paused = [
                subscription
                for outcome in taken
                if outcome.pause
                and (subscription := _pause(tx, outcome.delivery.subscription_id, outcome.error))
            ]
            unknown = [
                _subscription(tx, outcome.delivery.subscription_id)
                for outcome in taken
                if outcome.state == "unknown"
            ]
        return Recorded(tuple(paused), tuple(unknown))

    def expire(self, now: datetime) -> int:
        """Give up what waited past its time; returns how many messages.

        The papers of an edition that was given up whole count as not posted.
        """
        late = (
            sa.select(_table.c.id, _table.c.edition_id, _table.c.part)
            .where(_table.c.state == "pending", _table.c.expires_at <= now)
            .with_for_update(skip_locked=True)  # what is being claimed is sent, or expires later
        )
        with self._db.write() as tx:
            rows = tx.execute(late).all()
            headers = [row.edition_id for row in rows if row.part == 0]
            tx.execute(sa.delete(_posted).where(_posted.c.edition_id.in_(headers)))
            values = {"state": "expired", "error": "it could not be posted in time"}
            ids = [row.id for row in rows]
            tx.execute(sa.update(_table).where(_table.c.id.in_(ids)).values(values))
        return len(rows)

    def waiting(self) -> dict[str, int]:
        """How many messages wait to be sent, by chat."""
        query = (
            sa.select(_table.c.chat, sa.func.count().label("waiting"))
            .where(_table.c.state.in_(("pending", "sending")))
            .group_by(_table.c.chat)
        )
        with self._db.read() as tx:
            return {row.chat: row.waiting for row in tx.execute(query)}


def _load(tx: sa.Connection, before: dict[int, State]) -> list[Delivery]:
    header = _table.alias()
    query = (
        sa.select(
            _table,
            _editions.c.subscription_id,
            _editions.c.on,
            _editions.c.due_at,
            header.c.external_id.label("parent_ref"),
        )
        .join(_editions, _editions.c.id == _table.c.edition_id)
        .outerjoin(
            header,
            sa.and_(header.c.edition_id == _table.c.edition_id, header.c.part == 0),
        )
        .where(_table.c.id.in_(before))
        .order_by(_table.c.not_before, _table.c.id)
    )
    return [
        Delivery(
            id=row.id,
            edition_id=row.edition_id,
            subscription_id=row.subscription_id,
            on=row.on,
            due_at=row.due_at,
            part=row.part,
            target=Target(row.chat, row.team, row.channel),
            payload=row.payload,
            attempt=row.attempt,
            uncertain=before[row.id] == "sending",
            lease_until=row.lease_until,
            first_attempt_at=row.first_attempt_at,
            expires_at=row.expires_at,
            parent_ref=row.parent_ref if row.part else None,
        )
        for row in tx.execute(query)
    ]


def _free(
    tx: sa.Connection,
    wanted: sa.ColumnElement[bool],
    paces: Collection[str],
    now: datetime,
    limit: int,
) -> list[sa.Row[Any, Any, Any, Any]]:
    """Lock messages whose turn it is.

    They are updated by their ids then: one UPDATE over a locking sub-query may lock more.
    """
    query = (
        sa.select(_table.c.id, _table.c.state, _paces.c.chat, _paces.c.channel)
        .join(_paces, _same_channel(_paces, _table))
        .where(
            wanted,
            _table.c.chat.in_(paces),
            _paces.c.next_send_at <= now,
            _paces.c.read_back_from.is_(None),
            ~_must_wait(now),
        )
        .order_by(_table.c.not_before, _table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=[_table, _paces])
    )
    return list(tx.execute(query))


def _held(tx: sa.Connection, owner: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose claim still holds; their rows are locked."""
    query = (
        sa.select(_table.c.id, _table.c.attempt)
        .where(
            _table.c.id.in_([outcome.delivery.id for outcome in outcomes]),
            _table.c.owner == owner,
            _table.c.state == "sending",
        )
        .order_by(_table.c.id)
        .with_for_update()
    )
    held = {(row.id, row.attempt) for row in tx.execute(query)}
    return [one for one in outcomes if (one.delivery.id, one.delivery.attempt) in held]


def _write(tx: sa.Connection, taken: Sequence[Outcome], now: datetime) -> None:
    alike: dict[State, list[dict[str, Any]]] = defaultdict(list)
    for outcome in taken:
        alike[outcome.state].append({"of": outcome.delivery.id, **_values(outcome, now)})
    for rows in alike.values():
        values: dict[str, Any] = {
            name.removeprefix("to_"): sa.bindparam(name) for name in rows[0] if name != "of"
        }
        one = sa.update(_table).where(_table.c.id == sa.bindparam("of"))
        tx.execute(one.values(values), rows)
    for outcome in taken:
        if outcome.state in ("failed", "expired", "unknown") and outcome.delivery.part == 0:
            _give_up(tx, outcome.delivery.edition_id, unknown=outcome.state == "unknown")


def _values(outcome: Outcome, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"to_state": outcome.state, "to_error": outcome.error}
    if outcome.state == "sent":
        values |= {"to_external_id": outcome.ref, "to_sent_at": now}
    elif outcome.state == "pending":
        values["to_not_before"] = outcome.again_at
    elif outcome.state == "sending":
        values["to_lease_until"] = outcome.again_at
    return values


def _give_up(tx: sa.Connection, edition_id: int, *, unknown: bool) -> None:
    """Without its header a thread has no further parts; and surely posted nothing, if known."""
    tx.execute(
        sa.update(_table)
        .where(_table.c.edition_id == edition_id, _table.c.state == "pending")
        .values(state="failed", error=_HEADERLESS)
    )
    if not unknown:
        tx.execute(sa.delete(_posted).where(_posted.c.edition_id == edition_id))


def _pause(tx: sa.Connection, id: int, why: str | None) -> Subscription | None:
    """Pause a subscription; None where it was paused already."""
    table = tables.subscriptions
    row = tx.execute(
        sa.update(table)
        .where(table.c.id == id, table.c.paused.is_(None))
        .values(paused=why)
        .returning(table)
    ).first()
    return subscription_of(row) if row else None


def _subscription(tx: sa.Connection, id: int) -> Subscription:
    table = tables.subscriptions
    return subscription_of(tx.execute(sa.select(table).where(table.c.id == id)).one())


def _waiting(table: Any, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.state == "pending", table.c.not_before <= now)


def _lapsed(table: Any, now: datetime) -> sa.ColumnElement[bool]:
    """Claimed by somebody who did not record what became of it."""
    return sa.and_(table.c.state == "sending", table.c.lease_until <= now)


def _ready(table: Any, now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_waiting(table, now), _lapsed(table, now))


def _same_channel(one: Any, other: Any) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.chat == other.c.chat, one.c.channel == other.c.channel)


def _must_wait(now: datetime) -> sa.ColumnElement[bool]:
    """Earlier parts of the edition first; and a channel gets its messages one by one."""
    earlier = _table.alias()
    part = sa.exists().where(
        earlier.c.edition_id == _table.c.edition_id,
        earlier.c.part < _table.c.part,
        earlier.c.state.in_(("pending", "sending")),
    )
    other = _table.alias()
    on_the_wire = sa.and_(other.c.state == "sending", other.c.lease_until > now)
    turn = sa.exists().where(
        _same_channel(other, _table),
        other.c.state.in_(("pending", "sending")),
        sa.or_(on_the_wire, sa.and_(_ready(other, now), other.c.id < _table.c.id)),
    )
    return sa.or_(part, turn)


def _note_paces(tx: sa.Connection, paces: Mapping[tuple[str, str], datetime]) -> None:
    tx.execute(
        sa.update(_paces)
        .where(_paces.c.chat == sa.bindparam("of"), _paces.c.channel == sa.bindparam("to"))
        .values(next_send_at=sa.bindparam("then")),
        [
            {"of": chat, "to": channel, "then": then}
            for (chat, channel), then in sorted(paces.items())
        ],
    )
