"""Posting, looking up, telling a person, and what becomes of each refusal and mishap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.base import DeliveryError
from adapters.discord import Discord, meter
from adapters.discord.markup import marks
from commands.model import Reply
from storage.model import Layout, Target, key_of
from tests.adapters.discord.conftest import calls, echo
from tests.contracts.discord import Lab, laboratory, started
from tests.contracts.replies import REPLIES
from tests.factories import TODAY
from tests.fakes.discord import Clock, Permission, words
from tests.fakes.discord.model import Channel

SINCE = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
async def chat(lab: Lab, tmp_path: Path) -> AsyncIterator[Discord]:
    async with started(lab.discord, echo, tmp_path) as chat:
        yield chat


async def post(
    chat: Discord, target: Target, text: str = "A post", parent: str | None = None, key: str = ""
) -> str:
    [payload] = chat.render(Reply(title=text), "compact")
    return await chat.send(target, payload, parent, key or f"pb-{text}")


async def post_list(chat: Discord, target: Target) -> list[str]:
    """A daily thread; the header's id and those of its parts."""
    header, *parts = chat.render(REPLIES["a list"], "thread")
    refs = [await chat.send(target, header, None, "pb-0")]
    for number, part in enumerate(parts, 1):
        refs.append(await chat.send(target, part, refs[0], f"pb-{number}"))
    return refs


async def test_a_list_is_a_header_with_a_named_thread(lab: Lab, chat: Discord) -> None:
    header, *parts = await post_list(chat, lab.target())
    [message] = lab.discord.messages(lab.papers)
    assert message.id == header
    [thread] = lab.discord.threads(lab.papers)
    assert (thread.id, thread.name) == (header, "Papers of Tuesday 30 June 2026")
    assert [one.id for one in lab.discord.thread(message)] == parts
    assert len(calls(lab, "create_thread_from_message")) == 1


async def test_late_papers_open_the_thread_of_an_edition_that_had_none(
    lab: Lab, chat: Discord
) -> None:
    header = await post(chat, lab.target())
    [late] = chat.render(Reply(title="1 paper joined the list later"), "answer")
    ref = await chat.send(lab.target(), late, header, "pb-late")
    [thread] = lab.discord.threads(lab.papers)
    assert (thread.id, thread.name) == (header, "Papers that came later")
    assert [one.id for one in lab.discord.messages(thread)] == [ref]
    assert await chat.find(lab.target(), "pb-late", header, SINCE) == ref


async def test_a_post_pings_nobody_and_bears_its_key(lab: Lab, chat: Discord) -> None:
    await post(chat, lab.target())
    [sent] = calls(lab, "create_message")
    assert sent["allowed_mentions"] == {"parse": []}
    assert "pb-A post" in marks(sent)
    assert "thread_name" not in sent
    assert sent["enforce_nonce"]
    assert len(sent["nonce"]) <= 25


@pytest.mark.parametrize("name", sorted(REPLIES))
async def test_every_message_can_be_found_again(lab: Lab, chat: Discord, name: str) -> None:
    """The mark is always there, whatever the reply holds."""
    refs = {}
    layouts: tuple[Layout, ...] = ("thread", "compact")
    for layout in layouts:
        for number, payload in enumerate(chat.render(REPLIES[name], layout)[:2]):
            key = f"pb-{layout}-{number}"
            refs[key] = await chat.send(lab.target(), payload, None, key)
    for key, ref in refs.items():
        assert await chat.find(lab.target(), key, None, SINCE) == ref


async def test_the_same_key_is_the_same_message(lab: Lab, chat: Discord) -> None:
    assert await post(chat, lab.target()) == await post(chat, lab.target())
    other = lab.discord.add_channel(lab.guild, "other")
    assert await post(chat, lab.target(other))
    assert len(lab.discord.messages(lab.papers)) == len(lab.discord.messages(other)) == 1


async def test_looking_up_turns_all_pages(lab: Lab, chat: Discord) -> None:
    first = await post(chat, lab.target())
    reply = await post(chat, lab.target(), "Reply", first)
    for number in range(230):
        await lab.discord.people.say(lab.ada, lab.papers, str(number))
    last = await post(chat, lab.target(), "Last")
    assert await chat.find(lab.target(), "pb-Last", None, SINCE) == last
    assert await chat.find(lab.target(), "pb-Reply", first, SINCE) == reply
    assert await chat.find(lab.target(), "pb-Reply", None, SINCE) is None


