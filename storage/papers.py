"""The catalogue: papers, the daily lists they stand on, and their votes over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database
from storage.model import SAMPLE, Paper, Searched, VotePoint

_FIELDS = tuple(field.name for field in fields(Paper))
_values = attrgetter(*_FIELDS)
_CARRIED = tuple(name for name in _FIELDS if name not in ("id", "first_seen_at"))
_MERGED = tuple(name for name in _CARRIED if name != "withdrawn_at")
_mergeable = attrgetter(*_MERGED)
_OF_ARXIV = ("title", "authors", "abstract", "published_at", "categories", "doi", "version")
"""What arXiv knows best; only its own word comes with a version."""
_COLUMNS = [tables.papers.c[name] for name in _FIELDS]
_LISTS = [at for at, column in enumerate(_COLUMNS) if isinstance(column.type, sa.JSON)]
# Built once: building a statement takes longer than running it, and one with a list of ids in it
# is a cycle that keeps the list, which an import of millions would pay for.
_IDS: sa.BindParameter[Sequence[str]] = sa.bindparam("ids", expanding=True)
_BY_ID = sa.select(*_COLUMNS).where(tables.papers.c.id.in_(_IDS))
_FORGET_REMOVALS = sa.delete(tables.removals).where(tables.removals.c.paper_id.in_(_IDS))
_LISTED = sa.select(tables.listings).where(tables.listings.c.paper_id.in_(_IDS))
_FORGET_VOTES = sa.delete(tables.votes).where(
    tables.votes.c.paper_id.in_(_IDS), tables.votes.c.seen_at == sa.bindparam("now")
)
_SEARCHED = [tables.papers.c[name] for name in Searched._fields]
_IN_ONE_QUERY = 5_000  # ids; SQLite takes 32,766 variables, PostgreSQL 65,535


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the catalogue's history; ``paper`` is None where it was removed."""

    cursor: int
    id: str
    paper: Searched | None


