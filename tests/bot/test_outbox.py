from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.outbox import LEASE, TIMEOUT, Outbox
from bot.schedule import POST_EVERY
from storage.model import Payload, Target
from tests.bot.conftest import Bot
from tests.factories import NOON, paper
from tests.fakes.chat import FakeChat


async def due(bot: Bot, papers: int = 1) -> None:
    """Plan one edition: a header and a message of cards."""
    bot.save(*(paper(number) for number in range(1, papers + 1)))
    bot.subscribe()
    bot.move_to(NOON)
    bot.planner.plan(bot.now)


def state(bot: Bot) -> tuple[str, str | None]:
    record = bot.store.subscriptions.last_record("T1", 1)
    assert record is not None
    return record.state, record.error


async def test_a_lost_answer_is_looked_up_and_not_sent_again(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("lost")
    assert await bot.outbox().drain() == 0
    bot.move_to(NOON + LEASE)
    assert await bot.outbox("another process").drain() == 2
    assert len(bot.chat.posts) == len(set(bot.chat.keys())) == 2
    assert bot.chat.posts[1].parent == bot.chat.posts[0].ref


class Slow(FakeChat):
    """Each of its answers takes as long as it may, on the clock of ``bot``."""

    def __init__(self, bot: Bot) -> None:
        super().__init__(lambda: bot.now)
        self._bot = bot

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        self._bot.now += TIMEOUT
        return await super().send(target, payload, parent, key)

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        self._bot.now += TIMEOUT
        return await super().find(target, key, parent, since)


@pytest.mark.parametrize("stands", [True, False])
async def test_what_a_dead_process_left_open_is_settled_within_ninety_seconds(
    bot: Bot, stands: bool
) -> None:
    bot.chat = Slow(bot)
    bot.restart()
    await due(bot)
    (left,) = bot.store.deliveries.claim("dead", {"fake": timedelta(0)}, NOON, LEASE, 9)
    if stands:
        await FakeChat.send(bot.chat, left.target, left.payload, None, left.key)
    while state(bot)[0] in ("pending", "sending"):
        bot.move_to(bot.now + POST_EVERY)
        await bot.outbox().drain()
    record = bot.store.subscriptions.last_record("T1", 1)
    assert record
    assert record.sent_at
    assert LEASE < record.sent_at - NOON < timedelta(seconds=90)
    assert len(bot.chat.posts) == len(set(bot.chat.keys()))


async def test_a_message_that_was_not_posted_is_sent_after_the_look_up(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("dropped")
    await bot.outbox().drain()
    assert bot.chat.posts == []
    assert await bot.outbox().drain() == 0  # its lease holds still
    bot.move_to(NOON + LEASE)
    assert await bot.outbox().drain() == 2
    assert len(bot.chat.posts) == 2


async def test_where_looking_is_impossible_it_is_unknown_and_never_sent_again(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("lost")
    bot.chat.blind = True
    await bot.outbox().drain()
    bot.move_to(NOON + LEASE)
    await bot.outbox().drain()
    assert state(bot) == ("unknown", "History cannot be read here.")
    ((team, person, told),) = bot.chat.told
    assert (team, person) == ("T1", "U1")
    assert "Subscription 1, `today --limit 3` in #C1, may or may not have been posted" in told
    bot.move_to(NOON + LEASE * 10)
    assert await bot.outbox().drain() == 0
    assert len(bot.chat.posts) == 1


async def test_a_look_up_that_fails_for_now_comes_again(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("lost")
    bot.chat.deaf = True
    await bot.outbox().drain()
    bot.move_to(NOON + LEASE)
    await bot.outbox().drain()
    assert state(bot)[0] == "sending"
    bot.chat.deaf = False
    bot.move_to(bot.now + LEASE)
    await bot.outbox().drain()
    assert state(bot)[0] == "sent"
    assert bot.chat.attempts == 2


async def test_a_busy_platform_is_given_the_time_it_asks_for(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("busy")
    await bot.outbox().drain()
    bot.move_to(NOON + timedelta(seconds=2))
    assert await bot.outbox().drain() == 0
    bot.move_to(NOON + timedelta(seconds=3))
    assert await bot.outbox().drain() == 2


async def test_a_passing_fault_is_tried_again_ever_more_slowly(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.extend(["broken"] * 4)
    moments = []
    for second in range(40):
        bot.move_to(NOON + timedelta(seconds=second))
        before = bot.chat.attempts
        await bot.outbox().drain()
        moments += [second] * (bot.chat.attempts > before)
    assert moments == [0, 2, 6, 14, 30]


async def test_a_refusal_pauses_the_subscription_with_its_reason(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("refused")
    await bot.outbox().drain()
    assert state(bot) == ("failed", "The channel is archived; choose another.")
    one = bot.store.subscriptions.get("T1", 1)
    assert one is not None
    assert one.paused == "The channel is archived; choose another."
    assert bot.store.deliveries.waiting() == {}
    ((team, person, told),) = bot.chat.told
    assert (team, person) == ("T1", "U1")
    assert "Subscription 1, `today --limit 3` in #C1, is paused: The channel is archived" in told
    assert "`resume 1`" in told
    bot.store.subscriptions.resume("T1", 1, NOON + timedelta(days=1))
    bot.move_to(NOON + timedelta(days=1))
    assert await bot.tick() == 2  # its papers were never posted, so they still are


async def test_what_hangs_when_it_is_stopped_is_handed_back_and_looked_up(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.append("hangs")
    outbox = bot.outbox()
    draining = asyncio.create_task(outbox.drain())
    await bot.chat.hanging.wait()
    outbox.close()
    draining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await draining
    assert await bot.outbox("the next").drain() == 0  # what was broken off may still arrive
    bot.move_to(NOON + TIMEOUT)
    assert await bot.outbox("the next").drain() == 2
    assert len(bot.chat.posts) == len(set(bot.chat.keys())) == 2


async def test_what_cannot_be_sent_for_half_a_day_expires(bot: Bot) -> None:
    await due(bot)
    bot.chat.faults.extend(["broken"] * 500)
    moment = NOON
    while state(bot)[0] == "pending":
        bot.move_to(moment)
        await bot.outbox().drain()
        moment += timedelta(minutes=30)
    assert state(bot) == ("expired", "it could not be posted in time")
    assert NOON + timedelta(hours=12) <= bot.now <= NOON + timedelta(hours=13)


async def test_two_outboxes_at_once_send_each_message_once(bot: Bot) -> None:
    bot.save(*(paper(number) for number in range(1, 4)))
    for _ in range(15):
        bot.subscribe("today --limit 3", layout="per-paper")
    bot.move_to(NOON)
    bot.planner.plan(bot.now)
    one, other = bot.outbox("one"), bot.outbox("other")
    assert sum(await asyncio.gather(one.drain(), other.drain())) == 60
    assert len(set(bot.chat.keys())) == 60
    assert bot.store.deliveries.waiting() == {}


async def test_a_claim_that_is_half_over_is_not_sent_but_made_anew(bot: Bot) -> None:
    await due(bot)
    frozen = iter([LEASE / 2])  # for so long, between claim and send

    def now() -> datetime:
        if state(bot)[0] == "sending":
            bot.now += next(frozen, timedelta(0))
        return bot.now

    outbox = Outbox(bot.store, {"fake": bot.chat}, bot.pool, "me", now)
    assert await outbox.drain() == 2
    header = bot.store.ledger.entries()[-1]
    assert (header.part, header.attempt) == (0, 2)
    assert bot.chat.attempts == 2
