"""Reading a source to its end, or to its error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from adapters.base import SourceError
from storage.model import Paper

MONDAY = date(2026, 6, 15)
FRIDAY = date(2026, 6, 12)
WEEK = [MONDAY - timedelta(days=step) for step in range(6, -1, -1)]


async def read(papers: AsyncIterator[Paper]) -> list[str]:
    return [paper.id async for paper in papers]


async def read_until_error(papers: AsyncIterator[Paper]) -> tuple[list[str], str]:
    found = []
    with pytest.raises(SourceError) as caught:  # noqa: PT012  what came before it counts
        async for paper in papers:
            found.append(paper.id)  # noqa: PERF401
    return found, str(caught.value)
