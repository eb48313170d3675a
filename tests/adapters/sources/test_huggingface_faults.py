"""The Hub when it does not answer as it should: what is lost, what is told, what is kept secret."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from datetime import date

import pytest

from adapters.sources.huggingface import HuggingFace
from tests.adapters.sources.reading import MONDAY, WEEK, read, read_until_error
from tests.fakes import hub as faults
from tests.fakes.hub import Hub, entry
from tests.fakes.server import Fault

# -- days that fail ---------------------------------------------------------------------------


async def test_a_placeholder_costs_its_own_day_only(hub: Hub, source: HuggingFace) -> None:
    hub.days = {day: [entry(f"2606.000{day.day}")] for day in WEEK}
    hub.days[WEEK[1]] = 1
    hub.days[WEEK[3]] = {"error": "none"}
    found, error = await read_until_error(source.fetch(WEEK[0]))
    assert found == [f"2606.000{WEEK[place].day}" for place in (0, 2, 4, 5, 6)]
    assert error.startswith("2 of the daily lists could not be read, ")
    assert " 2026-06-10: http" in error
    assert "answered 1 instead of a list of papers." in error
    assert "2026-06-12: http" in error
    assert "answered an object instead of a list of papers." in error


async def test_many_failed_days_are_counted_and_three_told(hub: Hub, source: HuggingFace) -> None:
    hub.days = dict.fromkeys(WEEK, 1)
    _, error = await read_until_error(source.fetch(WEEK[0]))
    assert error.startswith("7 of the daily lists")
    assert error.count("answered 1") == 3


async def test_an_outage_ends_after_three_days(hub: Hub, source: HuggingFace) -> None:
    hub.faults.extend([faults.status(502)] * 99)
    _, error = await read_until_error(source.fetch(date(2025, 1, 1)))
    assert len(hub.asked) == 9
    assert error.startswith("No daily list could be read. 2025-01-03: ")


async def test_a_day_that_always_fails_is_no_outage(hub: Hub, source: HuggingFace) -> None:
    hub.days[MONDAY] = [entry("2606.00001")]
    hub.faults.extend([faults.status(500)] * 6)
    found, error = await read_until_error(source.fetch(WEEK[0]))
    assert found == ["2606.00001"]
    assert error.startswith("2 of the daily lists")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.status(400), "answered 400. It does not take what it was asked."),
        (faults.status(401), "answered 401. It wants a token (HF_TOKEN)."),
        (faults.status(403), "answered 403. It wants a token (HF_TOKEN)."),
        (faults.status(404), "does not exist. Is the endpoint's address right?"),
        (faults.status(204), "answered 204."),
        (faults.body("<html>", "text/html"), "answered text/html instead of JSON. Is a proxy"),
        (faults.body("[{"), "answered broken or cut-off JSON."),
        (faults.body(b"\xff\xfe\xfd"), "answered text that is not in UTF-8."),
        (faults.body("[" * 200_000), "answered broken or cut-off JSON."),
        (faults.body("1" * 10_000), "answered broken or cut-off JSON."),
        (faults.body("[1" + ",1" * 1_000 + "]"), "answered 1,001 entries instead of up to 100."),
        (faults.body(""), "answered broken or cut-off JSON."),
        (faults.body(b" " * 6_000_000 + b"[]"), "answered more than 5 MB."),
    ],
)
async def test_an_answer_of_no_use_is_told_and_not_asked_again(
    hub: Hub, source: HuggingFace, fault: Fault, told: str
) -> None:
    hub.faults.append(fault)
    found, error = await read_until_error(source.fetch(MONDAY))
    assert found == []
    assert told in error
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/latest/meta-data/", "/api/papers/2606.00001", "http://[::1]/"]
)
async def test_a_redirect_is_not_followed(hub: Hub, source: HuggingFace, to: str) -> None:
    hub.faults.append(faults.redirect(to))
    _, error = await read_until_error(source.fetch(MONDAY))
    assert "answered 302. Redirects are not followed." in error
    assert len(hub.asked) == 1


# -- the token --------------------------------------------------------------------------------

TOKEN = "hf_canaryCanaryCanary"


async def test_the_token_is_sent_and_opens_the_door(
    hub: Hub, connect: Callable[..., HuggingFace]
) -> None:
    hub.token = TOKEN
    hub.days[MONDAY] = [entry("2606.00001")]
    assert await read(connect(token=TOKEN).fetch(MONDAY)) == ["2606.00001"]
    _, error = await read_until_error(connect(token="hf_wrong").fetch(MONDAY))
    assert "answered 401. Is the token right?" in error


async def test_without_a_token_none_is_sent(hub: Hub, source: HuggingFace) -> None:
    await source.get("2606.00001")
    assert "Authorization" not in hub.asked[0].headers


async def test_the_token_is_nowhere_to_be_read(
    hub: Hub, connect: Callable[..., HuggingFace], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.token = TOKEN
    hub.days[MONDAY] = [entry("2606.00001"), entry(TOKEN)]
    source = connect(token=TOKEN)
    await read(source.fetch(MONDAY))
    echoes: list[Fault] = [
        faults.status(401),
        faults.body(json.dumps(TOKEN)),
        faults.body(TOKEN, "text/html"),
        faults.body("[]", f"text/{TOKEN}"),
        faults.redirect(f"http://example.org/{TOKEN}"),
        faults.overlong(f"HTTP/1.1 {TOKEN}".encode(), claimed=-5),
    ]
    told = ""
    for echo in echoes:
        hub.faults.extend([echo] * 3)
        told += (await read_until_error(source.fetch(MONDAY)))[1]
        hub.faults.clear()
    assert "***" in told
    assert TOKEN not in told + caplog.text + repr(source)


async def test_a_gzip_that_was_not_asked_for_is_read_all_the_same(
    hub: Hub, source: HuggingFace
) -> None:
    entries = json.dumps([entry("2606.00001")]).encode()
    hub.faults.extend([faults.packed(b"\x1f\x8b nonsense"), faults.packed(gzip.compress(entries))])
    assert await read(source.fetch(MONDAY)) == ["2606.00001"]
