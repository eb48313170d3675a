"""arXiv's query interface: what its entries become, and its habits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import SourceError
from adapters.sources.arxiv import Arxiv
from storage.model import Paper
from tests.adapters.sources.conftest import Clock
from tests.adapters.sources.reading import read, read_until_error
from tests.fakes import export as answers
from tests.fakes import hub as faults
from tests.fakes.export import Export
from tests.fakes.server import Fault

TODAY = date(2026, 6, 15)


@pytest.fixture
async def export() -> AsyncIterator[Export]:
    async with Export() as export:
        yield export


@pytest.fixture
async def arxiv(export: Export, clock: Clock) -> AsyncIterator[Arxiv]:
    async with ClientSession() as session:
        yield Arxiv(
            session,
            export.url,
            ["cs.CL", "hep-th"],
            clock.now,
            sleep=clock.sleep,
            random=lambda: 0.5,
            timeout=ClientTimeout(total=10),
        )


def at(day: int) -> datetime:
    return datetime(2026, 6, day, 8, 30, tzinfo=UTC)


def feed(*ids: str, total: int = 0) -> Fault:
    """An answer that holds these papers and counts otherwise."""

    async def answer(request: web.Request) -> web.StreamResponse:
        other = Export()
        for id in ids:
            other.add(id)
        return answers.feed(list(map(answers.entry, other.papers.values())), total)

    return answer


# -- entries ----------------------------------------------------------------------------------


async def test_an_entry_becomes_a_paper(export: Export, arxiv: Arxiv) -> None:
    export.add("hep-th/9901001", at=datetime(1999, 1, 3, tzinfo=UTC))
    export.add(
        "hep-th/9901001",
        at=at(12),
        title="Widgets & <Gadgets>: On $\\sigma$-models and their very long titles of two lines",
        authors=("LHCb collaboration", ":", "Ada Turner"),
        categories=("hep-th", "math.GT", "I.2.6", "68T05; 68T30"),
        comment="23 pages, 8 figures",
        doi="10.1000/widgets.1",
    )
    assert await arxiv.get("hep-th/9901001") == Paper(
        id="hep-th/9901001",
        title="Widgets & <Gadgets>: On $\\sigma$-models and their very long titles of two lines",
        source="arxiv",
        authors=("LHCb collaboration", "Ada Turner"),
        abstract="Widgets are everywhere. We count them, one after the other.",
        published_at=datetime(1999, 1, 3, tzinfo=UTC),
        categories=("hep-th", "math.GT"),
        doi="10.1000/widgets.1",
        version=2,
    )


@pytest.mark.parametrize(
    "facts",
    [
        {"comment": "This paper has been withdrawn by the authors"},
        {"comment": "9 pages; withdrawn due to a crucial error in Lemma 3"},
        {"comment": "This submission has been administratively withdrawn by arXiv"},
        {"abstract": "This article has been withdrawn due to an error in equation 2."},
        {"abstract": "Paper withdrawn, see math-ph/0505072"},
    ],
)
async def test_a_notice_of_withdrawal_is_read(
    export: Export, arxiv: Arxiv, facts: dict[str, str]
) -> None:
    export.add("2606.00001", at=at(10))
    export.add("2606.00001", at=at(12), **facts)
    paper = await arxiv.get("2606.00001")
    assert paper
    assert (paper.version, paper.withdrawn_at) == (2, at(12))


@pytest.mark.parametrize(
    "facts",
    [
        {"comment": "Supersedes the withdrawn arXiv:2401.00001"},
        {"comment": "9 pages, 3 figures"},
        {"abstract": "We study cash withdrawn from machines. The paper money was withdrawn."},
    ],
)
async def test_other_talk_of_withdrawing_is_none(
    export: Export, arxiv: Arxiv, facts: dict[str, str]
) -> None:
    export.add("2606.00001", **facts)
    paper = await arxiv.get("2606.00001")
    assert paper
    assert paper.withdrawn_at is None


# -- ids --------------------------------------------------------------------------------------


async def test_unknown_ids_are_left_out_whatever_is_counted(export: Export, arxiv: Arxiv) -> None:
    for number in range(250):
        export.add(f"2606.{number:05}")
    ids = [f"2606.{number:05}" for number in range(0, 300, 2)]
    assert await read(arxiv.many(["../x", *ids, *ids])) == ids[:125]
    assert len(export.asked) == 2


@pytest.mark.parametrize("polite", [True, False], ids=["400", "200"])
async def test_an_id_that_arxiv_does_not_take_is_none(
    export: Export, arxiv: Arxiv, polite: bool
) -> None:
    export.polite = polite
    export.faults.append(_complaint("incorrect id format for 2613.00001", polite))
    assert await arxiv.get("2606.00001") is None
    export.faults.append(_complaint("internal error", polite))
    with pytest.raises(SourceError, match="was refused: internal error"):
        await arxiv.get("2606.00001")


def _complaint(text: str, polite: bool) -> Fault:
    async def answer(request: web.Request) -> web.StreamResponse:
        return answers.feed([answers.complaint(text)], 1, 400 if polite else 200)

    return answer


async def test_an_id_that_arxiv_does_not_take_costs_itself_only(
    export: Export, arxiv: Arxiv
) -> None:
    ids = [f"2606.{number:05}" for number in range(20)]
    for id in ids:
        export.add(id)
    spoilt = [*ids[:7], "2606.1234", *ids[7:]]
    assert await read(arxiv.many(spoilt)) == ids


async def test_a_list_padded_with_other_papers(export: Export, arxiv: Arxiv) -> None:
    export.faults.append(feed("2606.00007", total=1))
    assert await arxiv.get("2606.00001") is None


# -- categories -------------------------------------------------------------------------------


async def test_new_and_changed_papers_come_newest_first(export: Export, arxiv: Arxiv) -> None:
    export.add("2606.00001", at=at(1))
    export.add("2606.00002", at=at(2))
    export.add("2606.00003", at=at(13), categories=("hep-th",))
    export.add("2606.00004", at=at(14), categories=("cs.CV",))
    export.add("2606.00001", at=at(15))
    assert await read(arxiv.fetch(date(2026, 6, 10))) == ["2606.00001", "2606.00003"]


async def test_many_papers_come_in_pages_and_no_page_too_many(export: Export, arxiv: Arxiv) -> None:
    for number in range(1_000):
        export.add(f"2606.{number:05}", at=at(15) - timedelta(hours=number))
    found = await read(arxiv.fetch(TODAY - timedelta(days=12)))
    assert found == [f"2606.{number:05}" for number in range(297)]
    assert len(export.asked) == 4


async def test_without_categories_nothing_is_asked(export: Export, clock: Clock) -> None:
    async with ClientSession() as session:
        assert await read(Arxiv(session, export.url, [], clock.now).fetch(TODAY)) == []
    assert export.asked == []


async def test_an_empty_page_that_counts_papers_is_asked_again(
    export: Export, arxiv: Arxiv
) -> None:
    export.add("2606.00001")
    export.faults.extend([feed(total=1), feed(total=1)])
    assert await read(arxiv.fetch(TODAY)) == ["2606.00001"]
    export.faults.extend([feed(total=1)] * 3)
    found, error = await read_until_error(arxiv.fetch(TODAY))
    assert found == []
    assert "counts 1 papers and gave none, 3 times." in error


async def test_short_pages_and_wrong_counts_lose_nothing(export: Export, arxiv: Arxiv) -> None:
    ids = [f"2606.{number:05}" for number in range(230)]
    for id in ids:
        export.add(id)
    export.faults.append(feed(*ids[:50], total=230))
    assert await read(arxiv.fetch(TODAY)) == ids
    export.faults.append(feed(*ids[:100], total=3))
    assert await read(arxiv.fetch(TODAY)) == ids


async def test_an_order_that_was_not_asked_for_is_told(export: Export, arxiv: Arxiv) -> None:
    export.sorts = False
    export.add("2606.00001", at=at(14))
    export.add("2606.00002", at=at(2))
    export.add("2606.00003", at=at(15))
    found, error = await read_until_error(arxiv.fetch(date(2026, 6, 1)))
    assert found == ["2606.00001", "2606.00002"]
    assert "is not in the order asked for." in error


# -- search -----------------------------------------------------------------------------------


async def test_a_search_in_the_catalogues_words(export: Export, arxiv: Arxiv) -> None:
    export.add("2606.00001", title="Counting widgets")
    export.add("2606.00002", title="Counting gadgets, a survey", abstract="No more.")
    export.add("2606.00003", title="Counting gadgets", abstract="-", authors=("Yann LeCun",))
    export.add("2606.00004", title="Counting gadgets", abstract="-", categories=("math.CO",))
    export.add("2606.00005", title="Counting gadgets", abstract="-", at=at(1))
    query = "counting gadgets -survey -author:lecun cat:cs after:2026-06-02 before:2027"
    assert [paper.id for paper in await arxiv.search(query, 5)] == []
    export.add("2606.00006", title="Gadgets, and counting them", abstract="-")
    assert [paper.id for paper in await arxiv.search(query, 5)] == ["2606.00006"]
    found = await arxiv.search('"counting gadgets" author:lecun cat:cs.CL', 5)
    assert [paper.id for paper in found] == ["2606.00003"]


@pytest.mark.parametrize("query", ["widgets min:5", "has:code", "-survey", " ", "after:yesterday"])
async def test_what_arxiv_cannot_answer_is_told(arxiv: Arxiv, query: str) -> None:
    with pytest.raises(ValueError, match=r"arXiv|after:"):
        await arxiv.search(query, 5)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text() | st.from_regex(r'(AND|OR|\(|\)|"|\\|:|all:|[a-z])+'), max_size=30))
def test_nothing_typed_is_an_operator(texts: list[str]) -> None:
    async def search() -> None:
        async with Export() as export, ClientSession() as session:
            arxiv = Arxiv(session, export.url, [], lambda: at(15))
            for text in texts:
                with suppress(ValueError):  # a refusal would be a SourceError
                    await arxiv.search(f"widgets {text}", 5)

    asyncio.run(search())


# -- faults -----------------------------------------------------------------------------------

BILLION = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "lol">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<feed xmlns="http://www.w3.org/2005/Atom"><title>&c;</title></feed>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<feed xmlns="http://www.w3.org/2005/Atom"><title>&a;</title></feed>"""
ATOM = "application/atom+xml"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.body(BILLION, ATOM), "answered XML with a DTD or entities, which no feed has."),
        (faults.body(OUTSIDE, ATOM), "answered XML with a DTD or entities, which no feed has."),
        (faults.body(BILLION.decode().encode("utf-16"), ATOM), "answered XML with a DTD"),
        (faults.body(b"<a>" * 200_000 + b"</a>" * 200_000, ATOM), "answered XML that is no Atom"),
        (faults.body(b"<a/>" * 500_000, ATOM), "answered XML of more than 200,000 elements."),
        (faults.body(b"<a>" + b"x" * 6_000_000, ATOM), "answered more than 5 MB."),
        (
            faults.body(b'<?xml version="1.0" encoding="x"?><a/>', ATOM),
            "answered broken or cut-off",
        ),
        (faults.body(b"<rss/>", ATOM), "answered XML that is no Atom feed."),
        (faults.body(b"", ATOM), "answered broken or cut-off XML."),
        (faults.body(b"Rate exceeded.", "text/plain"), "answered text/plain instead of Atom."),
        (faults.status(404), "answered 404. Is PAPERBOT_ARXIV__API_URL right?"),
        (faults.redirect("http://169.254.169.254/"), "Redirects are not followed."),
    ],
    ids=lambda value: "" if callable(value) else value[:30],
)
async def test_an_answer_of_no_use_is_told_and_not_asked_again(
    export: Export, arxiv: Arxiv, fault: Fault, told: str
) -> None:
    export.faults.append(fault)
    with pytest.raises(SourceError) as caught:
        await arxiv.get("2606.00001")
    assert told in str(caught.value)
    assert "root:" not in str(caught.value)
    assert len(export.asked) == 1


async def test_overload_is_waited_for(export: Export, arxiv: Arxiv, clock: Clock) -> None:
    export.add("2606.00001")
    export.faults.extend([faults.status(429, Retry_After="30"), faults.status(503)])
    assert await arxiv.get("2606.00001")
    assert clock.naps == [30, 2]
    assert {asked.headers["User-Agent"] for asked in export.asked} == {"paperbot"}
