"""Why a paper was posted in a channel, or was not: through the planner and the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from commands import COMMANDS
from commands.model import Caller, Context
from commands.parse import run
from storage.model import Target
from tests.bot.conftest import HERE, Bot
from tests.factories import NOON, paper


def ask(bot: Bot, line: str, target: Target = HERE) -> str:
    ctx = Context(
        store=bot.store,
        target=target,
        caller=Caller("U1"),
        now=bot.now,
        commands=COMMANDS,
        zone=bot.planner._zone,
    )
    reply = run(ctx, line)
    return f"{reply.title}\n{reply.text}"


async def test_it_tells_what_stood_in_the_way(bot: Bot) -> None:
    bot.save(*(paper(number, upvotes=100 - number, keywords=()) for number in range(1, 60)))
    gears = {"title": "Gears", "abstract": "Cogs.", "summary": None}
    bot.save(paper(70, listed_on=None), paper(71, upvotes=500, **gears))
    bot.store.search.refresh()
    bot.subscribe("trending --limit 2 widgets")
    assert "would be number 1 now; not yet due. Next: Tue 30 Jun 12:00" in ask(
        bot, "why 2606.00001"
    )
    assert "number 5 of those not posted yet, and a post takes 2." in ask(bot, "why 2606.00005")
    assert "not among the first 42" in ask(bot, "why 2606.00059")
    assert "The filter `widgets` leaves it out." in ask(bot, "why gears")
    assert "stood on no daily list" in ask(bot, "why 2606.00070")
    bot.move_to(NOON)
    bot.planner.plan(bot.now)
    assert "in the edition of 30 Jun 2026, which waits to be sent." in ask(bot, "why 2606.00001")
    bot.chat.faults.append("busy")
    await bot.outbox().drain()
    assert "which waits to be sent (Too many messages.)." in ask(bot, "why 2606.00001")
    bot.move_to(NOON + timedelta(seconds=3))
    await bot.outbox().drain()
    assert "Posted on 30 Jun 2026 at 12:00" in ask(bot, "why 2606.00001")
    bot.store.subscriptions.pause("T1", 1, "by Ada.")
    assert "Not posted. It is paused: by Ada." in ask(bot, "why 2606.00003")
    assert "Posted on 30 Jun" in ask(bot, "why 2606.00001")


async def test_an_edition_that_failed_expired_or_is_unknown_is_named(bot: Bot) -> None:
    bot.save(paper(1), paper(2))
    bot.store.search.refresh()
    bot.subscribe("today --limit 1")
    bot.move_to(NOON + timedelta(hours=13))
    await bot.tick()
    told = ask(bot, "why 2606.00002")
    assert "Last edition, Tue 30 Jun: expired (it was missed by more than 12 hours)." in told
    bot.move_to(NOON + timedelta(days=1))
    bot.planner.plan(bot.now)
    bot.chat.faults.append("lost")
    bot.chat.blind = True
    await bot.outbox().drain()
    bot.move_to(bot.now + timedelta(minutes=2))
    await bot.outbox().drain()
    told = ask(bot, "why 2606.00002")
    assert "may or may not have been posted on 1 Jul 2026 (History cannot be read here.)" in told


def test_other_channels_and_teams_are_not_told_about(bot: Bot) -> None:
    bot.save(paper(1))
    bot.store.search.refresh()
    bot.subscribe("today")
    for elsewhere in (replace(HERE, channel="C2"), replace(HERE, team="T2")):
        told = ask(bot, "why 2606.00001", elsewhere)
        assert "was not posted here" in told
        assert "today" not in told.replace("subscribe", "")


@pytest.mark.parametrize("line", ["why", "why no such thing at all"])
def test_an_unknown_paper_is_explained(bot: Bot, line: str) -> None:
    with pytest.raises(Exception, match=r"why|No paper fits"):
        ask(bot, line)
