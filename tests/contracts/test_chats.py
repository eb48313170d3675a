"""What every chat promises, tried on all of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from adapters.base import DeliveryError, RenderAs
from commands.model import Call, Reply
from storage.model import Layout, key_of
from tests.adapters.console.harness import enter_console
from tests.adapters.web.harness import enter_web
from tests.contracts.discord import enter_discord
from tests.contracts.harness import Enter, Harness, hidden, strings, tallest
from tests.contracts.replies import REPLIES
from tests.contracts.slack import enter_slack
from tests.factories import TODAY
from tests.fakes.chat import enter_fake

CHATS: dict[str, Enter] = {
    "console": enter_console,
    "web": enter_web,
    "fake": enter_fake,
    "slack": enter_slack,
    "discord": enter_discord,
}
LAYOUTS: tuple[RenderAs, ...] = (*get_args(Layout), "answer")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def handle(call: Call) -> Reply:
    """Stands in for dispatch; ``boom`` is a bug that it let through."""
    if call.text == "boom":
        raise RuntimeError("secret detail")
    return REPLIES.get(call.text) or Reply(title=f"You said {call.text}")


@pytest.fixture(params=CHATS)
async def at(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    async with CHATS[request.param](tmp_path, handle) as harness:
        yield harness


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_every_reply_renders_within_the_limits(at: Harness, layout: RenderAs) -> None:
    for name, reply in REPLIES.items():
        payloads = at.chat.render(reply, layout)
        assert payloads, name
        for payload in payloads:
            at.check(payload)


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_what_is_rendered_survives_storage(at: Harness, layout: RenderAs) -> None:
    for name, reply in REPLIES.items():
        payloads = at.chat.render(reply, layout)
        assert json.loads(json.dumps(payloads).encode()) == payloads, name
        assert at.chat.render(reply, layout) == payloads, f"{name} renders differently twice"


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_hostile_text_is_inert(at: Harness, layout: RenderAs) -> None:
    for name, reply in REPLIES.items():
        tokens = {action.token for action in reply.all_actions()}
        for payload in at.chat.render(reply, layout):
            for text in set(strings(payload)) - tokens:
                assert not hidden(text.replace("\n", "")), name
                assert tallest(text) <= 2, name


@pytest.mark.parametrize("layout", get_args(Layout))
async def test_the_header_comes_first_and_names_the_list(at: Harness, layout: Layout) -> None:
    header, *parts = at.chat.render(REPLIES["a list"], layout)
    assert "Papers of Tuesday 30 June 2026" in " ".join(strings(header))
    if layout == "compact":
        assert not parts
    elif layout == "per-paper":
        assert len(parts) == 12
    else:
        assert parts


async def test_what_is_sent_is_seen_and_found(at: Harness) -> None:
    refs = []
    for number, title in enumerate(("First", "Second")):
        [payload] = at.chat.render(Reply(title=title), "compact")
        key = f"pb-{number}"
        refs.append(await at.chat.send(at.target, payload, None, key))
        if at.finds:
            assert await at.chat.find(at.target, key, None, LONG_AGO) == refs[-1]
    assert len(set(refs)) == 2
    shown = await at.seen()
    assert "First" in shown
    assert "Second" in shown


async def test_a_thread_hangs_on_its_header(at: Harness) -> None:
    header, *parts = at.chat.render(REPLIES["a list"], "thread")
    parent = await at.chat.send(at.target, header, None, "pb-1")
    refs = [
        await at.chat.send(at.target, part, parent, f"pb-1-{number}")
        for number, part in enumerate(parts)
    ]
    assert len({parent, *refs}) == len(parts) + 1
    if at.finds:
        for number, ref in enumerate(refs):
            assert await at.chat.find(at.target, f"pb-1-{number}", parent, LONG_AGO) == ref


async def test_what_was_never_sent_is_not_found(at: Harness) -> None:
    if at.finds:
        since = datetime.now(UTC) - timedelta(hours=1)
        assert await at.chat.find(at.target, "pb-404", None, since) is None
    else:
        with pytest.raises(DeliveryError) as caught:
            await at.chat.find(at.target, "pb-404", None, LONG_AGO)
        assert caught.value.permanent


async def test_all_that_stands_can_be_read_back(at: Harness) -> None:
    if not at.finds:
        with pytest.raises(DeliveryError) as caught:
            await at.chat.standing(at.target, LONG_AGO)
        assert caught.value.permanent
        return
    header, *parts = at.chat.render(REPLIES["a list"], "thread")
    parent = await at.chat.send(at.target, header, None, key_of(7, TODAY, 0))
    refs = [
        await at.chat.send(at.target, part, parent, key_of(7, TODAY, number))
        for number, part in enumerate(parts, 1)
    ]
    await at.say("hello")
    [line] = at.chat.render(Reply(title="Nothing new"), "compact")
    quiet = await at.chat.send(at.target, line, None, key_of(8, TODAY, 0))
    since = datetime.now(UTC) - timedelta(hours=1)
    standing = {one.key: one for one in await at.chat.standing(at.target, since)}
    wanted = {key_of(7, TODAY, number): ref for number, ref in enumerate([parent, *refs])}
    assert {key: one.ref for key, one in standing.items()} == wanted | {key_of(8, TODAY, 0): quiet}
    papers = {id for one in standing.values() for id in one.papers}
    assert papers == {card.paper_id for card in REPLIES["a list"].cards}
    assert all(
        since <= one.at <= datetime.now(UTC) + timedelta(minutes=5) for one in standing.values()
    )
    assert await at.chat.standing(at.target, datetime.now(UTC) + timedelta(hours=1)) == []


async def test_a_line_is_answered_to_its_author_alone(at: Harness) -> None:
    assert "You said hello" in await at.say("hello")
    if at.finds:
        assert "You said hello" not in await at.seen()


async def test_a_bug_in_an_answer_ends_neither_the_chat_nor_silence(at: Harness) -> None:
    sorry = await at.say("boom")
    assert sorry
    assert "secret detail" not in sorry
    assert "You said again" in await at.say("again")


@pytest.mark.parametrize("name", ["a list", "hostile controls", "hostile surrogates", "nothing"])
async def test_awkward_answers_arrive(at: Harness, name: str) -> None:
    answer = await at.say(name)
    assert not hidden(answer.replace("\n", ""))
    assert "You said on" in await at.say("on")


async def test_a_person_can_be_told(at: Harness) -> None:
    await at.chat.tell(at.target.team, "you", "Subscription 3 is paused: the channel is archived.")
    assert "Subscription 3 is paused" in await at.seen()


async def test_the_pace_is_a_least_time(at: Harness) -> None:
    assert timedelta(0) <= at.chat.pace < timedelta(minutes=1)


async def test_stop_may_come_twice(at: Harness) -> None:
    assert at.chat.connected
    await at.chat.stop()
    assert at.chat.connected is not at.finds
    await at.chat.stop()


def test_the_samples_are_hostile_enough() -> None:
    """Guards the suite itself: without rendering, the samples would fail the checks above."""
    raw = [text for reply in REPLIES.values() for text in (reply.title, reply.text)]
    assert any(hidden(text.replace("\n", "")) for text in raw)
    assert any(tallest(text) > 2 for text in raw)
