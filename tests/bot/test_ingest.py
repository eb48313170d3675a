from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import aiohttp
import pytest

from adapters.base import SourceError
from adapters.sources.huggingface import HuggingFace
from adapters.sources.sample import Sample
from bot.ingest import Ingest
from storage.papers import Saved
from storage.search import Query
from storage.store import Store
from tests.factories import NOON, TODAY
from tests.fakes.hub import Hub, body, entry

YESTERDAY = TODAY - timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub(TODAY) as hub:
        hub.days[YESTERDAY] = [entry("2606.00001", on=YESTERDAY, upvotes=3)]
        hub.days[TODAY] = [entry("2606.00002", on=TODAY, title="Counting\n Widgets")]
        yield hub


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
async def source(hub: Hub, clock: Clock) -> AsyncIterator[HuggingFace]:
    async with aiohttp.ClientSession() as session:
        yield HuggingFace(session, hub.url, None, clock)


@pytest.fixture
def ingest(source: HuggingFace, store: Store, pool: ThreadPoolExecutor, clock: Clock) -> Ingest:
    return Ingest(source, store, pool, clock)


def asked_days(hub: Hub) -> list[date]:
    days = [path.split("date=")[1][:10] for path in hub.paths if "date=" in path]
    hub.asked.clear()
    return [date.fromisoformat(day) for day in days]


async def test_a_first_poll_brings_a_week_and_makes_it_findable(
    ingest: Ingest, store: Store, hub: Hub
) -> None:
    assert await ingest.poll() == Saved(added=2, unchanged=2)  # what trends is asked for, too
    assert any("sort=trending" in path for path in hub.paths)
    assert asked_days(hub)[0] == TODAY - timedelta(days=7)
    assert [paper.title for paper in store.papers.listed(TODAY, TODAY)] == ["Counting Widgets"]
    assert store.search.find(Query.parse("counting"), 5).hits[0].id == "2606.00002"


async def test_later_polls_ask_for_the_lists_that_still_grow_and_hourly_for_votes(
    ingest: Ingest, hub: Hub, clock: Clock, store: Store
) -> None:
    await ingest.poll()
    asked_days(hub)
    clock.now = NOON + timedelta(minutes=15)
    hub.days[TODAY].append(entry("2606.00003", on=TODAY))
    assert await ingest.poll() == Saved(added=1, unchanged=2)
    assert asked_days(hub) == [YESTERDAY, TODAY]
    clock.now = NOON + timedelta(minutes=61)
    hub.days[YESTERDAY] = [entry("2606.00001", on=YESTERDAY, upvotes=8)]
    await ingest.poll()
    assert len(asked_days(hub)) == 8
    points = store.papers.vote_points(["2606.00001"], NOON)["2606.00001"]
    assert [point.upvotes for point in points] == [3, 8]


async def test_after_a_silence_it_catches_up_from_the_newest_list(
    ingest: Ingest, hub: Hub, clock: Clock
) -> None:
    await ingest.poll()
    asked_days(hub)
    hub.today = TODAY + timedelta(days=12)
    clock.now = NOON + timedelta(days=12)
    await ingest.poll()
    assert asked_days(hub)[0] == TODAY


async def test_a_day_that_cannot_be_read_does_not_keep_the_others_back(
    ingest: Ingest, hub: Hub, store: Store
) -> None:
    hub.days[YESTERDAY] = 1  # seen in archived answers
    with pytest.raises(SourceError, match=str(YESTERDAY)):
        await ingest.fetch(YESTERDAY)
    assert store.papers.newest_list(TODAY) == TODAY
    assert await ingest.poll() == Saved()  # told in the log; the timer goes on


async def test_one_day_can_be_fetched_alone(ingest: Ingest, store: Store) -> None:
    assert await ingest.fetch(YESTERDAY, YESTERDAY) == Saved(added=1)
    assert store.papers.newest_list(TODAY) == YESTERDAY


async def test_the_sample_makes_way_for_the_first_real_list(
    ingest: Ingest, store: Store, pool: ThreadPoolExecutor, clock: Clock, hub: Hub
) -> None:
    sample = Ingest(Sample(clock), store, pool, clock)
    assert (await sample.fetch(date.min)).added == 80
    assert store.papers.has_sample()
    assert store.search.find(Query.parse("attention is all you need"), 1).hits
    hub.faults.append(body("<html>maintenance</html>", "text/html"))
    await ingest.poll()
    assert not store.papers.has_sample()
    assert store.papers.count() == 2
    assert not [
        hit
        for hit in store.search.find(Query.parse("attention is all you need"), 5).hits
        if "Attention" in hit.title
    ]
