"""Replays recorded votes: how well each way of ranking foretells what rises.

    python -m tests.bench.trending_bench FILE.csv[.gz] [--since 2025-06-01] [--fit]

``FILE`` has a row for each sight of a paper: ``snapshot_at`` (UTC), ``paper_id``, ``upvotes``,
``daily_date`` (or nothing), ``github_stars``, ``num_comments``.

At 12:00 UTC of each day the papers listed in the last 7 days and last seen less than 60 hours ago
are ranked by what was seen until then.  The truth is how many votes more each has at its first
sight 8 to 96 hours later; a paper without one is left out, as is a day of fewer than 20 papers.
A ranking gets NDCG@10 with gains of log2(1 + votes gained), the mean over days, ties broken at
random.  The constants of ``storage/trending.py`` were chosen on the first half of the days
(``--fit`` shows how); the second half is the result.  Intervals: 95%, days resampled.

A paper's list day is a fact of its listing, so it is taken from any of its rows; votes are not.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

from storage import trending
from storage.model import Paper, VotePoint
from storage.trending import Gain, forecast, gain_of
from tests.bench.answers import show

HOUR = timedelta(hours=1)
LISTED = 7  # days
SEEN = 60 * HOUR
TRUTH = (8 * HOUR, 96 * HOUR)
LEAST = 20  # papers
FRESH = 14 * HOUR
TOP = 10
DRAWS = 10  # of the order of ties
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper at noon: what had been seen of it, and what it was to gain."""

    paper: Paper
    points: Sequence[VotePoint]
    now: datetime
    gained: int

    @property
    def votes(self) -> int:
        return self.points[-1].upvotes or 0

    @property
    def age(self) -> float:
        """Hours since its list day began."""
        return (self.now - _midnight(self.listed_on)) / HOUR

    @property
    def listed_on(self) -> date:
        assert self.paper.listed_on
        return self.paper.listed_on

    @property
    def gain(self) -> Gain:
        """As paperbot takes it; here a paper was looked at only where there is a row."""
        looks = [point.seen_at for point in self.points]
        return gain_of(self.paper, self.points, looks, self.now)


Score: TypeAlias = Callable[[Candidate], float]


def shipped(one: Candidate) -> float:
    """What ``trending`` ranks by."""
    return forecast(one.listed_on, one.gain, one.now)


def since_listing(one: Candidate) -> float:
    """The same without the pace of the last day."""
    return forecast(one.listed_on, Gain(one.votes, one.gain.last), one.now)


def last_day(one: Candidate) -> float:
    """The same by the pace of the last day alone, where it is known."""
    return 2 * shipped(one) - since_listing(one) if one.gain.before else since_listing(one)


def hacker_news(one: Candidate) -> float:
    """Its published formula, with the usual gravity."""
    return (one.votes - 1) / math.pow(one.age + 2, 1.8)


def gain_of_20_hours(one: Candidate) -> float:
    """Votes now less those of the last sight 20 or more hours ago, if there was one."""
    return one.votes - _votes_until(one, 20 * HOUR)


def twice_today(one: Candidate) -> float:
    """Votes, and those of the last 24 hours once more."""
    before = _votes_until(one, 24 * HOUR)
    return one.votes + (one.votes - before if before else 0)


