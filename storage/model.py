"""What paperbot knows, as plain frozen records.

Every ``datetime`` here is timezone-aware and in UTC; every ``date`` of a list is the Hub's own
list day (a UTC day).  ``None`` and ``()`` mean "not known", so that a source can leave out what
it does not carry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from storage.calendar import Days

SAMPLE = "sample"
"""The source of the bundled papers, which give way to the first real list."""

Payload: TypeAlias = dict[str, Any]
"""One platform message as JSON: what a chat's ``render`` returns and its ``send`` takes."""

Layout: TypeAlias = Literal["thread", "compact", "per-paper"]
Quiet: TypeAlias = Literal["line", "none"]
State: TypeAlias = Literal["pending", "sending", "sent", "failed", "expired", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One paper.  ``id`` is the arXiv id without version, else ``source:key``."""

    id: str
    title: str
    source: str
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    summary: str | None = None
    """One sentence, by the Hub's model or by hand; shown on cards in place of the abstract."""
    published_at: datetime | None = None
    listed_on: date | None = None
    """The newest daily list that carries it; all of them are in the table ``listings``."""
    first_seen_at: datetime | None = None
    """Set by the catalogue at the first sight; sources leave it out."""
    upvotes: int | None = None
    comments: int | None = None
    code_url: str | None = None
    code_stars: int | None = None
    keywords: tuple[str, ...] = ()
    organization: str | None = None
    thumbnail_url: str | None = None
    links: tuple[str, ...] = ()
    """Further addresses, the project page first."""
    categories: tuple[str, ...] = ()
    doi: str | None = None
    version: int | None = None
    withdrawn_at: datetime | None = None
    submitted_by: str | None = None


class Searched(NamedTuple):
    """What can be searched of a paper, as in ``Paper``; made in a fifth of the time of one."""

    id: str
    title: str
    abstract: str | None
    summary: str | None
    published_at: datetime | None
    listed_on: date | None
    upvotes: int | None
    code_url: str | None
    organization: str | None
    authors: Sequence[str]
    keywords: Sequence[str]
    categories: Sequence[str]


@dataclass(frozen=True, slots=True)
class Target:
    """A place that can be posted to.  ``team`` is the workspace or guild: the tenant."""

    chat: str
    team: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A saved command line with a clock.  ``id`` is the number that people type."""

    id: int
    target: Target
    line: str
    at: time
    zone: ZoneInfo
    days: Days
    layout: Layout
    quiet: Quiet
    next_due_at: datetime
    paused: str | None
    """Why it is paused, in words; None while it runs."""
    made_by: str
    private: bool
    """Whether only some of the team can see its channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One day's post of one subscription; ``on`` is the local date of the due instant."""

    id: int
    subscription_id: int
    on: date
    due_at: datetime
    planned_at: datetime
    list_date: date | None
    """The daily list it answers for, where the line is about one."""
    closes_at: datetime | None
    """Until when late arrivals join its thread; None for a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One claimed message of an edition.  Part 0 is the header; the rest is its thread."""

    id: int
    edition_id: int
    subscription_id: int
    on: date
    due_at: datetime
    part: int
    target: Target
    payload: Payload
    attempt: int
    uncertain: bool
    """An earlier attempt may have got through: look it up before sending again."""
    lease_until: datetime
    first_attempt_at: datetime
    expires_at: datetime
    parent_ref: str | None
    """The header's ref, for the parts that go into its thread."""

    @property
    def key(self) -> str:
        """What marks the message on the platform: the same for every attempt, and after a restore.

        Rows are numbered anew by a database that was set back, so their numbers cannot serve.
        """
        return key_of(self.subscription_id, self.on, self.part)


def key_of(subscription_id: int, on: date, part: int) -> str:
    """The mark of one message on its platform; ``read_key`` takes it apart again."""
    return f"pb-{subscription_id}-{on:%Y%m%d}-{part}"


_KEY = re.compile(r"pb-(\d{1,18})-(\d{8})-(\d{1,9})")


def read_key(key: str) -> tuple[int, date, int] | None:
    """Subscription, local date and part of a marked message; None for any other mark."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    try:
        return int(match[1]), date.fromisoformat(match[2]), int(match[3])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One marked message that a platform shows: its mark, its ref, when it was posted."""

    key: str
    ref: str
    at: datetime
    papers: tuple[str, ...] = ()
    """The papers whose addresses it holds."""


@dataclass(frozen=True, slots=True)
class VotePoint:
    """What was counted for a paper at one instant; a row exists where something changed."""

    paper_id: str
    seen_at: datetime
    upvotes: int | None
    comments: int | None
    stars: int | None