async def test_a_clock_that_runs_ahead_does_not_hide_a_post(lab: Lab, chat: Discord) -> None:
    ref = await post(chat, lab.target())
    ahead = datetime.now(UTC) + timedelta(minutes=2)
    assert await chat.find(lab.target(), "pb-A post", None, ahead) == ref


@pytest.mark.parametrize(
    "fault", ["stored_then_reset", "stored_then_server_error", "stored_then_unavailable"]
)
async def test_a_lost_answer_leaves_it_open_and_nothing_is_sent_twice(
    lab: Lab, chat: Discord, fault: str
) -> None:
    lab.discord.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".*") as caught:
        await post(chat, lab.target())
    assert not isinstance(caught.value, DeliveryError)
    assert len(calls(lab, "create_message")) == 1
    assert await chat.find(lab.target(), "pb-A post", None, SINCE)


@pytest.mark.parametrize("fault", ["reset", "server_error", "unavailable"])
async def test_a_lost_request_leaves_it_open_too(lab: Lab, chat: Discord, fault: str) -> None:
    lab.discord.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".*") as caught:
        await post(chat, lab.target())
    assert not isinstance(caught.value, DeliveryError)
    assert await chat.find(lab.target(), "pb-A post", None, SINCE) is None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("forum", [False, True])
async def test_through_all_mishaps_each_message_is_posted_once(
    tmp_path: Path, seed: int, forum: bool
) -> None:
    """What the outbox does: look up what was lost, send what surely was not posted."""
    async with laboratory(seed=seed) as lab, started(lab.discord, echo, tmp_path) as chat:
        place = lab.discord.add_forum(lab.guild, "forum") if forum else lab.papers
        method = "create_thread" if forum else "create_message"
        for fault in ("reset", "stored_then_reset", "server_error", "stored_then_server_error"):
            lab.discord.faults.chance(fault, 0.15, method=method)
            lab.discord.faults.chance(fault, 0.1, method="list_messages")
            lab.discord.faults.chance(fault, 0.1, method="list_active_threads")
        lab.discord.faults.chance("rate_limited", 0.1, method=method)
        names = [f"{number}" for number in range(12 if forum else 30)]
        for name in names:
            await _deliver(chat, lab.target(place), name)
        assert lab.discord.faults.injected.total() > 3
        inside = lab.discord.threads(place) if forum else [place]
        found = [words(one) for each in inside for one in lab.discord.messages(each)]
        assert found == [f"### {name}" for name in names]


async def _deliver(chat: Discord, target: Target, name: str) -> None:
    lost = False
    while True:
        try:
            if lost and await chat.find(target, f"pb-{name}", None, SINCE):
                return
            lost = False
            await post(chat, target, name)
            return
        except DeliveryError:
            continue
        except Exception:
            lost = True


async def test_a_rate_limit_says_how_long_and_is_not_waited_for(lab: Lab, chat: Discord) -> None:
    lab.discord.faults.script("rate_limited", seconds=17)
    with pytest.raises(DeliveryError) as caught:
        await post(chat, lab.target())
    assert (caught.value.retry_after, caught.value.permanent) == (17, False)


async def test_an_unreachable_discord_surely_got_nothing(lab: Lab, tmp_path: Path) -> None:
    async with started(lab.discord, echo, tmp_path) as chat:
        await lab.discord.__aexit__(None, None, None)
        with pytest.raises(DeliveryError, match="cannot be reached") as caught:
            await post(chat, lab.target())
    assert not caught.value.permanent


async def test_a_channel_of_many_posts_meets_no_limit(lab: Lab, chat: Discord) -> None:
    """The first calls of five channels at once; discord.py keeps to each channel's own limit."""
    lab.discord.throttle.enabled = True
    places = [lab.discord.add_channel(lab.guild, f"c{number}") for number in range(60)]
    await asyncio.gather(*(post(chat, lab.target(place)) for place in places))
    assert not lab.discord.throttle.invalid
    assert all(len(lab.discord.messages(place)) == 1 for place in places)


# -- threads and forums


async def test_a_thread_that_is_there_already_is_used(lab: Lab, tmp_path: Path) -> None:
    async with started(lab.discord, echo, tmp_path) as chat:
        header = await post(chat, lab.target())
        await post(chat, lab.target(), "One", header)
    later = datetime.now(UTC) + timedelta(hours=1)
    async with started(lab.discord, echo, tmp_path, now=lambda: later) as chat:
        await post(chat, lab.target(), "Two", header)
    [thread] = lab.discord.threads(lab.papers)
    assert len(lab.discord.messages(thread)) == 2
    assert [one.code for one in lab.discord.refusals] == [160004]
    lab.discord.refusals.clear()


