"""Posting, looking up, telling a person, and what becomes of each refusal and mishap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from adapters.base import DeliveryError
from adapters.slack import Slack
from commands.model import Reply
from tests.adapters.slack.conftest import calls, echo
from tests.contracts.replies import REPLIES
from tests.contracts.slack import HERE, read, started, workspace
from tests.fakes.slack import Workspace

SINCE = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
async def chat(slack: Workspace) -> AsyncIterator[Slack]:
    async with started(slack, echo) as chat:
        yield chat


async def post(chat: Slack, text: str = "A post", parent: str | None = None) -> str:
    [payload] = chat.render(Reply(title=text), "compact")
    return await chat.send(HERE, payload, parent, f"pb-{text}")


async def test_a_post_unfurls_nothing_and_bears_its_key(slack: Workspace, chat: Slack) -> None:
    ts = await post(chat)
    message = slack.channels["C1"].messages[ts]
    assert message.metadata == {"event_type": "paperbot", "event_payload": {"k": "pb-A post"}}
    assert message.blocks[0]["block_id"] == "pb-A post"
    [sent] = calls(slack, "chat.postMessage")
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("trace", ["metadata", "blocks"])
async def test_a_post_is_found_by_either_mark(slack: Workspace, chat: Slack, trace: str) -> None:
    """Slack may keep metadata from an app without the scope; an editor of blocks, the ids."""
    ts = await post(chat)
    setattr(slack.channels["C1"].messages[ts], trace, None if trace == "metadata" else [])
    assert await chat.find(HERE, "pb-A post", None, SINCE) == ts


async def test_looking_up_turns_all_pages(slack: Workspace, chat: Slack) -> None:
    first = await post(chat)
    reply = await post(chat, "Reply", first)
    for number in range(230):
        await slack.people.say("U1", "C1", str(number))
        await slack.people.say("U1", "C1", str(number), first)
    assert await chat.find(HERE, "pb-A post", None, SINCE) == first
    assert await chat.find(HERE, "pb-Reply", first, SINCE) == reply
    assert await chat.find(HERE, "pb-Reply", None, SINCE) is None
    assert len(calls(slack, "conversations.history")) == 6


async def test_a_clock_that_runs_ahead_does_not_hide_a_post(chat: Slack) -> None:
    ts = await post(chat)
    ahead = datetime.now(UTC) + timedelta(minutes=2)
    assert await chat.find(HERE, "pb-A post", None, ahead) == ts


@pytest.mark.parametrize("fault", ["stored_then_reset", "stored_then_server_error"])
async def test_a_lost_answer_leaves_it_open_and_nothing_is_sent_twice(
    slack: Workspace, chat: Slack, fault: str
) -> None:
    slack.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".*") as caught:
        await post(chat)
    assert not isinstance(caught.value, DeliveryError)
    assert len(calls(slack, "chat.postMessage")) == 1
    assert await chat.find(HERE, "pb-A post", None, SINCE)


@pytest.mark.parametrize("fault", ["reset", "server_error"])
async def test_a_lost_request_leaves_it_open_too(slack: Workspace, chat: Slack, fault: str) -> None:
    slack.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises((aiohttp.ClientError, Exception)) as caught:
        await post(chat)
    assert not isinstance(caught.value, DeliveryError)
    assert await chat.find(HERE, "pb-A post", None, SINCE) is None


@pytest.mark.parametrize("seed", range(3))
async def test_through_all_mishaps_each_message_is_posted_once(seed: int) -> None:
    """What the outbox does: look up what was lost, send what surely was not posted."""
    async with workspace(seed=seed) as slack, started(slack, echo) as chat:
        for fault in ("reset", "stored_then_reset", "server_error", "stored_then_server_error"):
            slack.faults.chance(fault, 0.15)
            slack.faults.chance(fault, 0.15, method="conversations.history")
        slack.faults.chance("rate_limited", 0.1)
        keys = [f"{number}" for number in range(40)]
        for key in keys:
            await _deliver(chat, key)
        assert len(slack.faults.injected) == 5
        assert [read(one) for one in slack.seen("U1", "C1")] == keys


async def _deliver(chat: Slack, key: str) -> None:
    lost = False
    while True:
        try:
            if lost and await chat.find(HERE, f"pb-{key}", None, SINCE):
                return
            lost = False
            await post(chat, key)
            return
        except DeliveryError:
            continue
        except Exception:
            lost = True


async def test_a_rate_limit_says_how_long(slack: Workspace, chat: Slack) -> None:
    slack.faults.script("rate_limited", seconds=17)
    with pytest.raises(DeliveryError) as caught:
        await post(chat)
    assert (caught.value.retry_after, caught.value.permanent) == (17, False)


async def test_an_unreachable_slack_surely_got_nothing(slack: Workspace) -> None:
    async with started(slack, echo) as chat:
        await slack.__aexit__(None, None, None)
        with pytest.raises(DeliveryError, match="cannot be reached") as caught:
            await post(chat)
    assert not caught.value.permanent


async def test_what_a_person_has_to_mend_is_permanent_and_said(
    slack: Workspace, chat: Slack
) -> None:
    team, channel = slack.teams["T1"], slack.channels["C1"]
    slack.add_channel("C2", bot=False)
    elsewhere = replace(HERE, channel="C2")
    channel.is_archived = True
    team.scopes.discard("chat:write.public")
    said = {}
    for name, target in (("archived", HERE), ("not in", elsewhere)):
        with pytest.raises(DeliveryError) as caught:
            await chat.send(target, chat.render(Reply(title="x"), "compact")[0], None, "k")
        assert caught.value.permanent
        said[name] = str(caught.value)
    channel.is_archived = False
    team.scopes.discard("chat:write")
    with pytest.raises(DeliveryError, match=r"lacks chat:write.*operator") as caught:
        await post(chat)
    assert caught.value.permanent
    team.revoked = True
    with pytest.raises(DeliveryError, match="install the app again") as caught:
        await post(chat)
    assert caught.value.permanent
    assert "Unarchive it" in said["archived"]
    assert "/invite @paperbot" in said["not in"]
    assert {one.error for one in slack.refusals} == {
        "is_archived",
        "not_in_channel",
        "missing_scope",
    }
    slack.refusals.clear()


async def test_looking_up_without_leave_is_permanent(slack: Workspace, chat: Slack) -> None:
    slack.teams["T1"].scopes.discard("channels:history")
    with pytest.raises(DeliveryError, match="channels:history") as caught:
        await chat.find(HERE, "k", None, SINCE)
    assert caught.value.permanent
    slack.refusals.clear()


async def test_looking_up_in_vain_is_not(slack: Workspace, chat: Slack) -> None:
    for fault in ("reset", "server_error", "rate_limited"):
        # aiohttp itself asks again after a reset: reading twice does no harm.
        times = 2 if fault == "reset" else 1
        slack.faults.script(fault, method="conversations.history", times=times)
        with pytest.raises(DeliveryError) as caught:
            await chat.find(HERE, "k", None, SINCE)
        assert not caught.value.permanent


async def test_a_reply_whose_thread_is_gone_is_taken_back(slack: Workspace, chat: Slack) -> None:
    parent = await post(chat)
    del slack.channels["C1"].messages[parent]
    with pytest.raises(DeliveryError, match=r"first message of the thread .* deleted") as caught:
        await post(chat, "Reply", parent)
    assert caught.value.permanent
    assert slack.seen("U1", "C1") == []


async def test_the_look_up_of_a_lost_reply_survives_its_thread(
    slack: Workspace, chat: Slack
) -> None:
    parent = await post(chat)
    stray = await post(chat, "Reply")
    del slack.channels["C1"].messages[parent]
    assert await chat.find(HERE, "pb-Reply", parent, SINCE) == stray
    assert await chat.find(HERE, "pb-Other", parent, SINCE) is None
    slack.refusals.clear()


async def test_a_picture_that_slack_cannot_fetch_is_left_out(slack: Workspace, chat: Slack) -> None:
    reply = REPLIES["one paper"]
    slack.faults.broken_images.add(str(reply.cards[0].image_url))
    [_, payload] = chat.render(reply, "per-paper")
    ts = await chat.send(HERE, payload, None, "pb-1")
    assert "Attention Is All You Need" in read(slack.channels["C1"].messages[ts])
    assert "image_url" not in str(slack.channels["C1"].messages[ts].blocks)
    assert len(calls(slack, "chat.postMessage")) == 2
    assert await chat.find(HERE, "pb-1", None, SINCE) == ts


async def test_a_refused_layout_is_not_sent_again(slack: Workspace, chat: Slack) -> None:
    with pytest.raises(DeliveryError, match="invalid_blocks") as caught:
        await chat.send(HERE, {"text": "x", "blocks": [{"type": "x"}]}, None, "k")
    assert not caught.value.permanent
    assert len(calls(slack, "chat.postMessage")) == 1
    slack.refusals.clear()


async def test_a_person_is_told_directly(slack: Workspace, chat: Slack) -> None:
    await chat.tell("T1", "U2", "Subscription 3 in #C1 is paused: `resume 3` goes on.")
    [told] = slack.seen("U2", slack.direct("U2").id)
    assert read(told) == "Subscription 3 in <#C1> is paused: resume 3 goes on."


@pytest.mark.parametrize("fault", ["reset", "server_error", "stored_then_reset", "rate_limited"])
async def test_telling_raises_nothing_but_delivery_errors(
    slack: Workspace, chat: Slack, fault: str
) -> None:
    slack.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryError):
        await chat.tell("T1", "U2", "x")
    slack.faults.script("hang", method="conversations.open", seconds=0)
    await chat.tell("T1", "U1", "x")


async def test_another_workspace_is_refused(chat: Slack) -> None:
    for attempt in (
        chat.send(replace(HERE, team="T2"), {"text": "x", "blocks": []}, None, "k"),
        chat.find(replace(HERE, team="T2"), "k", None, SINCE),
        chat.tell("T2", "U1", "x"),
    ):
        with pytest.raises(DeliveryError, match="in workspace T1") as caught:
            await attempt
        assert caught.value.permanent
