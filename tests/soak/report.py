"""What came of the month: on the platforms, against what people had asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from storage import tables
from tests.soak.world import GIVEN_UP, LATE, Post, Wish

if TYPE_CHECKING:
    from tests.soak.month import Month

Edition = tuple[int, date]


def report(month: Month, wishes: Sequence[Wish], seconds: float) -> bool:
    """Print it; whether all went well."""
    posts = {wish.target: list(month.world.posts(wish.target)) for wish in wishes}
    editions, messages = _planned(month)
    due = {(wish.id, on): at for wish in wishes for on, at in wish.due(month.end)}
    missed = {edition for edition, at in due.items() if _missed(month, at)}
    headers = {
        (post.subscription, post.on): post
        for found in posts.values()
        for post in found
        if post.part == 0
    }
    counts = Counter(
        (post.subscription, post.on, post.part) for found in posts.values() for post in found
    )
    expected = due.keys() - missed
    late = [
        edition
        for edition, post in headers.items()
        if edition in due and post.at - due[edition].timestamp() > LATE.total_seconds()
    ]
    bad = {
        "lost": len(expected - headers.keys()) + len(messages - counts.keys()),
        "doubled": sum(counts.values()) - len(counts),
        "not asked for": len(headers.keys() - expected),
        "out of order": sum(map(_disorder, posts.values())),
        "after their expiry": sum(
            post.at > editions[edition].timestamp()
            for edition, post in headers.items()
            if edition in editions
        ),
        "not finished, by the database": month.unfinished(),
    }
    must = {
        "kills between send and record": month.tally.gap_kills,
        "look-ups that found a message": month.found(),
    }
    told = {
        "subscriptions": len(wishes),
        "editions expected": len(expected),
        "messages expected": len(messages),
        "sent": len(counts),
        **bad,
        "late (replicas were down)": len(late),
        "expired visibly": len(missed),
        "looked up": month.world.looked_up(),
        **must,
        "kills": month.tally.kills,
        "of them with Discord's gateway": month.tally.gateway_kills,
        "crashes of the database": month.tally.crashes,
        "replicas that ended by themselves": month.tally.ended,
        "faults of the platforms": month.world.faults(),
        "seconds": round(seconds),
    }
    table = Table("", "count", title="A month")
    for name, value in told.items():
        table.add_row(name, f"{value:,}")
    console = Console()
    console.print(table)
    for target, found in posts.items():
        for post in found:
            key = (post.subscription, post.on, post.part)
            if counts[key] > 1:
                console.print(f"doubled: {target.chat} {target.channel} {post}", soft_wrap=True)
    return not any(bad.values()) and all(must.values())


def _missed(month: Month, due: datetime) -> bool:
    """Whether all replicas were down from then on for longer than an edition is caught up."""
    return any(begun <= due and ended - due > GIVEN_UP for begun, ended in month.tally.slept)


def _planned(month: Month) -> tuple[dict[Edition, datetime], set[tuple[int, date, int]]]:
    """When each edition expires, and all messages that the database holds as sent."""
    table, editions = tables.deliveries, tables.editions
    query = sa.select(
        editions.c.subscription_id, editions.c.on, table.c.part, table.c.state, table.c.expires_at
    ).join(editions, editions.c.id == table.c.edition_id)
    with month.store.db.read() as tx:
        rows = tx.execute(query).all()
    expiry = {(row.subscription_id, row.on): row.expires_at for row in rows if row.part == 0}
    sent = {(row.subscription_id, row.on, row.part) for row in rows if row.state != "expired"}
    return expiry, sent


def _disorder(posts: Sequence[Post]) -> int:
    """How often an edition came before an older one of its subscription, or a part too early."""
    of: defaultdict[int, list[Post]] = defaultdict(list)
    for post in posts:
        of[post.subscription].append(post)
    wrong = 0
    for mine in of.values():
        headers = [post.on for post in mine if post.part == 0]
        wrong += sum(one > other for one, other in pairwise(headers))
        parts: defaultdict[date, list[int]] = defaultdict(list)
        for post in mine:
            parts[post.on].append(post.part)
        wrong += sum(found != sorted(found) for found in parts.values())
    return wrong
