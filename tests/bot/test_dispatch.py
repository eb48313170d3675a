from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from adapters.base import SourceError
from bot.allowance import Allowance
from bot.dispatch import Dispatch
from bot.fetch import Fetch
from commands import COMMANDS
from commands.model import Action, Call, Caller, Context, Missing, Reply, UserError, command
from storage.database import StorageError
from storage.model import Paper, Target
from storage.store import Store
from tests.factories import NOON, paper

HERE = Target("fake", "T1", "C1")


class Shelf:
    """A source with a few papers, which can be slow or broken."""

    name = "shelf"

    def __init__(self, *papers: Paper) -> None:
        self.papers = {paper.id: paper for paper in papers}
        self.asked: list[str] = []
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        for found in self.papers.values():
            yield found

    def trending(self) -> AsyncIterator[Paper]:
        return self.fetch(date.min)

    async def get(self, id: str) -> Paper | None:
        self.asked.append(id)
        await self.gate.wait()
        if self.broken:
            raise SourceError("the shelf fell down")
        return self.papers.get(id)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@command("break", help="Break.")
def broken(ctx: Context) -> Reply:
    raise RuntimeError("secret detail")


@command("full", help="Find the disk full.")
def full(ctx: Context) -> Reply:
    raise StorageError("/secret/paperbot.db has no room to grow: the disk is full.")


@command("long", help="Give a button with a long line.")
def long(ctx: Context, words: Annotated[str, "words"] = "") -> Reply:
    return Reply(title=words, actions=(Action("Again", "long " + "word " * 40),))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
def clock() -> Clock:
    return Clock()


def dispatch(store: Store, pool: ThreadPoolExecutor, clock: Clock, *shelves: Shelf) -> Dispatch:
    commands = (*COMMANDS, broken, full, long)
    return Dispatch(store, commands, shelves, pool, ZoneInfo("UTC"), clock)


def call(text: str) -> Call:
    return Call(caller=Caller("U1", "Ada"), target=HERE, text=text)


async def test_a_typed_line_and_a_native_form_are_answered_alike(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    store.papers.save([paper(1)], NOON)
    handle = dispatch(store, pool, clock)
    typed = await handle(call("show 2606.00001"))
    form = Call(caller=Caller("U1"), target=HERE, command="show", values={"paper": "2606.00001"})
    assert typed == await handle(form)
    assert typed.cards[0].paper_id == "2606.00001"


async def test_what_a_person_did_wrong_is_a_reply(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    reply = await dispatch(store, pool, clock)(call("serach x"))
    assert "Did you mean `search x`" in reply.text
    assert reply.actions == (Action("search", "search x"),)


async def test_a_bug_is_told_by_a_code_that_the_log_has_too(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    with capture_logs() as logs:
        reply = await dispatch(store, pool, clock)(call("break"))
    ((code, told),) = [(log["code"], log["log_level"]) for log in logs]
    assert reply.text.endswith(f"under the code {code}.")
    assert told == "error"
    assert "secret detail" not in reply.text


async def test_a_fault_of_the_database_is_told_to_its_operator(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    with capture_logs() as logs:
        reply = await dispatch(store, pool, clock)(call("full"))
    assert ["disk is full" in log["error"] for log in logs] == [True]
    assert "exc_info" not in logs[0]
    assert "whoever runs it" in reply.text
    assert "secret" not in reply.text


async def test_a_missing_paper_is_fetched_once_for_all_and_stored(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    shelf = Shelf(paper(1, listed_on=None))
    shelf.gate.clear()
    handle = dispatch(store, pool, clock, shelf)
    waiting = [asyncio.create_task(handle(call("show 2606.00001"))) for _ in range(5)]
    while not shelf.asked:  # noqa: ASYNC110 - the shelf is a fake of a port without events
        await asyncio.sleep(0.01)
    shelf.gate.set()
    replies = await asyncio.gather(*waiting)
    assert {reply.cards[0].title for reply in replies} == {paper(1).title}
    assert shelf.asked == ["2606.00001"]
    assert store.papers.get("2606.00001") is not None
    found = await handle(call("search widgets"))
    assert [card.paper_id for card in found.cards] == ["2606.00001"]


async def test_a_miss_is_remembered_for_ten_minutes(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    shelf = Shelf()
    handle = dispatch(store, pool, clock, shelf)
    for _ in range(3):
        reply = await handle(call("show 2606.00009"))
        assert "There is no paper 2606.00009" in reply.text
    assert len(shelf.asked) == 1
    clock.now += timedelta(minutes=11)
    await handle(call("show 2606.00009"))
    assert len(shelf.asked) == 2


async def test_a_source_that_fails_is_told_and_the_next_one_asked(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    broken_shelf, shelf = Shelf(), Shelf(paper(2, listed_on=None))
    broken_shelf.broken = True
    handle = dispatch(store, pool, clock, broken_shelf, shelf)
    assert "try again in a minute" in (await handle(call("show 2606.00001"))).text
    assert (await handle(call("show 2606.00002"))).cards


async def test_a_source_that_hangs_does_not_keep_the_next_one_from_answering(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    hanging, empty, shelf = Shelf(), Shelf(), Shelf(paper(2, listed_on=None))
    hanging.gate.clear()
    fetch = Fetch([hanging, shelf], store, pool, clock, patience=0.05)
    assert await fetch.bring(Missing("2606.00002")) == ("2606.00002",)
    fetch = Fetch([hanging, empty], store, pool, clock, patience=0.05)
    with pytest.raises(UserError, match="try again in a minute"):  # it may have had the paper
        await fetch.bring(Missing("2606.00003"))


async def test_a_button_with_a_long_line_works_by_its_token(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    handle = dispatch(store, pool, clock)
    (action,) = (await handle(call("long"))).actions
    assert len(action.token) <= 100
    assert (await handle(call(action.token))).title.startswith("word word")
    assert "not known any more" in (await handle(call("#0000"))).text
    refused = await handle(call("serach " + "words " * 40))
    assert (await handle(call(refused.actions[0].token))).title.startswith("No papers for “words")


async def test_a_flood_of_one_person_gets_a_polite_refusal(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    handle = Dispatch(store, COMMANDS, [], pool, ZoneInfo("UTC"), clock, Allowance(calls=2))
    replies = [await handle(call("subscriptions")) for _ in range(3)]
    assert [reply.title for reply in replies[:2]] == ["No subscriptions yet"] * 2
    assert "Please go on in 10 s" in replies[2].text


async def test_what_only_administrators_may_do_is_refused_to_others(
    store: Store, pool: ThreadPoolExecutor, clock: Clock
) -> None:
    handle = dispatch(store, pool, clock)
    member = Caller("U1", "Ada", may_setup=False)
    typed = Call(caller=member, target=HERE, text="subscribe today")
    form = Call(caller=member, target=HERE, command="subscribe", values={"what": "today"})
    for attempt in (typed, form):
        assert "is for administrators here" in (await handle(attempt)).text
    assert store.subscriptions.of_team("T1") == []
    assert (await handle(Call(caller=member, target=HERE, text="subscriptions"))).title
