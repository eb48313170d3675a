"""The tables.  Migrations create them; everything else in this folder queries them."""

from __future__ import annotations

import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)

from storage.model import SAMPLE


class Instant(TypeDecorator[datetime.datetime]):
    """An aware datetime, stored in UTC (SQLite keeps no zone of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant needs a time zone")
        if value.tzinfo is not datetime.UTC:  # which it nearly always is
            value = value.astimezone(datetime.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""``catalogue`` names this database; ``cursor`` is the number of the newest change to a paper;
``read <source>`` is when it was last read to the end, in seconds since 1970."""

papers = Table(
    "papers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("abstract", Text),
    Column("summary", Text),
    Column("published_at", Instant, index=True),
    Column("listed_on", Date, index=True),
    Column("first_seen_at", Instant, nullable=False),
    Column("upvotes", Integer),
    Column("comments", Integer),
    Column("code_url", Text),
    Column("code_stars", Integer),
    Column("keywords", JSON, nullable=False),
    Column("organization", Text),
    Column("thumbnail_url", Text),
    Column("links", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("doi", Text),
    Column("version", Integer),
    Column("withdrawn_at", Instant),
    Column("submitted_by", Text),
    Column("changed", BigInteger, nullable=False, unique=True),
)

# The planner uses the partial index only where the query spells the same literal.
is_sample = papers.c.source == literal_column(f"'{SAMPLE}'")
Index("ix_papers_sample", papers.c.id, sqlite_where=is_sample, postgresql_where=is_sample)

removals = Table(
    "removals",
    metadata,
    Column("paper_id", Text, primary_key=True),
    Column("changed", BigInteger, nullable=False, unique=True),
)

listings = Table(
    "listings",
    metadata,
    Column("on", Date, primary_key=True),
    Column("paper_id", Text, primary_key=True, index=True),
)
"""Which paper stands on which daily list; a paper may be listed again on a later day."""

votes = Table(
    "votes",
    metadata,
    Column("paper_id", Text, primary_key=True),
    Column("seen_at", Instant, primary_key=True),
    Column("upvotes", Integer),
    Column("comments", Integer),
    Column("stars", Integer),
)

teams = Table(
    "teams",
    metadata,
    Column("team", Text, primary_key=True),
    Column("chat", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("left_at", Instant),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", _id, primary_key=True),
    Column("chat", Text, nullable=False),
    Column("team", Text, nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("days", Text, nullable=False),
    Column("layout", Text, nullable=False),
    Column("quiet", Text, nullable=False),
    Column("next_due_at", Instant, nullable=False, index=True),
    Column("paused", Text),
    Column("made_by", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    sqlite_autoincrement=True,  # a number that people wrote down never means another one later
)

editions = Table(
    "editions",
    metadata,
    Column("id", _id, primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("on", Date, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("list_date", Date),
    Column("closes_at", Instant, index=True),
    UniqueConstraint("subscription_id", "on"),
    sqlite_autoincrement=True,
)

posted = Table(
    "posted",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True),
    Column("paper_id", Text, primary_key=True),
    Column("edition_id", ForeignKey("editions.id", ondelete="CASCADE"), index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _id, primary_key=True),
    Column("edition_id", ForeignKey("editions.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("chat", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Instant),
    Column("not_before", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("first_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("external_id", Text),
    Column("error", Text),
    UniqueConstraint("edition_id", "part"),
    Index(None, "state", "not_before"),
    Index(None, "chat", "channel", "state"),
    sqlite_autoincrement=True,  # what an operator noted down never means another one later
)

paces = Table(
    "paces",
    metadata,
    Column("chat", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("next_send_at", Instant, nullable=False),
    Column("read_back_from", Instant),
)
"""When each channel may be written to again; locked by whoever claims a message for it.

While ``read_back_from`` is set, the channel must first be read from then on: see ``recovery``.
"""

to_read_back = paces.c.read_back_from.is_not(None)
Index(None, paces.c.read_back_from, sqlite_where=to_read_back, postgresql_where=to_read_back)

lines = Table(
    "lines",
    metadata,
    Column("token", Text, primary_key=True),
    Column("line", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", Instant, nullable=False),
)
