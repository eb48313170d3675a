"""Eighty well-known papers, to try paperbot with before it is connected to anything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from storage.model import SAMPLE, Paper

_FILE = Path(__file__).with_name("sample.json")
_TODAY = 12  # papers on today's list
_BEFORE = 9  # weekdays before today that have the others


class Sample:
    """The source ``sample``.  Its facts are real, its votes and comments only rank the papers.

    ``now`` gives aware times.  The lists are laid on the last weekdays; today always has one.
    """

    name = SAMPLE

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        """The papers laid on ``since`` or later, oldest list first."""
        for paper in self._papers():
            if paper.listed_on and paper.listed_on >= since:
                yield paper

    async def trending(self) -> AsyncIterator[Paper]:
        """All of it, most votes first."""
        for paper in sorted(self._papers(), key=lambda paper: -(paper.upvotes or 0)):
            yield paper

    async def get(self, id: str) -> Paper | None:
        return next((paper for paper in self._papers() if paper.id == id), None)

    def _papers(self) -> list[Paper]:
        today = self._now().astimezone(UTC).date()
        before = _weekdays_before(today)
        papers = [
            Paper(
                id=row["id"],
                title=row["title"],
                source=SAMPLE,
                authors=tuple(row["authors"]),
                summary=row["summary"],
                published_at=datetime.fromisoformat(row["published"]).replace(tzinfo=UTC),
                listed_on=today if place < _TODAY else before[place % _BEFORE],
                upvotes=row["upvotes"],
                comments=row["comments"],
                code_url=row.get("code"),
                keywords=tuple(row["keywords"]),
                categories=tuple(row["categories"]),
            )
            for place, row in enumerate(json.loads(_FILE.read_text(encoding="utf-8")))
        ]
        return sorted(papers, key=lambda paper: paper.listed_on or today)


def _weekdays_before(today: date) -> list[date]:
    days = (today - timedelta(days=step) for step in range(1, 2 * _BEFORE))
    return [day for day in days if day.weekday() < 5][:_BEFORE]
