"""The bundled sample: eighty papers, always with a list for today."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.sources.sample import Sample
from storage.ids import paper_id
from storage.model import SAMPLE, Paper

MONDAY = datetime(2026, 6, 15, 9, tzinfo=UTC)


async def read(now: datetime, since: date = date.min) -> list[Paper]:
    return [paper async for paper in Sample(lambda: now).fetch(since)]


@pytest.mark.parametrize("days", range(7))
async def test_today_has_twelve_papers_and_nine_weekdays_before_the_others(days: int) -> None:
    now = MONDAY + timedelta(days=days)
    papers = await read(now)
    counts = Counter(paper.listed_on for paper in papers)
    assert counts.pop(now.date()) == 12
    assert sorted(counts.values()) == [7, 7, 7, 7, 8, 8, 8, 8, 8]
    assert all(day and day.weekday() < 5 and day < now.date() for day in counts)
    oldest = min(day for day in counts if day)
    assert (now.date() - oldest).days <= 13


async def test_only_lists_since_the_day_asked_for() -> None:
    assert len(await read(MONDAY, MONDAY.date())) == 12
    assert await read(MONDAY, MONDAY.date() + timedelta(days=1)) == []


async def test_every_paper_is_complete() -> None:
    papers = await read(MONDAY)
    assert len({paper.id for paper in papers}) == len({paper.title for paper in papers}) == 80
    for paper in papers:
        assert paper_id(paper.id) == paper.id
        assert paper.source == SAMPLE
        assert 1 <= len(paper.authors) <= 12
        assert 3 <= len(paper.keywords) <= 5
        assert paper.abstract is None
        assert paper.summary
        assert 12 <= len(paper.summary.split()) <= 25
        assert re.fullmatch(r"[A-Z].*[^.]\.", paper.summary)
        assert all(re.fullmatch(r"[a-z]+(\.[A-Z]{2})?", name) for name in paper.categories)
        assert paper.categories
        assert paper.code_url is None or re.fullmatch(
            r"https://github\.com/[\w-]+/[\w.-]+", paper.code_url
        )


async def test_dates_are_those_of_the_ids() -> None:
    for paper in await read(MONDAY):
        assert paper.published_at
        numbered = datetime(2000 + int(paper.id[:2]), int(paper.id[2:4]), 1, tzinfo=UTC)
        # CLIP came at the end of a month and was numbered in the next.
        assert timedelta(days=-5) < paper.published_at - numbered < timedelta(days=31)


async def test_votes_rank_the_papers_in_round_steps() -> None:
    votes = sorted(paper.upvotes or 0 for paper in await read(MONDAY))
    assert votes == list(range(10, 810, 10))


async def test_only_the_sample_is_known_by_id() -> None:
    sample = Sample(lambda: MONDAY)
    paper = await sample.get("1706.03762")
    assert paper
    assert paper.title == "Attention Is All You Need"
    assert paper.listed_on == MONDAY.date()
    assert await sample.get("1706.03763") is None
