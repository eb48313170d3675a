"""A database set back to an older state, over a platform that was not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.readback import ReadBack
from storage.subscriptions import Record
from tests.bot.conftest import Bot
from tests.factories import NOON, paper
from tests.storage.images import Image

DAY = timedelta(days=1)


def read_back(bot: Bot) -> ReadBack:
    return ReadBack(bot.store, {"fake": bot.chat}, bot.pool, lambda: bot.now)


def restore(bot: Bot, image: Image) -> None:
    image.put_back(bot.store.db)
    bot.store.recovery.mark(7)
    bot.restart()


def state(bot: Bot) -> str:
    record = bot.store.subscriptions.last_record("T1", 1)
    assert isinstance(record, Record)
    return record.state


async def two_days(bot: Bot) -> None:
    """Post an edition with 7 of 14 papers, make a backup, and post one with 6 of the rest."""
    bot.save(*(paper(number, upvotes=number) for number in range(1, 15)))
    bot.subscribe("trending --limit 7")
    bot.move_to(NOON)
    await bot.tick()


async def test_what_was_posted_after_the_backup_is_not_posted_again(bot: Bot) -> None:
    await two_days(bot)
    image = Image(bot.store.db)
    bot.move_to(NOON + DAY)
    assert await bot.tick() == 3
    posts = list(bot.chat.posts)
    bot.move_to(NOON + DAY + timedelta(hours=1))
    restore(bot, image)
    assert await bot.tick() == 0  # nothing before the channel was read
    await read_back(bot).run()
    assert await bot.tick() == 0
    assert bot.chat.posts == posts
    assert state(bot) == "sent"
    bot.save(paper(15), paper(16))
    bot.move_to(NOON + 2 * DAY)
    assert await bot.tick() == 2
    ids = [id for post in bot.chat.posts for id in post.papers]
    assert len(ids) == len(set(ids)) == 16


async def test_what_the_backup_thought_was_still_to_send_is_not_sent_again(bot: Bot) -> None:
    bot.save(*(paper(number) for number in range(1, 9)))
    bot.subscribe("today --limit 8")
    bot.move_to(NOON)
    bot.planner.plan(bot.now)
    image = Image(bot.store.db)
    bot.chat.faults.extend(["busy"])
    await bot.outbox().drain()
    bot.move_to(NOON + timedelta(seconds=3))
    await bot.outbox().drain()
    assert len(bot.chat.posts) == 3
    del bot.chat.posts[2]  # as if it had been on its way when the machine broke
    restore(bot, image)
    await read_back(bot).run()
    assert await bot.tick() == 1
    assert len(bot.chat.posts) == len(set(bot.chat.keys())) == 3


async def test_late_arrivals_come_once_and_under_marks_of_their_own(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe("today --limit 9")
    bot.move_to(NOON)
    await bot.tick()
    image = Image(bot.store.db)
    bot.move_to(NOON + timedelta(hours=1))
    bot.save(paper(2))
    assert await bot.tick() == 2
    restore(bot, image)
    bot.save(paper(2), paper(3))
    await read_back(bot).run()
    assert await bot.tick() == 2
    assert [post.papers for post in bot.chat.posts[-1:]] == [("2606.00003",)]
    assert len(set(bot.chat.keys())) == len(bot.chat.posts) == 6


async def test_a_channel_that_cannot_be_read_for_now_waits(bot: Bot) -> None:
    await two_days(bot)
    image = Image(bot.store.db)
    restore(bot, image)
    bot.move_to(NOON + DAY)
    bot.chat.deaf = True
    reading = read_back(bot)
    await reading.run()
    assert await bot.tick() == 0
    bot.chat.deaf = False
    await reading.run()
    assert await bot.tick() == 0  # not before a minute is over
    bot.move_to(NOON + DAY + timedelta(minutes=1))
    await reading.run()
    assert await bot.tick() == 3


@pytest.mark.parametrize("planned", [False, True])
async def test_where_nobody_can_look_the_last_post_is_left_out_and_told(
    bot: Bot, planned: bool
) -> None:
    await two_days(bot)
    bot.move_to(NOON + DAY)
    if planned:
        bot.planner.plan(bot.now)
    image = Image(bot.store.db)
    restore(bot, image)
    bot.chat.blind = True
    posts = list(bot.chat.posts)
    await read_back(bot).run()
    assert await bot.tick() == 0
    assert bot.chat.posts == posts
    assert state(bot) == "unknown"
    ((team, person, told),) = bot.chat.told
    assert (team, person) == ("T1", "U1")
    assert "subscription 1, `trending --limit 7` in #C1" in told
    bot.chat.blind = False
    bot.save(paper(15))
    bot.move_to(NOON + 2 * DAY)
    assert await bot.tick() >= 2
