"""Buttons: each says all that is needed to answer it, in the place where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import Handle
from adapters.slack import Slack
from commands.model import Action, Call, Caller, Reply
from tests.adapters.slack.conftest import Start, echo
from tests.contracts.replies import card
from tests.contracts.slack import HERE, read, started
from tests.fakes.slack import Message, Workspace


async def posted(slack: Workspace, chat: Slack, reply: Reply) -> list[Message]:
    """A thread as it is posted daily: its header and the messages below."""
    header, *parts = chat.render(reply, "thread")
    parent = await chat.send(HERE, header, None, "pb-0")
    refs = [await chat.send(HERE, part, parent, f"pb-{part}"[:40]) for part in parts]
    return [slack.channels["C1"].messages[ref] for ref in (parent, *refs)]


def pressable(message: Message) -> list[dict[str, Any]]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button for row in rows for button in row]


async def today(handle: Handle) -> Reply:
    return await handle(Call(caller=Caller("U1"), target=HERE, text="today"))


async def test_every_button_of_a_daily_thread_answers_after_a_restart(
    slack: Workspace, start: Start, handle: Handle
) -> None:
    async with start() as chat:
        messages = await posted(slack, chat, await today(handle))
    public = [read(message) for message in messages]
    async with start():
        for message in messages:
            for button in pressable(message):
                seen = await slack.people.press("U2", message, button["action_id"])
                assert seen.error == ""
                assert read(await seen.answer())
    pressed = sum(len(pressable(message)) for message in messages)
    assert pressed == 30
    assert [read(message) for message in messages] == public


async def test_a_press_in_a_thread_is_answered_there_and_to_the_person(
    slack: Workspace, start: Start, handle: Handle
) -> None:
    async with start() as chat:
        parent, cards = await posted(slack, chat, await today(handle))
        seen = await slack.people.press("U2", cards, "Abstract")
        answer = await seen.answer()
    assert (answer.only_for, answer.thread_ts) == ("U2", parent.ts)
    assert "Then we stop." in read(answer)
    assert answer not in slack.seen("U1", "C1", parent.ts)


async def test_a_press_on_the_header_is_answered_in_the_channel(slack: Workspace) -> None:
    async with started(slack, echo) as chat:
        reply = Reply(title="List", cards=(card(1), card(2)), actions=(Action("Go", "go on"),))
        header, _ = await posted(slack, chat, reply)
        seen = await slack.people.press("U2", header, "Go")
        answer = await seen.answer()
    assert (read(answer), answer.thread_ts, answer.only_for) == ("You said go on", None, "U2")


async def test_what_all_see_is_never_replaced(slack: Workspace) -> None:
    async with started(slack, echo):
        asked = await slack.people.mention("U1", "C1", "x")
        public = await asked.answer()
        public.blocks = [_row(Action("More", "page 2", "update"))]
        seen = await slack.people.press("U2", public, "More")
        answer = await seen.answer()
    assert answer is not public
    assert (answer.only_for, read(answer)) == ("U2", "You said page 2")
    assert "More" in read(public)


async def test_ones_own_answer_is_replaced(slack: Workspace, start: Start) -> None:
    async with start():
        seen = await slack.people.slash("U1", "C1", "today --limit 5")
        first = await seen.answer()
        assert "1. A Study of Widgets, Part 1" in read(first)
        pressed = await slack.people.press("U1", first, "More")
        second = await pressed.answer()
        assert second is first
        assert "6. A Study of Widgets, Part 6" in read(second)
        third = await (await slack.people.press("U1", second, "More")).answer()
    assert "11. A Study of Widgets, Part 11" in read(third)
    assert slack.seen("U1", "C1") == [first]


async def test_in_a_direct_message_more_replaces_too(slack: Workspace, start: Start) -> None:
    async with start():
        asked = await slack.people.dm("U1", "today --limit 5")
        first = await asked.answer()
        pressed = await slack.people.press("U1", first, "More")
        assert await pressed.answer() is first
    assert "6. A Study of Widgets, Part 6" in read(first)


@pytest.mark.parametrize("inside", [True, False])
async def test_sharing_shows_it_to_all_and_says_who_did(
    slack: Workspace, start: Start, handle: Handle, inside: bool
) -> None:
    async with start() as chat:
        if inside:
            parent, where = await posted(slack, chat, await today(handle))
        else:
            where = await (await slack.people.slash("U2", "C1", "search widgets")).answer()
        seen = await slack.people.press("U2", where, "Share")
        answer = await seen.answer()
    assert answer.only_for is None
    assert read(answer).startswith("Shared by <@U2>\n")
    assert answer in (slack.thread(parent) if inside else slack.seen("U1", "C1"))


async def test_a_refusal_is_not_shared(slack: Workspace) -> None:
    async def gone(call: Call) -> Reply:
        return Reply(title="", text="There is no such paper.", refused=True)

    async with started(slack, gone) as chat:
        [message] = await posted(
            slack, chat, Reply(title="x", actions=(Action("S", "s", "share"),))
        )
        seen = await slack.people.press("U2", message, "S")
        assert (await seen.answer()).only_for == "U2"


async def test_a_button_of_a_removed_subscription_answers(slack: Workspace, start: Start) -> None:
    async with start():
        made = await slack.people.slash("U1", "C1", "subscribe trending")
        await slack.people.slash("U1", "C1", "unsubscribe 1")
        seen = await slack.people.press("U1", await made.answer(), "Preview")
        assert "no subscription 1" in read(await seen.answer())


async def test_a_long_line_behind_a_button_answers(slack: Workspace, start: Start) -> None:
    words = " ".join(["widgets"] * 15)
    async with start():
        answer = await (await slack.people.slash("U1", "C1", f"search {words}")).answer()
        assert pressable(answer)[-1]["value"].startswith("#")
        pressed = await slack.people.press("U1", answer, "More")
        assert "6. A Study of Widgets" in read(await pressed.answer())


async def test_an_unknown_press_is_acknowledged(slack: Workspace) -> None:
    row = {"type": "actions", "elements": [{"type": "button", "action_id": "x"}]}
    row["elements"][0]["text"] = {"type": "plain_text", "text": "X"}  # type: ignore[index]
    async with started(slack, echo):
        shown = slack.post(slack.channels["C1"], "UBOTT1", blocks=[row])
        seen = await slack.people.press("U1", shown, "X")
    assert (seen.error, seen.answers) == ("", [])


def _row(action: Action) -> dict[str, Any]:
    [row] = Slack.render(None, Reply(title="", actions=(action,)), "answer")[0]["blocks"][-1:]  # type: ignore[arg-type]
    return {**row, "block_id": "b"}