@dataclass(frozen=True, slots=True)
class Subjects:
    """What one paper is about."""

    keywords: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """How many papers a ``save`` added, changed and found as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


class Papers:
    """Reads and writes the catalogue.  Papers are public: no method asks for a team."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, id: str) -> Paper | None:
        return self.many([id]).get(id)

    def many(self, ids: Iterable[str]) -> dict[str, Paper]:
        """The papers with these ids, in the order asked for; unknown ids are left out."""
        wanted = list(dict.fromkeys(ids))
        found = _load(self._db.rows, wanted)
        return {id: found[id] for id in wanted if id in found}

    def count(self) -> int:
        with self._db.read() as tx:
            return tx.execute(sa.select(sa.func.count()).select_from(tables.papers)).scalar_one()

    def save(self, papers: Iterable[Paper], now: datetime) -> Saved:
        """Store what the sources brought, in one transaction.

        A source overwrites only what it carries (not ``None``, not empty), and an entry of an
        older list than the one stored only fills gaps.  Of a paper's own text the newest version
        stands, which only arXiv tells; the others fill gaps.  Who brought it first is its source.
        A vote point is kept where a count changed.
        The sample gives way to the first real list.
        """
        batch = list(papers)
        with self._db.write() as tx:
            # Locks the counter first: writers stand in line, so cursors appear in commit order.
            cursor = tx.execute(
                sa.update(tables.meta)
                .where(tables.meta.c.name == "cursor")
                .values(value=tables.meta.c.value)
                .returning(tables.meta.c.value)
            ).scalar_one()
            cursor = _drop_sample(tx, cursor, batch)
            before = _load(tx.execute, [paper.id for paper in batch])
            after = _merged(batch, before)
            touched = [paper for id, paper in after.items() if before.get(id) != paper]
            rows = [_row(paper, now, cursor + step) for step, paper in enumerate(touched, 1)]
            _write(tx, rows, before)
            _list(tx, batch)
            _count(tx, touched, before, now)
            tx.execute(
                sa.update(tables.meta)
                .where(tables.meta.c.name == "cursor")
                .values(value=cursor + len(rows))
            )
        added = len(after) - len(before)
        return Saved(added, len(touched) - added, len(batch) - len(touched))

    # -- following ----------------------------------------------------------------------------

    def catalogue(self) -> int:
        """A number that names this database; a copy of the data elsewhere has the same."""
        return self._meta("catalogue")

    def cursor(self) -> int:
        """The number of the newest change."""
        return self._meta("cursor")

    def changes(self, after: int, limit: int) -> list[Change]:
        """Changes numbered above ``after``, oldest first, each paper in its newest state."""
        with self._db.read() as tx:
            changed = tables.papers.c.changed
            rows = tx.execute(
                sa.select(changed, *_SEARCHED).where(changed > after).order_by(changed).limit(limit)
            )
            found = [Change(row[0], row[1], Searched._make(row[1:])) for row in rows]
            removed = tables.removals.c.changed
            gone = tx.execute(
                sa.select(removed, tables.removals.c.paper_id)
                .where(removed > after)
                .order_by(removed)
                .limit(limit)
            )
            found += [Change(cursor, id, None) for cursor, id in gone]
        return sorted(found, key=lambda change: change.cursor)[:limit]

    def on_lists(self, since: date, *, unversioned: bool = False) -> list[str]:
        """The ids of all papers on lists of ``since`` or later, but for the sample's.

        ``unversioned``: only those that arXiv was not heard of yet.
        """
        columns = tables.papers.c
        query = sa.select(columns.id).where(columns.listed_on >= since, ~tables.is_sample)
        if unversioned:
            query = query.where(columns.version.is_(None))
        with self._db.read() as tx:
            return list(tx.execute(query.order_by(columns.id)).scalars())

    def read_at(self, source: str) -> datetime | None:
        """When ``source`` was last read to the end, by ``note_read``."""
        with self._db.read() as tx:
            query = sa.select(tables.meta.c.value).where(tables.meta.c.name == f"read {source}")
            seconds: int | None = tx.execute(query).scalar()
            return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def note_read(self, source: str, at: datetime) -> None:
        with self._db.write() as tx:
            row = {"name": f"read {source}", "value": int(at.timestamp())}
            tx.execute(sa.delete(tables.meta).where(tables.meta.c.name == row["name"]))
            tx.execute(sa.insert(tables.meta).values(row))

    def _meta(self, name: str) -> int:
        with self._db.read() as tx:
            query = sa.select(tables.meta.c.value).where(tables.meta.c.name == name)
            value: int = tx.execute(query).scalar_one()
            return value

    # -- lists --------------------------------------------------------------------------------

    def newest_list(self, until: date) -> date | None:
        """The newest day, at most ``until``, that has a list."""
        on = tables.listings.c.on
        with self._db.read() as tx:
            newest: date | None = tx.execute(
                sa.select(sa.func.max(on)).where(on <= until)
            ).scalar_one()
            return newest

    def listed(self, first: date, last: date) -> list[Paper]:
        """The papers on the lists of these days (inclusive), most votes first, each once."""
        on_list = sa.select(tables.listings.c.paper_id).where(
            tables.listings.c.on.between(first, last)
        )
        columns = tables.papers.c
        with self._db.read() as tx:
            rows = tx.execute(
                sa.select(*_COLUMNS)
                .where(columns.id.in_(on_list))
                .order_by(sa.func.coalesce(columns.upvotes, -1).desc(), columns.id.desc())
            )
            return [_paper(row) for row in rows]

    def lists(self, ids: Iterable[str]) -> dict[str, set[date]]:
        """The days on whose lists each of these papers stood; those on none are left out."""
        found: dict[str, set[date]] = {}
        with self._db.read() as tx:
            for part in _parts(list(ids)):
                for row in tx.execute(_LISTED, {"ids": part}):
                    found.setdefault(row.paper_id, set()).add(row.on)
        return found

    def newest_published(self, until: datetime) -> datetime | None:
        """When the newest paper of the catalogue, at most ``until``, was published."""
        at = tables.papers.c.published_at
        with self._db.read() as tx:
            newest: datetime | None = tx.execute(
                sa.select(sa.func.max(at)).where(at <= until)
            ).scalar_one()
            return newest

    def listed_subjects(self, first: date, last: date) -> list[Subjects]:
        """What the papers on the lists of these days (inclusive) are about, each paper once."""
        on_list = sa.select(tables.listings.c.paper_id).where(
            tables.listings.c.on.between(first, last)
        )
        return self._subjects(tables.papers.c.id.in_(on_list))

    def published_subjects(self, after: datetime, until: datetime) -> list[Subjects]:
        """What the papers published in that time (its end is in it) are about."""
        at = tables.papers.c.published_at
        return self._subjects((at > after) & (at <= until))

    def _subjects(self, which: sa.ColumnElement[bool]) -> list[Subjects]:
        columns = tables.papers.c
        with self._db.read() as tx:
            rows = tx.execute(sa.select(columns.keywords, columns.categories).where(which))
            return [Subjects(tuple(keywords), tuple(categories)) for keywords, categories in rows]

    def vote_points(self, ids: Sequence[str], since: datetime) -> dict[str, list[VotePoint]]:
        """What was counted for each paper since then, after what stood at that time."""
        columns = tables.votes.c
        points: dict[str, list[VotePoint]] = {id: [] for id in ids}
        with self._db.read() as tx:
            for part in _parts(ids):
                stood = (
                    sa.select(columns.paper_id, sa.func.max(columns.seen_at).label("at"))
                    .where(columns.paper_id.in_(part), columns.seen_at < since)
                    .group_by(columns.paper_id)
                    .subquery()
                )
                then = (columns.paper_id == stood.c.paper_id) & (columns.seen_at == stood.c.at)
                for row in tx.execute(sa.select(tables.votes).join(stood, then)):
                    points[row.paper_id].append(VotePoint(*row))
                rows = tx.execute(
                    sa.select(tables.votes)
                    .where(columns.paper_id.in_(part), columns.seen_at >= since)
                    .order_by(columns.seen_at)
                )
                for row in rows:
                    points[row.paper_id].append(VotePoint(*row))
        return points

    def has_sample(self) -> bool:
        """Whether the bundled sample still stands in for real lists."""
        with self._db.read() as tx:
            return tx.execute(sa.select(sa.exists().where(tables.is_sample))).scalar_one()


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _IN_ONE_QUERY] for start in range(0, len(ids), _IN_ONE_QUERY))


