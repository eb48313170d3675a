"""What every source promises, whatever it is fed: one suite over all of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.base import Source
from adapters.sources import files
from adapters.sources.arxiv import Arxiv
from adapters.sources.huggingface import HuggingFace
from adapters.sources.sample import Sample
from storage.ids import paper_id
from storage.model import Paper
from tests.fakes.export import Export
from tests.fakes.hub import Hub, entry

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
TODAY = NOW.date()
DAYS = [TODAY - timedelta(days=step) for step in range(5, -1, -1)]
HOSTILE = "<!channel> @everyone\n\x00\u202e [x](javascript:y) \ud800 " + "A" * 5_000


def hostile(number: int, on: date) -> list[Any]:
    """One sound entry of a list among others that are not."""
    return [
        None,
        7,
        {"paper": {"id": "../../x", "title": HOSTILE}},
        entry(
            f"2606.{number:05}",
            on=on,
            title=HOSTILE,
            summary=HOSTILE,
            ai_summary=HOSTILE,
            ai_keywords=["", HOSTILE, None, 4],
            authors=[{"name": " "}, {"name": HOSTILE}, {}, {"name": "X", "hidden": True}],
            organization={"fullname": HOSTILE},
            publishedAt="9999-12-31T23:59:59-12:00" if number % 2 else "2026-06-01T23:00:00+05:00",
            upvotes=-1,
            githubRepo="javascript:alert(1)",
            githubStars=10**30,
            projectPage="https://[",
            submittedOnDailyBy={"user": HOSTILE},
        ),
        [[]],
    ]


class Files:
    """Files behind the port of a source."""

    name = "files"

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        for paper in files.read(self._paths, lambda count: None):
            if isinstance(paper, Paper) and (not paper.listed_on or paper.listed_on >= since):
                yield paper

    def trending(self) -> AsyncIterator[Paper]:
        return self.fetch(date.min)

    async def get(self, id: str) -> Paper | None:
        papers = [paper async for paper in self.fetch(date.min) if paper.id == id]
        return papers[0] if papers else None


def fill(folder: Path, kind: str) -> None:
    if kind == "hub files":
        for number, day in enumerate(DAYS):
            (folder / f"{day}.json").write_text(json.dumps(hostile(number, day)))
        return
    if kind == "arXiv dump":
        rows = [
            {"id": "2401.00001v3", "title": HOSTILE, "authors_parsed": [["", "", HOSTILE]]},
            {"id": "hep-th/9901001", "title": "W", "authors_parsed": [["", "", ""], ["A\n", "B"]]},
            {"id": HOSTILE, "title": HOSTILE},
            {"id": "2401.00009"},
        ]
    else:
        good = {"paperbot": 1, "id": "2401.00001", "title": "W", "source": "arxiv"}
        rows = [
            good | {"authors": [" ", "A\nB"], "published_at": "2024-01-01T00:00:00-05:00"},
            good | {"id": "team:widgets", "title": "<!channel>\n \x00 @everyone"},
            good | {"title": HOSTILE},
            good | {"links": ["javascript:alert(1)"]},
        ]
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, rows)))


def submit(export: Export) -> None:
    """Sound papers among others that are not."""
    hostile = {
        "title": HOSTILE.replace("\x00", "").encode(errors="ignore").decode(),
        "authors": (" ", ":", "A\nB"),
        "categories": ("cs.CL", "I.2.7", "68T50;", "<x>"),
        "doi": " ",
    }
    for number in range(3):
        export.add(f"2606.{number:05}", **hostile if number else {})
    export.add("hep-th/9901001", title="An old one", comment="9 pages; withdrawn")
    export.add("../../x")
    export.add("2606.00009", title=" ")


@pytest.fixture(params=["huggingface", "arxiv", "sample", "hub files", "arXiv dump", "export"])
async def source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Source]:
    if request.param == "huggingface":
        async with Hub(TODAY) as hub, ClientSession() as session:
            hub.days = {day: hostile(number, day) for number, day in enumerate(DAYS)}
            yield HuggingFace(session, hub.url, None, lambda: NOW)
    elif request.param == "arxiv":
        async with Export() as export, ClientSession() as session:
            submit(export)
            yield Arxiv(session, export.url, ["cs.CL"], lambda: NOW)
    elif request.param == "sample":
        yield Sample(lambda: NOW)
    else:
        fill(tmp_path, request.param)
        yield Files(tmp_path)


async def read(source: Source, since: date = DAYS[0]) -> list[Paper]:
    return [paper async for paper in source.fetch(since)]


async def test_what_is_sound_comes_through(source: Source) -> None:
    papers = await read(source)
    assert len(papers) >= 2
    assert source.name == source.name.strip() != ""


async def test_ids_are_canonical(source: Source) -> None:
    for paper in await read(source):
        assert paper_id(paper.id) == paper.id or paper.id == "team:widgets"


async def test_texts_are_clean_lines(source: Source) -> None:
    for paper in await read(source):
        assert paper.title
        texts = [paper.title, paper.abstract, paper.summary, paper.organization, paper.doi]
        texts += [paper.submitted_by, *paper.authors, *paper.keywords, *paper.categories]
        for text in texts:
            if text is not None:
                assert text == " ".join(text.split()) != ""
                assert "\x00" not in text
                text.encode()


async def test_dates_are_utc_and_days_are_days(source: Source) -> None:
    for paper in await read(source):
        for time in (paper.published_at, paper.withdrawn_at):
            assert time is None or time.tzinfo is UTC
        assert paper.listed_on is None or type(paper.listed_on) is date
        assert paper.first_seen_at is None


async def test_counts_fit_a_column_and_addresses_a_browser(source: Source) -> None:
    for paper in await read(source):
        for count in (paper.upvotes, paper.comments, paper.code_stars, paper.version):
            assert count is None or 0 <= count < 2**31
        for address in filter(None, (paper.code_url, paper.thumbnail_url, *paper.links)):
            assert address.startswith(("https://", "http://"))


async def test_lists_come_oldest_first_and_none_too_early(source: Source) -> None:
    days = [paper.listed_on for paper in await read(source, DAYS[2]) if paper.listed_on]
    assert days == sorted(days)
    assert all(DAYS[2] <= day <= TODAY for day in days)


async def test_nothing_is_listed_after_today(source: Source) -> None:
    papers = await read(source, TODAY + timedelta(days=1))
    assert [paper for paper in papers if paper.listed_on] == []


async def test_reading_twice_gives_the_same(source: Source) -> None:
    assert await read(source) == await read(source)


async def test_what_trends_is_sound_too(source: Source) -> None:
    papers = [paper async for paper in source.trending()]
    assert papers or source.name == "arxiv"  # which counts no votes
    assert all(paper.id and paper.title for paper in papers)


async def test_one_paper_by_its_id(source: Source) -> None:
    papers = await read(source)
    paper = await source.get(papers[-1].id)
    assert paper
    assert (paper.id, paper.title) == (papers[-1].id, papers[-1].title)


@pytest.mark.parametrize("id", ["2405.99999", "hep-th/0001001", "", "team:other", "../x", HOSTILE])
async def test_an_unknown_paper_is_none(source: Source, id: str) -> None:
    assert await source.get(id) is None


async def test_a_quiet_hub_and_empty_files_have_no_papers(tmp_path: Path) -> None:
    (tmp_path / f"{TODAY}.json").write_text("[]")
    async with Hub(TODAY) as hub, Export() as export, ClientSession() as session:
        quiet: list[Source] = [
            HuggingFace(session, hub.url, None, lambda: NOW),
            Arxiv(session, export.url, ["cs.CL"], lambda: NOW),
            Files(tmp_path),
            Files(tmp_path / "missing"),
        ]
        for source in quiet:
            assert await read(source) == []
