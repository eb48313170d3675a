"""The Hub over real HTTP: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.base import SourceError
from adapters.sources.huggingface import HuggingFace
from tests.adapters.sources.conftest import Clock
from tests.adapters.sources.reading import FRIDAY, MONDAY, WEEK, read, read_until_error
from tests.fakes import hub as faults
from tests.fakes.hub import Hub, entry
from tests.fakes.server import Fault

# -- lists ------------------------------------------------------------------------------------


async def test_each_day_is_asked_oldest_first_weekends_too(hub: Hub, source: HuggingFace) -> None:
    hub.days[FRIDAY] = [entry("2606.00001"), entry("2606.00002")]
    hub.days[MONDAY] = [entry("2606.00003")]
    papers = [paper async for paper in source.fetch(WEEK[0])]
    assert [paper.id for paper in papers] == ["2606.00001", "2606.00002", "2606.00003"]
    assert [paper.listed_on for paper in papers] == [FRIDAY, FRIDAY, MONDAY]
    assert hub.paths == [f"/api/daily_papers?date={day}&p=0&limit=100" for day in WEEK]


async def test_nothing_is_asked_before_the_first_list_or_after_today(
    hub: Hub, source: HuggingFace, clock: Clock
) -> None:
    assert await read(source.fetch(MONDAY + timedelta(days=1))) == []
    assert hub.asked == []
    clock.time = datetime(2023, 5, 5, 12, tzinfo=UTC)
    await read(source.fetch(date(1991, 1, 1)))
    assert [path[23:33] for path in hub.paths] == ["2023-05-04", "2023-05-05"]


async def test_what_is_over_is_asked_for_by_months_and_weeks(hub: Hub, source: HuggingFace) -> None:
    hub.days[date(2026, 5, 4)] = [entry("2605.00001", on=date(2026, 5, 4))]
    hub.days[date(2026, 5, 29)] = [
        entry("2605.00001", on=date(2026, 5, 29)),  # listed again
        entry("2605.00002", on=date(2026, 5, 29)),
    ]
    hub.days[date(2026, 6, 2)] = [entry("2606.00001", on=date(2026, 6, 2))]
    hub.days[MONDAY] = [entry("2606.00002")]
    papers = [paper async for paper in source.fetch(date(2026, 4, 29))]
    assert [(paper.id, str(paper.listed_on)) for paper in papers] == [
        ("2605.00001", "2026-05-04"),
        ("2605.00001", "2026-05-29"),
        ("2605.00002", "2026-05-29"),
        ("2606.00001", "2026-06-02"),
        ("2606.00002", "2026-06-15"),
    ]
    asked = [path.partition("?")[2].partition("&")[0] for path in hub.paths]
    assert asked == [
        *("date=2026-04-29", "date=2026-04-30", "month=2026-05", "week=2026-W23"),
        *(f"date={day}" for day in [date(2026, 6, 8), *WEEK]),  # over, but only since yesterday
    ]


async def test_a_month_that_does_not_tell_its_days_is_asked_for_day_by_day(
    hub: Hub, source: HuggingFace
) -> None:
    hub.days[date(2026, 5, 4)] = [entry("2605.00001", on=date(2026, 5, 4), submittedOnDailyAt=None)]
    papers = [paper async for paper in source.fetch(date(2026, 5, 1))]
    assert [paper.listed_on for paper in papers] == [date(2026, 5, 4)]
    asked = [path.partition("?")[2].partition("&")[0] for path in hub.paths]
    assert asked[:2] == ["month=2026-05", "date=2026-05-01"]
    assert len(asked) == 1 + 31 + 1 + 1 + len(WEEK)


async def test_a_long_list_is_read_page_by_page(hub: Hub, source: HuggingFace) -> None:
    hub.days[MONDAY] = [entry(f"2606.{number:05}") for number in range(250)]
    assert len(set(await read(source.fetch(MONDAY)))) == 250
    assert [path[-11:-10] for path in hub.paths] == ["0", "1", "2"]


async def test_a_mirror_that_knows_no_pages_is_not_read_for_ever(
    hub: Hub, source: HuggingFace
) -> None:
    page = json.dumps([entry(f"2606.{number:05}") for number in range(100)])
    hub.faults.extend([faults.body(page)] * 30)
    assert len(await read(source.fetch(MONDAY))) == 100
    assert len(hub.asked) == 2


async def test_a_list_without_end_is_cut_and_told(hub: Hub, source: HuggingFace) -> None:
    for number in range(30):
        page = [entry(f"2606.{number * 100 + place:05}") for place in range(100)]
        hub.faults.append(faults.body(json.dumps(page)))
    found, error = await read_until_error(source.fetch(MONDAY))
    assert len(found) == 2_000
    assert "not the list's end" in error


async def test_trending_keeps_the_hubs_order(hub: Hub, source: HuggingFace) -> None:
    hub.days[FRIDAY] = [entry("2606.00001", on=FRIDAY, githubStars=3)]
    hub.days[MONDAY] = [entry("2606.00002"), entry("2606.00003", githubStars=50)]
    papers = [paper async for paper in source.trending()]
    assert [paper.id for paper in papers] == ["2606.00003", "2606.00001", "2606.00002"]
    assert papers[1].listed_on == FRIDAY
    assert hub.paths == ["/api/daily_papers?sort=trending&p=0&limit=100"]


@pytest.mark.parametrize("rest", ["", "/", "/mirror/hf", "/mirror/hf/"])
async def test_the_endpoint_may_have_a_path_and_a_slash(
    hub: Hub, connect: Callable[..., HuggingFace], rest: str
) -> None:
    hub.faults.append(faults.body("[]"))
    await read(connect(hub.url.rstrip("/") + rest).fetch(MONDAY))
    assert hub.paths[0].startswith(f"{rest.rstrip('/')}/api/daily_papers?")


@pytest.mark.parametrize("endpoint", ["", "huggingface.co", "ftp://x.org", "https://me:pw@x.org"])
async def test_an_endpoint_that_is_no_web_address_is_refused(
    connect: Callable[..., HuggingFace], endpoint: str
) -> None:
    with pytest.raises(ValueError, match=r"an address like https://huggingface\.co"):
        connect(endpoint)


async def test_one_bad_entry_is_left_out_and_logged(
    hub: Hub, source: HuggingFace, caplog: pytest.LogCaptureFixture
) -> None:
    hub.days[MONDAY] = [entry("2606.00001"), entry("2606.00002", title=None), entry("2606.00003")]
    assert await read(source.fetch(MONDAY)) == ["2606.00001", "2606.00003"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"date={MONDAY}" in record.message
    assert 'entry 2 was left out: paper "2606.00002", paper.title' in record.message


# -- one paper --------------------------------------------------------------------------------


async def test_one_paper_by_id(hub: Hub, source: HuggingFace) -> None:
    hub.days[FRIDAY] = [entry("2606.00001", on=FRIDAY)]
    paper = await source.get("2606.00001")
    assert paper
    assert (paper.id, paper.listed_on, paper.upvotes) == ("2606.00001", FRIDAY, 12)
    assert hub.paths == ["/api/papers/2606.00001"]


async def test_an_unknown_paper_is_none(hub: Hub, source: HuggingFace) -> None:
    assert await source.get("2606.99999") is None
    assert await source.get("hep-th/9901001") is None
    assert len(hub.asked) == 2


@pytest.mark.parametrize("id", ["", "2606.00001v2", "../../etc/passwd", "team:abc", "x?y=z"])
async def test_what_is_no_arxiv_id_is_not_asked_for(hub: Hub, source: HuggingFace, id: str) -> None:
    assert await source.get(id) is None
    assert hub.asked == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("[]", "answered a list instead of a paper"),
        ("{}", "paper null, paper.id: Field required"),
        (json.dumps(entry("2606.00002")["paper"]), "answered with another paper, 2606.00002"),
    ],
)
async def test_an_answer_that_is_not_the_paper(
    hub: Hub, source: HuggingFace, answer: str, told: str
) -> None:
    hub.faults.append(faults.body(answer))
    with pytest.raises(SourceError) as caught:
        await source.get("2606.00001")
    assert f"{hub.url}api/papers/2606.00001 " in str(caught.value)
    assert told in str(caught.value)


# -- unchanged lists --------------------------------------------------------------------------


async def test_an_unchanged_list_is_not_sent_again(hub: Hub, source: HuggingFace) -> None:
    hub.days[MONDAY] = [entry("2606.00001")]
    first = [paper async for paper in source.fetch(MONDAY)]
    hub.days[MONDAY] = [entry("2606.00001", upvotes=99)]
    second = [paper async for paper in source.fetch(MONDAY)]
    third = [paper async for paper in source.fetch(MONDAY)]
    tags = [asked.headers.get("If-None-Match") for asked in hub.asked]
    assert tags[0] is None
    assert tags[1] != tags[2]
    assert (first[0].upvotes, second[0].upvotes) == (12, 99)
    assert second == third


async def test_pages_after_an_unchanged_full_one_are_still_asked(
    hub: Hub, source: HuggingFace
) -> None:
    hub.days[MONDAY] = [entry(f"2606.{number:05}") for number in range(100)]
    await read(source.fetch(MONDAY))
    hub.days[MONDAY].append(entry("2606.00100"))
    assert len(await read(source.fetch(MONDAY))) == 101


async def test_a_304_that_was_not_asked_for_is_an_error(hub: Hub, source: HuggingFace) -> None:
    hub.faults.append(faults.status(304))
    _, error = await read_until_error(source.fetch(MONDAY))
    assert "answered 304" in error


# -- limits and retries -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(500),
        faults.status(503),
        faults.cut_off(),
        faults.cut_off(b"", claimed=1),
        faults.status(429),
    ],
    ids=["500", "503", "reset in the body", "reset before it", "429"],
)
async def test_what_passes_is_tried_again(
    hub: Hub, source: HuggingFace, clock: Clock, fault: Fault
) -> None:
    hub.days[MONDAY] = [entry("2606.00001")]
    hub.faults.extend([fault, fault])
    assert await read(source.fetch(MONDAY)) == ["2606.00001"]
    assert clock.naps == [1.0, 2.0]
    await read(source.fetch(MONDAY))
    assert clock.naps == [1.0, 2.0]


async def test_three_tries_and_no_more(hub: Hub, source: HuggingFace) -> None:
    hub.faults.extend([faults.status(500)] * 9)
    found, error = await read_until_error(source.fetch(MONDAY))
    assert found == []
    assert len(hub.asked) == 3
    address = f"{hub.url}api/daily_papers?date=2026-06-15&p=0&limit=100"
    assert error == (f"No daily list could be read. 2026-06-15: {address} answered 500, 3 times.")


@pytest.mark.parametrize("headers_first", [False, True])
async def test_a_slow_answer_is_given_up(
    hub: Hub, connect: Callable[..., HuggingFace], headers_first: bool
) -> None:
    hub.faults.extend([faults.silence(headers_first)] * 3)
    _, error = await read_until_error(connect(seconds=0.1).fetch(MONDAY))
    assert "did not answer (" in error


async def test_nobody_there(connect: Callable[..., HuggingFace]) -> None:
    _, error = await read_until_error(connect("http://127.0.0.1:9").fetch(MONDAY))
    assert "http://127.0.0.1:9/api/daily_papers?date=2026-06-15" in error
    assert "did not answer (Cannot connect to host 127.0.0.1:9" in error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("86400", 300.0),
        ("Mon, 15 Jun 2026 09:00:30 GMT", 30.0),
        ("Mon, 15 Jun 2026 08:00:00 GMT", 1.0),
        ("Mon, 15 Jun 2026 09:00:30", 1.0),
        ("-5", 1.0),
        ("soon", 1.0),
        ("9" * 5_000, 1.0),
        ("Mon, 15 Jun 99999999999 09:00:30 GMT", 1.0),
    ],
)
@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_is_kept_to_within_reason(
    hub: Hub, source: HuggingFace, clock: Clock, code: int, header: str, seconds: float
) -> None:
    hub.faults.append(faults.status(code, Retry_After=header))
    assert await read(source.fetch(MONDAY)) == []
    assert clock.naps == [seconds]


async def test_a_spent_rate_limit_slows_the_next_request(
    hub: Hub, source: HuggingFace, clock: Clock
) -> None:
    hub.remaining = 2
    await read(source.fetch(WEEK[-2]))
    assert clock.naps == []
    hub.remaining = 500
    await read(source.fetch(MONDAY))
    assert clock.naps == [120.0]
    await read(source.fetch(MONDAY))
    assert clock.naps == [120.0]