async def test_a_late_part_opens_an_archived_thread(tmp_path: Path) -> None:
    clock = Clock()
    async with laboratory(clock=clock) as lab, started(lab.discord, echo, tmp_path) as chat:
        header = await post(chat, lab.target())
        await post(chat, lab.target(), "One", header)
        clock.advance(3 * 86_400)
        [thread] = lab.discord.threads(lab.papers)
        assert thread.thread
        assert thread.thread.closed(clock())
        await post(chat, lab.target(), "Late", header)
        assert not thread.thread.closed(clock())
        assert len(lab.discord.messages(thread)) == 2


async def test_a_thread_without_its_header_has_no_place(lab: Lab, chat: Discord) -> None:
    header = await post(chat, lab.target())
    lab.discord.delete(lab.discord.messages(lab.papers)[0])
    with pytest.raises(DeliveryError, match=r"first message of the thread .* deleted") as caught:
        await post(chat, lab.target(), "Part", header)
    assert caught.value.permanent
    assert await chat.find(lab.target(), "pb-Part", header, SINCE) is None
    lab.discord.refusals.clear()


async def test_a_forum_gets_a_post_with_its_parts_in_it(lab: Lab, chat: Discord) -> None:
    forum = lab.discord.add_forum(lab.guild, "forum")
    header, *parts = await post_list(chat, lab.target(forum))
    [thread] = lab.discord.threads(forum)
    assert (thread.id, thread.name) == (header, "Papers of Tuesday 30 June 2026")
    assert [one.id for one in lab.discord.messages(thread)] == [header, *parts]
    for number, ref in enumerate([header, *parts]):
        parent = header if number else None
        assert await chat.find(lab.target(forum), f"pb-{number}", parent, SINCE) == ref


async def test_all_that_stands_in_a_forum_can_be_read_back(lab: Lab, chat: Discord) -> None:
    target = lab.target(lab.discord.add_forum(lab.guild, "forum"))
    header, *parts = chat.render(REPLIES["a list"], "thread")
    refs = [await chat.send(target, header, None, key_of(7, TODAY, 0))]
    for number, part in enumerate(parts, 1):
        refs.append(await chat.send(target, part, refs[0], key_of(7, TODAY, number)))
    standing = await chat.standing(target, SINCE)
    assert sorted((one.key, one.ref) for one in standing) == [
        (key_of(7, TODAY, number), ref) for number, ref in enumerate(refs)
    ]


async def test_an_archived_post_of_a_forum_is_found(tmp_path: Path) -> None:
    clock = Clock()
    async with laboratory(clock=clock) as lab, started(lab.discord, echo, tmp_path) as chat:
        forum = lab.discord.add_forum(lab.guild, "forum")
        since = datetime.fromtimestamp(clock(), UTC)
        refs = {name: await post(chat, lab.target(forum), name) for name in "abc"}
        clock.advance(3 * 86_400)
        assert await chat.find(lab.target(forum), "pb-b", None, since) == refs["b"]
        assert await chat.find(lab.target(forum), "pb-z", None, since) is None


