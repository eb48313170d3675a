"""Small made-up papers and times for the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from storage.model import Paper, Searched

NOON = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
"""A Tuesday."""
TODAY = date(2026, 6, 30)


def paper(number: int = 1, **values: Any) -> Paper:
    """Paper ``2606.<number>``, listed on the day of NOON unless told otherwise."""
    facts: dict[str, Any] = {
        "id": f"2606.{number:05}",
        "title": f"A Study of Widgets, Part {number}",
        "source": "huggingface",
        "authors": ("Ada Example", "Bob Example"),
        "abstract": f"We count widgets of kind {number}. Then we stop.",
        "summary": f"Widgets of kind {number} are counted.",
        "published_at": datetime(2026, 6, 29, tzinfo=UTC),
        "listed_on": TODAY,
        "upvotes": 10,
    }
    return Paper(**facts | values)


def searched(paper: Paper) -> Searched:
    """What the catalogue gives of this paper to those who follow it."""
    return Searched._make(getattr(paper, name) for name in Searched._fields)
