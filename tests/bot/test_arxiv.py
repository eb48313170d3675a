"""arXiv beside the Hub: what the Hub lacks, asked from a whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest

from bot.app import App, build
from bot.settings import Settings
from commands.model import Call, Caller, Reply
from storage.model import Target
from tests.fakes import hub as faults
from tests.fakes.export import Export
from tests.fakes.hub import Hub, entry

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
async def started(settings: Settings, hub: Hub, export: Export) -> AsyncIterator[App]:
    settings.hf.endpoint, settings.arxiv.api_url = hub.url, export.url
    async with build(settings) as app:
        yield app


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
    assert "withdrawn 15 Jun 2026" in reply.cards[0].footer


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
    assert "min: and has: out" in (await say(app, "search widgets min:5 --arxiv")).text
    assert export.asked == []
    assert (await say(app, "search widgets --arxiv")).title == "arXiv has no papers for “widgets”"
    assert "neither yes nor no" in (await say(app, "search widgets --arxiv=perhaps")).text


async def test_arxiv_stands_in_for_a_hub_that_fails(app: App, hub: Hub, export: Export) -> None:
    export.add("2606.00001")
    hub.faults.append(faults.status(400))
    assert (await say(app, "show 2606.00001")).cards
