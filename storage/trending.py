"""Which papers rise: the score behind ``trending``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storage.model import Paper, VotePoint

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Rising:
    """A paper with its score and what it gained: ``gained`` votes within the last ``hours``."""

    paper: Paper
    score: int
    gained: int = 0
    hours: int = 0


def rising(
    papers: Sequence[Paper], points: Mapping[str, Sequence[VotePoint]], now: datetime
) -> list[Rising]:
    """Rank papers, the fastest rising first.

    The score is the votes a paper has plus those it gained in the last 24 hours, so that a vote
    of today counts twice.  Without vote points it falls back to votes, then to the newer list.
    """
    ranked = [_rise(paper, points.get(paper.id, ()), now) for paper in papers]
    return sorted(
        ranked,
        key=lambda rise: (rise.score, rise.paper.listed_on or date.min, rise.paper.id),
        reverse=True,
    )


def _rise(paper: Paper, points: Sequence[VotePoint], now: datetime) -> Rising:
    votes = paper.upvotes or 0
    counted = [point for point in points if point.upvotes is not None and point.seen_at <= now]
    if not counted:
        return Rising(paper, votes)
    before = [point for point in counted if point.seen_at <= now - WINDOW]
    start = before[-1] if before else counted[0]
    # A point older than the window still holds: it stands until the next one.
    hours = round(min(now - start.seen_at, WINDOW) / timedelta(hours=1))
    gained = max(0, votes - (start.upvotes or 0)) if hours else 0
    return Rising(paper, votes + gained, gained, hours)