# -- what a person has to mend


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        (Permission.VIEW_CHANNEL, "View Channel"),
        (Permission.SEND_MESSAGES, "Send Messages"),
        (Permission.EMBED_LINKS, "Embed Links"),
        (Permission.CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (Permission.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_a_lacking_permission_is_named(
    lab: Lab, chat: Discord, taken: Permission, named: str
) -> None:
    lab.discord.deny(lab.papers, taken)
    await _heard(lab, chat)
    with pytest.raises(DeliveryError) as caught:
        await post_list(chat, lab.target())
    assert caught.value.permanent
    assert named in str(caught.value)
    lab.discord.refusals.clear()


async def _heard(lab: Lab, chat: Discord) -> None:
    """Events come in order: an answer to what comes later proves that the bot had the others."""
    asked = await lab.discord.people.dm(lab.grace, "hello")
    await asked.answer()


async def test_looking_up_without_leave_is_permanent(lab: Lab, chat: Discord) -> None:
    """Discord shows an empty history then, which says nothing."""
    await post(chat, lab.target())
    lab.discord.deny(lab.papers, Permission.READ_MESSAGE_HISTORY)
    await _heard(lab, chat)
    with pytest.raises(DeliveryError, match="Read Message History") as caught:
        await chat.find(lab.target(), "pb-A post", None, SINCE)
    assert caught.value.permanent


async def test_a_place_that_is_gone_is_permanent(lab: Lab, chat: Discord) -> None:
    gone = Channel("404", 0, lab.guild.id, "gone")
    locked = lab.discord.add_forum(lab.guild, "tagged", require_tag=True)
    for place, said in ((gone, "is gone"), (locked, "need a tag")):
        with pytest.raises(DeliveryError, match=said) as caught:
            await post(chat, lab.target(place))
        assert caught.value.permanent
    lab.discord.refusals.clear()


async def test_looking_up_in_vain_is_not(lab: Lab, chat: Discord) -> None:
    for fault in ("reset", "server_error", "unavailable", "rate_limited"):
        # aiohttp itself asks again after a reset: reading twice does no harm.
        times = 2 if fault == "reset" else 1
        lab.discord.faults.script(fault, method="list_messages", times=times)
        with pytest.raises(DeliveryError) as caught:
            await chat.find(lab.target(), "k", None, SINCE)
        assert not caught.value.permanent


async def test_a_refused_layout_is_not_sent_again(lab: Lab, chat: Discord) -> None:
    with pytest.raises(DeliveryError, match="50035") as caught:
        await chat.send(lab.target(), {"embeds": [{"title": "x" * 300}]}, None, "k")
    assert not caught.value.permanent
    assert len(calls(lab, "create_message")) == 1
    lab.discord.refusals.clear()


async def test_the_first_401_ends_it(lab: Lab, chat: Discord) -> None:
    lab.discord.token = "changed"
    for _ in range(3):
        with pytest.raises(DeliveryError, match="does not take the bot token") as caught:
            await post(chat, lab.target())
        assert caught.value.permanent
    assert len(lab.discord.throttle.invalid) == 1
    await lab.discord.until(lambda: not lab.discord.gateway.live)
    lab.discord.refusals.clear()


async def test_after_many_refusals_it_is_silent(
    lab: Lab, chat: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert meter.INVALID_LIMIT == 1_000
    monkeypatch.setattr(meter, "INVALID_LIMIT", 3)
    lab.discord.deny(lab.papers, Permission.SEND_MESSAGES)
    await _heard(lab, chat)
    for _ in range(3):
        with pytest.raises(DeliveryError, match="Send Messages"):
            await post(chat, lab.target())
    other = lab.discord.add_channel(lab.guild, "other")
    with pytest.raises(DeliveryError, match="silent for a while") as caught:
        await post(chat, lab.target(other))
    assert not caught.value.permanent
    assert caught.value.retry_after
    assert 590 < caught.value.retry_after <= 600
    lab.discord.refusals.clear()


# -- telling


async def test_a_person_is_told_directly(lab: Lab, chat: Discord) -> None:
    text = f"Subscription 3 in #{lab.papers.id} is paused: `resume 3` goes on."
    await chat.tell(lab.guild.id, lab.grace.id, text)
    [told] = lab.discord.messages(lab.discord.direct(lab.grace))
    assert words(told) == f"Subscription 3 in <#{lab.papers.id}> is paused: `resume 3` goes on."


@pytest.mark.parametrize("fault", ["reset", "server_error", "stored_then_reset", "rate_limited"])
async def test_telling_raises_nothing_but_delivery_errors(
    lab: Lab, chat: Discord, fault: str
) -> None:
    lab.discord.faults.script(fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryError):
        await chat.tell(lab.guild.id, lab.grace.id, "x")


async def test_who_takes_no_messages_is_not_told(lab: Lab, chat: Discord) -> None:
    lab.grace.dms = False
    with pytest.raises(DeliveryError, match="no direct messages") as caught:
        await chat.tell(lab.guild.id, lab.grace.id, "x")
    assert caught.value.permanent
    lab.discord.refusals.clear()


async def test_before_the_start_nothing_is_sent(tmp_path: Path) -> None:
    chat = Discord(token="t", state=tmp_path, now=lambda: datetime.now(UTC))
    here = Target("discord", "1", "2")
    for attempt in (chat.send(here, {}, None, "k"), chat.tell("1", "2", "x")):
        with pytest.raises(DeliveryError, match="not connected") as caught:
            await attempt
        assert not caught.value.permanent
    await chat.stop()


async def test_another_part_of_another_server_is_its_own(lab: Lab, chat: Discord) -> None:
    second = lab.discord.add_guild("second")
    place = lab.discord.add_channel(second, "papers")
    await post(chat, replace(lab.target(place), team=second.id))
    assert len(lab.discord.messages(place)) == 1