def _load(
    rows: Callable[[sa.Select[Any], dict[str, Any]], Iterable[sa.Row[Any]]], ids: Sequence[str]
) -> dict[str, Paper]:
    """By ids, in no order, as ``rows`` finds them."""
    return {row[0]: _paper(row) for part in _parts(ids) for row in rows(_BY_ID, {"ids": part})}


def _paper(row: Sequence[Any]) -> Paper:
    values = [*row]
    for at in _LISTS:
        values[at] = tuple(values[at])
    return Paper(**dict(zip(_FIELDS, values, strict=True)))


def _row(paper: Paper, now: datetime, changed: int) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(_FIELDS, _values(paper), strict=True))
    row["first_seen_at"] = paper.first_seen_at or now
    row["changed"] = changed
    return row


def _merged(batch: Sequence[Paper], before: Mapping[str, Paper]) -> dict[str, Paper]:
    after = dict(before)
    for new in batch:
        old = after.get(new.id)
        after[new.id] = _merge(old, new) if old else new
    return after


def _merge(old: Paper, new: Paper) -> Paper:
    older_list = bool(new.listed_on and old.listed_on and new.listed_on < old.listed_on)
    older_text = (new.version or 0) < (old.version or 0)
    changes: dict[str, Any] = {}
    for name, value, known in zip(_MERGED, _mergeable(new), _mergeable(old), strict=True):
        if value == known or value is None or value == ():
            continue
        only_gaps = older_list or name == "source" or (older_text and name in _OF_ARXIV)
        if not only_gaps or known is None or known == ():
            changes[name] = value
    told = new.withdrawn_at or new.version  # a newer version may take the withdrawal back
    if told and not older_text and new.withdrawn_at != old.withdrawn_at:
        changes["withdrawn_at"] = new.withdrawn_at
    return replace(old, **changes) if changes else old


