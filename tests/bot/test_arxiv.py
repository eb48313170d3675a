"""arXiv beside the Hub: what the Hub lacks, asked from a whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from yarl import URL

from bot.app import App, build, utc_now
from bot.settings import Settings
from commands.model import Call, Caller, Reply
from storage.model import Target
from storage.papers import Saved
from tests.fakes import hub as faults
from tests.fakes.export import Export
from tests.fakes.hub import Hub, entry
from tests.fakes.server import Asked

TODAY = date(2026, 6, 15)
HERE = Target("fake", "T1", "C1")


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub(TODAY) as hub:
        yield hub


@pytest.fixture
async def export() -> AsyncIterator[Export]:
    async with Export() as export:
        yield export


@pytest.fixture
async def app(settings: Settings, hub: Hub, export: Export) -> AsyncIterator[App]:
    async with started(settings, hub, export) as app:
        yield app


@asynccontextmanager
async def started(
    settings: Settings, hub: Hub, export: Export, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[App]:
    settings.hf.endpoint, settings.arxiv.api_url = hub.url, export.url
    async with build(settings, now=now) as app:
        yield app


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 6, 15, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def query(asked: Asked) -> str:
    """The ids that were asked for."""
    return URL(asked.path).query["id_list"]


async def say(app: App, text: str) -> Reply:
    return await app.dispatch(Call(caller=Caller("U1", "Ada"), target=HERE, text=text))


async def test_a_paper_comes_from_the_hub_else_from_arxiv(
    app: App, hub: Hub, export: Export
) -> None:
    hub.days[TODAY] = [entry("2606.00001", title="Known to both")]
    export.add("2606.00001", title="Known to both")
    export.add("2606.00002", title="Known to arXiv alone", comment="withdrawn")
    reply = await say(app, "show 2606.00001")
    assert (reply.cards[0].title, export.asked) == ("Known to both", [])
    reply = await say(app, "show https://arxiv.org/abs/2606.00002v1")
    assert reply.cards[0].title == "Known to arXiv alone"
    assert reply.cards[0].url == "https://arxiv.org/abs/2606.00002"
    assert reply.cards[0].text.startswith("Withdrawn on 15 Jun 2026. Widgets are")


async def test_arxiv_is_searched_when_asked_once_for_all_pages(app: App, export: Export) -> None:
    for number in range(7):
        export.add(f"2606.{number:05}", title=f"On widgets {number}")
    nothing = await say(app, "search widgets")
    assert [action.line for action in nothing.actions] == ["search widgets --arxiv"]
    assert export.asked == []
    first = await say(app, nothing.actions[0].line)
    assert first.title == "Papers at arXiv for “widgets”"
    assert [card.paper_id for card in first.cards] == [f"2606.{number:05}" for number in range(5)]
    assert first.more
    second = await say(app, first.more.line)
    assert [card.paper_id for card in second.cards] == ["2606.00005", "2606.00006"]
    assert second.more is None
    assert len(export.asked) == 1
    assert len((await say(app, "search widgets")).cards) == 5  # they are in the catalogue now


async def test_what_arxiv_cannot_be_asked_is_told(app: App, export: Export) -> None:
    assert "min:, has: and like: out" in (await say(app, "search widgets min:5 --arxiv")).text
    assert export.asked == []
    assert (await say(app, "search widgets --arxiv")).title == "arXiv has no papers for “widgets”"
    assert "neither yes nor no" in (await say(app, "search widgets --arxiv=perhaps")).text


async def test_listed_papers_get_versions_and_withdrawals_from_arxiv(
    settings: Settings, hub: Hub, export: Export
) -> None:
    clock = Clock()
    hub.days[TODAY] = [entry("2606.00001", title="By the Hub", upvotes=30), entry("2606.00002")]
    export.add("2606.00001", title="By arXiv", categories=("cs.CL",))
    async with started(settings, hub, export, clock) as app:
        await app.ingest.poll()
        assert await app.watch.look() == Saved(changed=1)
        await app.ingest.poll()
        found = app.store.papers.get("2606.00001")
        assert found
        assert (found.title, found.upvotes, found.categories) == ("By arXiv", 30, ("cs.CL",))
        assert (found.version, found.source) == (1, "huggingface")
        asked = len(export.asked)
        hub.days[TODAY].append(entry("2606.00003"))
        export.add("2606.00001", comment="This paper has been withdrawn", at=clock.now)
        export.add("2606.00003")
        await app.ingest.poll()
        clock.now += timedelta(minutes=1)
        await app.watch.look()
        await app.watch.look()
        assert [query(one) for one in export.asked[asked:]] == ["2606.00003"]
        clock.now += timedelta(hours=6)
        await app.watch.look()
        (card,) = (await say(app, "show 2606.00001")).cards
        assert card.text.startswith("Withdrawn on 15 Jun 2026. ")
        assert (await say(app, "today")).cards[0].text.startswith("Withdrawn on 15 Jun 2026. ")


async def test_chosen_categories_are_followed_and_gaps_are_caught_up(
    settings: Settings, hub: Hub, export: Export
) -> None:
    clock = Clock()
    settings.arxiv.categories = "cs.CL"
    export.add("2606.00001", at=clock.now - timedelta(days=3))
    export.add("2606.00002", at=clock.now, categories=("math.CO",))
    async with started(settings, hub, export, clock) as app:
        export.faults.append(faults.status(400))
        assert await app.watch.look() == Saved()
        assert await app.watch.look() == Saved()
        assert len(export.asked) == 1  # it rests after a failure
        clock.now += timedelta(minutes=15)
        assert await app.watch.look() == Saved(added=1)
        assert await app.watch.look() == Saved()
        assert len(export.asked) == 2
    export.add("2606.00003", at=clock.now + timedelta(days=2))
    export.add("2606.00001", title="Written anew", at=clock.now + timedelta(days=10))
    clock.now += timedelta(days=12)
    async with started(settings, hub, export, clock) as app:  # a new process after a long silence
        assert await app.watch.look() == Saved(added=1, changed=1)
        found = app.store.papers.get("2606.00001")
        assert found
        assert (found.title, found.version) == ("Written anew", 2)


async def test_arxiv_stands_in_for_a_hub_that_fails(app: App, hub: Hub, export: Export) -> None:
    export.add("2606.00001")
    hub.faults.append(faults.status(400))
    assert (await say(app, "show 2606.00001")).cards
