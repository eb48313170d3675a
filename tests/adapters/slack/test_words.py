"""Typed words: slash commands, mentions and direct messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from commands.model import Action, Call, Reply
from tests.adapters.slack.conftest import Start, calls, echo
from tests.contracts.replies import card
from tests.contracts.slack import read, started
from tests.fakes.slack import Seen, Workspace


async def test_a_command_alone_explains_itself(slack: Workspace, start: Start) -> None:
    async with start():
        seen = await slack.people.slash("U1", "C1", "")
    text = read(await seen.answer())
    assert "What you can ask" in text
    assert "search difusion models --limit 3" in text
    assert seen.answers[0].only_for == "U1"


async def test_a_quick_answer_is_the_acknowledgement(slack: Workspace, start: Start) -> None:
    async with start():
        seen = await slack.people.slash("U1", "C1", "search widgts --limit 3")
    assert seen.acknowledgement["response_type"] == "ephemeral"
    text = read(await seen.answer())
    assert "A Study of Widgets" in text
    assert "Showing results for “widgets” instead of “widgts”." in text
    assert slack.seen("U2", "C1") == []


async def test_a_slow_answer_comes_by_the_response_url(slack: Workspace) -> None:
    go = asyncio.Event()

    async def slow(call: Call) -> Reply:
        await go.wait()
        return await echo(call)

    async with started(slack, slow):
        seen = await slack.people.slash("U1", "C1", "slowly")
        assert seen.acknowledgement == {}
        go.set()
        assert read(await seen.answer()) == "You said slowly"
    assert seen.answers[0].only_for == "U1"


async def test_a_long_answer_comes_in_order_and_in_five_messages_at_most(slack: Workspace) -> None:
    async def long(call: Call) -> Reply:
        return Reply(title="Long", cards=tuple(card(n, f"Paper {n}") for n in range(200)))

    async with started(slack, long):
        seen = await slack.people.slash("U1", "C1", "month")
        last = await seen.answer(5)
    assert "1. Paper 0" in read(seen.answers[0])
    ranks = [int(part["text"].rstrip(". ")) for one in seen.answers for part in _numbers(one)]
    assert ranks == list(range(1, len(ranks) + 1))
    assert len(seen.answers) == 5
    assert last is seen.answers[-1]


def _numbers(message: object) -> list[dict[str, str]]:
    blocks = getattr(message, "blocks", [])
    rich = [block for block in blocks if block["type"] == "rich_text"]
    parts = [block["elements"][0]["elements"][0] for block in rich]
    return [part for part in parts if part["text"].endswith(". ")]


async def test_pictures_are_for_what_can_be_sent_again(slack: Workspace) -> None:
    async def pictured(call: Call) -> Reply:
        return Reply(title="", cards=(card(),))

    async with started(slack, pictured):
        alone = await (await slack.people.slash("U1", "C1", "x")).answer()
        assert "image_url" not in str(alone.blocks)
        openly = await (await slack.people.mention("U1", "C1", "x")).answer()
        assert "image_url" in str(openly.blocks)
        slack.faults.broken_images.add("https://example.org/1706.png")
        again = await (await slack.people.mention("U1", "C1", "x")).answer()
    assert "image_url" not in str(again.blocks)
    assert "Attention Is All You Need" in read(again)


async def test_an_answer_is_sent_again_where_it_was_lost(slack: Workspace) -> None:
    async def two(call: Call) -> Reply:
        return Reply(title="Two", cards=tuple(card(n) for n in range(20)))

    slack.faults.script("reset", method="response_url")
    async with started(slack, two):
        seen = await slack.people.slash("U1", "C1", "x")
        await seen.answer(2)
    assert len(seen.answers) == 2


async def test_a_mention_is_answered_in_its_thread(slack: Workspace, start: Start) -> None:
    async with start():
        asked = await slack.people.mention("U1", "C1", "search widgets --limit 1")
        answer = await asked.answer()
        assert "A Study of Widgets" in read(answer)
        assert asked.asked
        assert answer.thread_ts == asked.asked.ts
        assert answer in slack.thread(asked.asked)
        again = await slack.people.mention("U2", "C1", "trending", asked.asked.ts)
        await again.answer()
    assert len(slack.thread(asked.asked)) == 3
    assert slack.seen("U2", "C1") == [asked.asked]


async def test_a_direct_message_is_answered_there(slack: Workspace, start: Start) -> None:
    async with start():
        top = await slack.people.dm("U1", "help search")
        assert "typos are fine" in read(await top.answer())
        assert not top.answers[0].in_thread
        assert top.asked
        inside = await slack.people.dm("U1", "help show", top.asked.ts)
        assert (await inside.answer()).thread_ts == top.asked.ts


async def test_rate_limited_answers_come_a_little_later(slack: Workspace) -> None:
    slack.faults.script("rate_limited", seconds=1)
    async with started(slack, echo):
        asked = await slack.people.mention("U1", "C1", "hello")
        assert read(await asked.answer()) == "You said hello"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "subtype": "message_changed", "message": {"text": "x"}},
        {"type": "message", "text": "x", "user": "U1", "bot_id": "B9"},
        {"type": "message", "text": "x", "user": "U1", "edited": {"user": "U1", "ts": "1.0"}},
        {"type": "message", "text": "x", "user": "UBOTT1", "bot_id": "BT1"},
        {"type": "app_mention", "text": "<@UBOTT1> x", "user": "U1", "edited": {"ts": "1.0"}},
        {"type": "message", "text": "x", "user": "U1", "channel_type": "channel"},
        {"type": "reaction_added", "user": "U1"},
        {"type": "app_uninstalled"},
    ],
)
async def test_what_is_edited_or_from_a_bot_or_not_for_us_is_left_alone(
    slack: Workspace, event: dict[str, object]
) -> None:
    direct = slack.direct("U1")
    told = {"channel": direct.id, "ts": "1.0", "channel_type": "im", **event}
    async with started(slack, echo):
        await slack.events.tell("T1", told)
        asked = await slack.people.dm("U1", "sentinel")
        await asked.answer()
    assert [read(one) for one in slack.seen("U1", direct.id)] == ["sentinel", "You said sentinel"]
    assert slack.events.lost == []
    assert len(slack.socket.envelopes) == 2


async def test_a_request_that_comes_twice_has_one_effect(slack: Workspace) -> None:
    heard: list[str] = []

    async def handle(call: Call) -> Reply:
        heard.append(call.text)
        return Reply(title="Heard", actions=(Action("Again", "again"),))

    async with started(slack, handle):
        seen = await slack.people.slash("U1", "C1", "command")
        assert await slack.socket.repeat() == {}
        asked = await slack.people.mention("U1", "C1", "mention")
        await asked.answer()
        await slack.socket.repeat()
        pressed = await slack.people.press("U1", await seen.answer(), "Again")
        await pressed.answer()
        await slack.socket.repeat()
        last = await slack.people.slash("U1", "C1", "last")
        await last.answer()
    assert [text.strip() for text in heard] == ["command", "mention", "again", "last"]
    assert asked.asked
    assert len(slack.thread(asked.asked)) == 1


async def test_the_caller_is_known_by_name_zone_and_channel(slack: Workspace) -> None:
    heard: list[Call] = []

    async def handle(call: Call) -> Reply:
        heard.append(call)
        return await echo(call)

    slack.add_channel("C2", is_private=True)
    slack.users["U2"].tz = "Nowhere/Land"
    async with started(slack, handle):
        for user, channel in (("U1", "C1"), ("U1", "C2"), ("U2", "C1")):
            await (await slack.people.slash(user, channel, "x")).answer()
        await (await slack.people.dm("U1", "x")).answer()
    ada, inside, grace, direct = heard
    assert (ada.caller.id, ada.caller.name, str(ada.caller.zone)) == ("U1", "ada", "Europe/Berlin")
    assert [call.private for call in heard] == [False, True, False, True]
    assert (ada.target.team, ada.target.channel) == ("T1", "C1")
    assert inside.caller is ada.caller
    assert grace.caller.zone is None
    assert direct.text == "x"
    assert len(calls(slack, "users.info")) == 2
    assert len(calls(slack, "conversations.info")) == 2
    assert len(calls(slack, "auth.test")) == 1


async def test_an_answer_does_not_wait_for_who_asks(slack: Workspace) -> None:
    slack.faults.script("server_error", method="users.info", times=2)
    slack.faults.script("reset", method="conversations.info", times=2)
    async with started(slack, echo):
        seen = await slack.people.slash("U1", "C1", "x")
        assert read(await seen.answer()) == "You said x"


async def test_pace_is_what_slack_allows(slack: Workspace) -> None:
    async with started(slack, echo) as chat:
        assert chat.pace == timedelta(seconds=1)


async def test_a_foreign_workspace_is_not_answered(slack: Workspace) -> None:
    slack.add_team("T2")
    slack.add_user("U9", team="T2")
    slack.add_channel("C9", team="T2")
    async with started(slack, echo):
        seen: Seen = await slack.people.slash("U9", "C9", "x")
        assert (seen.acknowledgement, seen.answers) == ({}, [])
