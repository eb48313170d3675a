"""Which papers rise: the forecast behind ``trending``.

A paper collects votes fast at first and then ever more slowly, about evenly on a logarithmic
clock that starts when its list opens.  Its score is the votes it should gain from its last count
until a day from now: half by the pace since its list opened, half by the pace of its last day.
``docs/design.md`` has the reasons; ``make bench-trending`` replays this code on recorded votes.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeAlias

from storage.model import Paper, VotePoint

Measure: TypeAlias = Literal["votes", "stars", "comments"]

AHEAD = timedelta(hours=24)
"""How far the forecast looks."""
LATELY = timedelta(hours=24)
"""Over how long the latest pace is taken."""
LEAST = timedelta(hours=12)
"""Less than that shows no pace."""
HISTORY = LATELY + LEAST
"""How far back vote points are needed, beside what stood at that time."""
SLOWING = timedelta(hours=3)
"""The clock shows ln(1 + age / SLOWING).  Fitted on votes of June to December 2025, where 1 to 8
hours serve alike."""
_OPENING = timedelta(hours=1)
"""No list is younger when its first papers come; a vote in the first second says nothing."""

_CURRENT = {"votes": "upvotes", "stars": "code_stars", "comments": "comments"}
_COUNTED = {"votes": "upvotes", "stars": "stars", "comments": "comments"}


@dataclass(frozen=True, slots=True)
class Gain:
    """What a paper had when it was last counted, and by how much that is more than before."""

    total: int
    last: datetime
    before: datetime | None = None
    """About a day earlier; None where the paper was not known for long enough."""
    gained: int = 0

    @property
    def hours(self) -> int:
        """Between the two counts; 0 where there is only one."""
        return round((self.last - self.before) / timedelta(hours=1)) if self.before else 0


@dataclass(frozen=True, slots=True)
class Rising:
    """A paper with its score and what it gained lately."""

    paper: Paper
    score: float
    gain: Gain


def rising(
    papers: Sequence[Paper],
    points: Mapping[str, Sequence[VotePoint]],
    now: datetime,
    by: Measure = "votes",
) -> list[Rising]:
    """Rank papers, the fastest rising first.

    By votes the score is the forecast; by stars or comments, of which lists know no beginning,
    what was gained lately, and papers without any are left out.  ``points`` (oldest first) are
    the catalogue's: one where a count changed, so each stands until the paper's next.
    """
    looks = sorted({point.seen_at for known in points.values() for point in known})
    looks = looks[: bisect_right(looks, now)]
    ranked = []
    for paper in papers:
        if by == "votes" or getattr(paper, _CURRENT[by]):
            gain = gain_of(paper, points.get(paper.id, ()), looks, now, by)
            score = forecast(paper.listed_on, gain, now) if by == "votes" else float(gain.gained)
            ranked.append(Rising(paper, score, gain))
    return sorted(
        ranked,
        key=lambda rise: (
            rise.score,
            rise.gain.total,
            rise.paper.listed_on or date.min,
            rise.paper.id,
        ),
        reverse=True,
    )


def gain_of(
    paper: Paper,
    points: Sequence[VotePoint],
    looks: Sequence[datetime],
    now: datetime,
    by: Measure = "votes",
) -> Gain:
    """What ``paper`` gained lately.

    ``looks`` are the instants at which papers were counted, oldest first and none after ``now``;
    a look without a point of this paper found it unchanged.
    """
    counts = [
        (point.seen_at, count)
        for point in points
        if point.seen_at <= now and (count := getattr(point, _COUNTED[by])) is not None
    ]
    if not counts or not looks:
        return Gain(getattr(paper, _CURRENT[by]) or 0, looks[-1] if looks else now)
    total = counts[-1][1]
    before = _reference(looks[bisect_left(looks, counts[0][0]) :])
    if before is None:
        return Gain(total, looks[-1])
    had = next(count for at, count in reversed(counts) if at <= before)
    return Gain(total, looks[-1], before, max(0, total - had))


def _reference(looks: Sequence[datetime]) -> datetime | None:
    """The look that the last one is compared with: the nearest to a day before it."""
    last = looks[-1]
    old = looks[: bisect_right(looks, last - LEAST)]
    return min(old, key=lambda look: abs(last - look - LATELY), default=None)


def forecast(listed_on: date | None, gain: Gain, now: datetime) -> float:
    """The votes that should be added from the last count until ``AHEAD`` from now."""
    opened = datetime.combine(listed_on or gain.last.date(), time(), UTC)

    def clock(instant: datetime) -> float:
        return math.log1p(max(instant - opened, _OPENING) / SLOWING)

    pace = gain.total / clock(gain.last)
    passed = clock(gain.last) - clock(gain.before) if gain.before else 0.0
    if passed:
        pace = (pace + gain.gained / passed) / 2
    return pace * (clock(now + AHEAD) - clock(gain.last))