RANKINGS: dict[str, Score] = {
    "random": lambda one: 0.0,
    "newest list first": lambda one: one.listed_on.toordinal(),
    "gain of the last 20 h": gain_of_20_hours,
    "Hacker News, gravity 1.8": hacker_news,
    "votes": lambda one: one.votes,
    "votes + gain of the last 24 h": twice_today,
    "forecast, pace since listing": since_listing,
    "forecast, pace of the last day": last_day,
    "forecast, half and half (shipped)": shipped,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--since", type=date.fromisoformat, default=date(2025, 6, 1))
    parser.add_argument("--fit", action="store_true", help="vary the constants, on the first half")
    options = parser.parse_args()
    days = list(noons(read(options.file), options.since))
    if len(days) < 2:
        parser.error("there are no two days with 20 or more candidates")
    half = len(days) // 2
    show(f"{len(days)} days, {sum(map(len, days)) / len(days):.0f} papers each")
    if options.fit:
        fit(days[:half])
        return
    table("All papers", days, half)
    fresh = [[one for one in day if one.now - one.points[-1].seen_at < FRESH] for day in days]
    table("Only papers seen less than 14 h ago", fresh, half)


def fit(days: Sequence[Sequence[Candidate]]) -> None:
    """One constant after the other, the rest as shipped."""
    for name, hours in {
        "SLOWING": (1, 2, 3, 5, 8, 12, 24),
        "AHEAD": (6, 12, 24, 36, 48),
        "LATELY": (12, 18, 24, 36),
        "LEAST": (6, 12, 18, 24),
    }.items():
        chosen = getattr(trending, name)
        show()
        for value in hours:
            setattr(trending, name, value * HOUR)
            mark = "  shipped" if value * HOUR == chosen else ""
            show(f"{name:8} {value:3} h  {_mean(ndcgs(days, shipped)):.4f}{mark}")
        setattr(trending, name, chosen)


def table(title: str, days: Sequence[Sequence[Candidate]], half: int) -> None:
    """Each ranking on both halves, and how much better than plain votes it is on the second."""
    known = [day for day in days[:half] if len(day) >= LEAST]
    later = [day for day in days[half:] if len(day) >= LEAST]
    if not known or not later:
        return
    plain = ndcgs(later, RANKINGS["votes"])
    show(f"\n{title}: {len(known)} and {len(later)} days")
    show(f"{'NDCG@10':34}  first half  second half             better than votes by")
    for name, score in RANKINGS.items():
        result = ndcgs(later, score)
        low, high = interval(result)
        worse, better = interval([one - other for one, other in zip(result, plain, strict=True)])
        show(
            f"{name:34}  {_mean(ndcgs(known, score)):10.3f}  {_mean(result):.3f} "
            f"({low:.3f} to {high:.3f})  {worse:+.3f} to {better:+.3f}"
        )


def ndcgs(days: Sequence[Sequence[Candidate]], score: Score) -> list[float]:
    """One number for each day."""
    chance = random.Random(7)
    found = []
    for day in days:
        scored = [(score(one), math.log2(1 + one.gained)) for one in day]
        best = _discounted(sorted((gain for _, gain in scored), reverse=True))
        draws = []
        for _ in range(DRAWS):
            chance.shuffle(scored)
            scored.sort(key=lambda pair: -pair[0])
            draws.append(_discounted([gain for _, gain in scored]) / best)
        found.append(_mean(draws))
    return found


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where 95% of the means of resampled days lie."""
    chance = random.Random(7)
    means = sorted(_mean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[RESAMPLES * 25 // 1000], means[RESAMPLES * 975 // 1000 - 1]


def noons(
    papers: Iterable[tuple[Paper, Sequence[VotePoint]]], since: date
) -> Iterator[list[Candidate]]:
    """The candidates of each day that has enough of them, some of which gained votes."""
    listed: dict[date, list[tuple[Paper, Sequence[VotePoint]]]] = defaultdict(list)
    for paper, points in papers:
        assert paper.listed_on
        listed[paper.listed_on].append((paper, points))
    day = since
    while listed and day <= max(listed) + timedelta(days=LISTED):
        noon = _midnight(day) + 12 * HOUR
        recent = (listed.get(day - timedelta(days=back), ()) for back in range(LISTED + 1))
        met = (_candidate(*one, noon) for papers in recent for one in papers)
        candidates = [one for one in met if one]
        if len(candidates) >= LEAST and any(one.gained for one in candidates):
            yield candidates
        day += timedelta(days=1)


def _candidate(paper: Paper, points: Sequence[VotePoint], noon: datetime) -> Candidate | None:
    known = bisect_right(points, noon, key=lambda point: point.seen_at)
    if not known or noon - points[known - 1].seen_at >= SEEN:
        return None
    first, last = (noon + after for after in TRUTH)
    later = (point for point in points[known:] if first <= point.seen_at <= last)
    truth = next(later, None)
    if truth is None:
        return None
    gained = (truth.upvotes or 0) - (points[known - 1].upvotes or 0)
    return Candidate(paper, points[:known], noon, max(0, gained))


def read(file: Path) -> Iterator[tuple[Paper, list[VotePoint]]]:
    """Every paper that was listed, with its sights, oldest first."""
    points: dict[str, list[VotePoint]] = defaultdict(list)
    listed: dict[str, date] = {}
    titles: dict[str, str] = {}
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            id = row["paper_id"]
            at = datetime.fromisoformat(row["snapshot_at"])
            stars, comments = (_number(row[name]) for name in ("github_stars", "num_comments"))
            points[id].append(VotePoint(id, at, _number(row["upvotes"]), comments, stars))
            titles[id] = row["title"]
            if day := row["daily_date"]:
                listed[id] = min(date.fromisoformat(day), listed.get(id, date.max))
    for id, on in listed.items():
        points[id].sort(key=lambda point: point.seen_at)
        yield Paper(id=id, title=titles[id], source="csv", listed_on=on), points[id]


def _number(text: str) -> int | None:
    return int(float(text)) if text else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _votes_until(one: Candidate, ago: timedelta) -> int:
    before = [point for point in one.points if point.seen_at <= one.now - ago]
    return (before[-1].upvotes or 0) if before else 0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:TOP]))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
