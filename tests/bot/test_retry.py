"""Trying again what did not go out: through the outbox, in the way that is safe in each state."""

from __future__ import annotations

from datetime import timedelta

from bot.outbox import LEASE
from bot.plan import CATCH_UP
from storage.ledger import Retried
from tests.bot.conftest import Bot
from tests.factories import NOON, paper

DAY = timedelta(days=1)


async def due(bot: Bot, *faults: str) -> None:
    """Plan and drain one edition, a header and a message of two papers, with these faults."""
    bot.save(*(paper(number, upvotes=number) for number in range(1, 5)))
    bot.subscribe("trending --limit 2")
    bot.move_to(NOON)
    bot.planner.plan(bot.now)
    bot.chat.faults.extend(faults)  # type: ignore[arg-type]
    await bot.outbox().drain()


def retry(bot: Bot, *ids: int) -> list[Retried]:
    return bot.store.ledger.retry(ids, bot.now, CATCH_UP)


def states(bot: Bot) -> list[str]:
    return [one.state for one in reversed(bot.store.ledger.entries())]


def papers(bot: Bot) -> list[str]:
    return [id for post in bot.chat.posts for id in post.papers]


async def test_a_failed_edition_is_sent_with_its_thread(bot: Bot) -> None:
    await due(bot, "refused")
    assert states(bot) == ["failed", "failed"]
    (part,) = retry(bot, 2)
    assert not part.done
    assert "first message of its thread" in part.words
    (header,) = retry(bot, 1)
    assert header.done
    assert header.words == "it is sent again. Its subscription is paused, though: resume 1."
    assert await bot.outbox().drain() == 2
    assert states(bot) == ["sent", "sent"]
    bot.store.subscriptions.resume("T1", 1, NOON + DAY)
    bot.move_to(NOON + DAY)
    await bot.tick()
    assert papers(bot) == ["2606.00004", "2606.00003", "2606.00002", "2606.00001"]


async def test_it_is_left_alone_where_its_papers_were_posted_since(bot: Bot) -> None:
    await due(bot, "refused")
    bot.store.subscriptions.resume("T1", 1, NOON + DAY)
    bot.move_to(NOON + DAY)
    await bot.tick()
    (header,) = retry(bot, 1)
    assert (header.done, header.words) == (False, "2 of its papers were posted since.")
    assert await bot.outbox().drain() == 0


async def test_what_expired_is_sent_late_when_a_person_wants_it(bot: Bot) -> None:
    await due(bot, "broken")
    bot.move_to(NOON + CATCH_UP)
    await bot.outbox().drain()
    assert states(bot) == ["expired", "expired"]
    assert retry(bot, 1)[0].done
    assert await bot.outbox().drain() == 2


async def test_what_nobody_could_look_up_is_looked_up_before_it_is_sent(bot: Bot) -> None:
    await due(bot, "lost")
    bot.chat.blind = True
    bot.move_to(NOON + LEASE)
    await bot.outbox().drain()
    assert states(bot) == ["unknown", "failed"]
    assert retry(bot, 1)[0].done
    await bot.outbox().drain()
    assert states(bot) == ["unknown", "failed"]
    bot.chat.blind = False
    assert retry(bot, 1)[0].done
    assert await bot.outbox().drain() == 2
    assert len(bot.chat.posts) == len(set(bot.chat.keys())) == 2
    bot.chat.posts.clear()
    assert [one.done for one in retry(bot, 1, 2)] == [False, False]


async def test_what_waits_for_its_next_try_comes_at_once(bot: Bot) -> None:
    await due(bot, *["broken"] * 3)
    bot.move_to(NOON + timedelta(seconds=1))
    assert await bot.outbox().drain() == 0
    assert retry(bot, 1) == [Retried(1, True, "it is sent again.")]
    bot.chat.faults.clear()
    assert await bot.outbox().drain() == 2


async def test_what_was_never_written_cannot_be_sent(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe("today")
    bot.move_to(NOON + CATCH_UP + timedelta(minutes=1))
    bot.planner.plan(bot.now)
    assert states(bot) == ["expired"]
    (one,) = retry(bot, 1)
    assert (one.done, one.words) == (False, "nothing was written for it; look at the channel.")
