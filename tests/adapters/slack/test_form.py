"""Subscribing, in words and by the form."""

from __future__ import annotations

import asyncio

import pytest

from adapters.base import Handle
from commands.model import Call, Reply
from tests.adapters.slack.conftest import Start, calls
from tests.contracts.slack import read, started
from tests.fakes.slack import View, Workspace, words


async def opened(slack: Workspace, user: str = "U1", channel: str = "C1") -> View:
    seen = await slack.people.slash(user, channel, "subscribe")
    assert seen.acknowledgement == {}
    return await slack.until(lambda: slack.screens.modal(user))


def fields(view: View) -> list[str]:
    return [block["block_id"] for block in view.content["blocks"]]


async def test_words_subscribe_and_all_hear_of_it(slack: Workspace, start: Start) -> None:
    async with start():
        seen = await slack.people.slash("U1", "C1", "subscribe trending --limit 5 at 08:30")
        assert "Subscription 1 is set" in read(await seen.answer())
        assert "(Europe/Berlin)" in read(seen.answers[0])
        await slack.until(lambda: slack.seen("U2", "C1"))
        [notice] = slack.seen("U2", "C1")
        assert read(notice).startswith("ada subscribed this channel to 1 · trending --limit 5 in")
        assert notice.only_for is None
        await slack.people.slash("U2", "C1", "pause 1")
        await slack.until(lambda: len(slack.seen("U2", "C1")) == 3)
    assert read(slack.seen("U1", "C1")[-1]).startswith("grace paused 1")


async def test_a_mentioned_subscription_is_announced(slack: Workspace, start: Start) -> None:
    async with start():
        asked = await slack.people.mention("U1", "C1", "subscribe today")
        await asked.answer(2)
    said = " ".join(map(read, asked.answers))
    assert "Subscription 1 is set" in said
    assert "ada subscribed this channel" in said


@pytest.mark.parametrize("private", [True, False])
async def test_the_bot_asks_to_be_invited_first(
    slack: Workspace, start: Start, private: bool
) -> None:
    slack.add_channel("C2", name="lab", bot=False, is_private=private)
    async with start():
        seen = await slack.people.slash("U1", "C2", "/subscribe trending")
        where = "that channel" if private else "#lab"
        assert f"Invite me first: /invite @paperbot in {where}" in read(await seen.answer())
        slack.channels["C2"].members.add("UBOTT1")
        seen = await slack.people.slash("U1", "C2", "subscribe trending")
        assert "Subscription 1 is set" in read(await seen.answer())
    slack.refusals.clear()


async def test_a_conversation_of_others_cannot_be_subscribed(
    slack: Workspace, start: Start
) -> None:
    slack.add_channel("DX", im_with="U2")
    async with start():
        seen = await slack.people.slash("U1", "DX", "subscribe trending")
        assert "I cannot post here" in read(await seen.answer())
        own = await slack.people.dm("U1", "subscribe trending")
        assert "Subscription 1 is set" in read(await own.answer())
    assert len(slack.seen("U1", slack.direct("U1").id)) == 2


async def test_the_form_is_made_of_what_is_declared(slack: Workspace, start: Start) -> None:
    async with start():
        view = await opened(slack)
    assert fields(view) == ["channel", "what", "options", "at", "zone", "days", "layout", "quiet"]
    text = words([block["label"] for block in view.content["blocks"]])
    assert text.splitlines()[0] == "Channel"
    elements = {block["block_id"]: block["element"] for block in view.content["blocks"]}
    assert elements["channel"]["initial_conversation"] == "C1"
    assert elements["zone"]["initial_value"] == "Europe/Berlin"
    assert elements["at"]["initial_time"] == "09:00"
    assert elements["days"]["initial_value"] == "weekdays"
    assert [one["value"] for one in elements["what"]["options"]][:2] == ["today", "week"]


async def test_the_form_subscribes(slack: Workspace, start: Start) -> None:
    async with start():
        view = await opened(slack)
        values = {"what": "trending", "options": "--limit 3", "at": "17:30", "days": "mon"}
        seen = await slack.people.submit_view(view, {**values, "layout": "compact"})
        assert (seen.error, seen.errors) == ("", {})
        assert slack.screens.modal("U1") is None
        await slack.until(lambda: len(slack.seen("U1", "C1")) == 2)
        made = next(one for one in slack.seen("U1", "C1") if one.only_for)
        assert "trending --limit 3 in <#C1>\n" not in read(made)
        assert "mon at 17:30 (Europe/Berlin), compact" in read(made)
        [notice] = slack.seen("U2", "C1")
        assert "ada subscribed this channel to 1" in read(notice)
        undone = await slack.people.press("U1", made, "Undo")
        assert "Subscription 1 is removed" in read(await undone.answer())


async def test_mistakes_stand_below_their_fields(slack: Workspace, start: Start) -> None:
    async with start():
        view = await opened(slack)
        values = {"options": "--limt 3", "zone": "Berlinn", "days": "someday"}
        seen = await slack.people.submit_view(view, values)
        assert set(seen.errors) == {"options", "zone", "days"}
        assert "did you mean --limit?" in seen.errors["options"]
        assert "did you mean Europe/Berlin?" in seen.errors["zone"]
        assert "`" not in "".join(seen.errors.values())
        right = {"options": "", "zone": "berlin", "days": "daily"}
        assert (await slack.people.submit_view(view, right)).errors == {}


async def test_other_refusals_stand_below_the_channel(slack: Workspace, start: Start) -> None:
    slack.add_channel("C2", name="lab", bot=False)
    async with start():
        view = await opened(slack)
        seen = await slack.people.submit_view(view, {"channel": "C2"})
        assert "Invite me first: /invite @paperbot in #lab" in seen.errors["channel"]
        await slack.people.submit_view(view, {"channel": "C1"})
        again = await opened(slack)
        seen = await slack.people.submit_view(again, {"channel": "C1"})
        assert "subscription 1 already" in seen.errors["channel"]


async def test_a_slow_form_closes_and_tells_the_outcome_later(
    slack: Workspace, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.doors.FORM_SECONDS", 0.0)
    go = asyncio.Event()

    async def slow(call: Call) -> Reply:
        await go.wait()
        return await handle(call)

    async with started(slack, slow):
        view = await opened(slack)
        await slack.people.submit_view(view, {"what": "week"})
        assert slack.screens.modal("U1") is None
        go.set()
        await slack.until(lambda: len(slack.seen("U1", "C1")) == 2)


async def test_without_rights_there_is_no_form_but_a_reason(slack: Workspace, start: Start) -> None:
    async with start(admins_only=True):
        seen = await slack.people.slash("U2", "C1", "subscribe")
        assert "is for administrators here" in read(await seen.answer())
        seen = await slack.people.slash("U2", "C1", "subscribe today")
        assert "is for administrators here" in read(await seen.answer())
        assert slack.screens.modal("U2") is None
        assert await opened(slack, "U1")
        slack.faults.script("server_error", method="users.info", times=9)
        slack.add_user("U3", is_admin=True)
        slack.channels["C1"].members.add("U3")
        unknown = await slack.people.slash("U3", "C1", "subscribe today")
        assert "is for administrators here" in read(await unknown.answer())


async def test_membership_is_looked_at_anew_and_privacy_is_remembered(
    slack: Workspace, start: Start
) -> None:
    async with start():
        for _ in range(3):
            await slack.people.slash("U1", "C1", "help")
        assert len(calls(slack, "conversations.info")) == 1
        await (await slack.people.slash("U1", "C1", "subscribe today")).answer()
        assert len(calls(slack, "conversations.info")) == 2