def _write(tx: sa.Connection, rows: Sequence[dict[str, Any]], before: Mapping[str, Paper]) -> None:
    new = [row for row in rows if row["id"] not in before]
    old = [row for row in rows if row["id"] in before]
    if new:
        # Most sources carry half of the columns; the others stay empty by themselves.
        carried = [name for name in new[0] if any(row[name] is not None for row in new)]
        tx.execute(sa.insert(tables.papers), [{name: row[name] for name in carried} for row in new])
        # A removal is history once the paper is back: the index sees the newer change.
        ids = [row["id"] for row in new]
        for part in _parts(ids):
            tx.execute(_FORGET_REMOVALS, {"ids": part})
    if old:
        # Mostly it is the votes that change.
        changed = [
            name
            for name in _CARRIED
            if any(row[name] != getattr(before[row["id"]], name) for row in old)
        ]
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in (*changed, "changed")}
        tx.execute(
            sa.update(tables.papers)
            .where(tables.papers.c.id == sa.bindparam("key"))
            .values(columns),
            [{"key": row["id"], **{name: row[name] for name in columns}} for row in old],
        )


def _list(tx: sa.Connection, batch: Sequence[Paper]) -> None:
    wanted = {(paper.listed_on, paper.id) for paper in batch if paper.listed_on}
    known: set[tuple[date | None, str]] = set()
    for part in _parts(list({id for _, id in wanted})):
        rows = tx.execute(_LISTED, {"ids": part})
        known |= {(row.on, row.paper_id) for row in rows}
    if new := wanted - known:
        tx.execute(sa.insert(tables.listings), [{"on": on, "paper_id": id} for on, id in new])


def _count(
    tx: sa.Connection, touched: Sequence[Paper], before: Mapping[str, Paper], now: datetime
) -> None:
    def counts(paper: Paper | None) -> tuple[int | None, ...]:
        return (paper.upvotes, paper.comments, paper.code_stars) if paper else (None, None, None)

    points = [
        VotePoint(paper.id, now, *counts(paper))
        for paper in touched
        if counts(paper) != counts(before.get(paper.id))
    ]
    for part in _parts([point.paper_id for point in points]):
        tx.execute(_FORGET_VOTES, {"ids": part, "now": now})
    if points:
        names = tables.votes.c.keys()
        rows = [{name: getattr(point, name) for name in names} for point in points]
        tx.execute(sa.insert(tables.votes), rows)


def _drop_sample(tx: sa.Connection, cursor: int, batch: Sequence[Paper]) -> int:
    """Remove what the real papers of ``batch`` replace: all of the sample at the first list.

    Returns the cursor after the removals.
    """
    real = [paper for paper in batch if paper.source != SAMPLE]
    sample = set(tx.execute(sa.select(tables.papers.c.id).where(tables.is_sample)).scalars())
    if not any(paper.listed_on for paper in real):
        sample &= {paper.id for paper in real}
    ids = sorted(sample)
    if not ids:
        return cursor
    for table, column in (
        (tables.listings, tables.listings.c.paper_id),
        (tables.votes, tables.votes.c.paper_id),
        (tables.removals, tables.removals.c.paper_id),
        (tables.papers, tables.papers.c.id),
    ):
        tx.execute(sa.delete(table).where(column.in_(ids)))
    rows = [{"paper_id": id, "changed": cursor + step} for step, id in enumerate(ids, 1)]
    tx.execute(sa.insert(tables.removals), rows)
    return cursor + len(ids)
