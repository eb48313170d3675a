from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from adapters.base import RenderAs
from bot import plan
from bot.plan import Planner
from commands import COMMANDS
from commands.model import Caller, Context, Reply, command
from commands.parse import run
from storage.calendar import Days
from storage.database import StorageError
from storage.model import Payload
from tests.bot.conftest import HERE, Bot
from tests.factories import NOON, TODAY, paper


async def test_nothing_is_posted_before_it_is_due(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe()
    assert await bot.tick() == 0
    bot.move_to(NOON - timedelta(seconds=1))
    assert await bot.tick() == 0
    bot.move_to(NOON)
    assert await bot.tick() == 2
    assert await bot.tick() == 0


async def test_the_header_comes_first_and_the_cards_go_into_its_thread(bot: Bot) -> None:
    bot.save(*(paper(number, upvotes=number) for number in range(1, 9)))
    bot.subscribe("today --limit 7")
    bot.move_to(NOON)
    assert await bot.tick() == 3
    header, *thread = bot.chat.posts
    assert "Papers of Tuesday 30 June 2026" in header.payload["text"]
    assert header.parent is None
    assert [post.parent for post in thread] == [header.ref, header.ref]
    assert thread[0].payload["text"].splitlines() == [paper(n).title for n in (8, 7, 6, 5, 4)]


async def test_a_channel_never_gets_a_paper_twice_and_the_next_ones_move_up(bot: Bot) -> None:
    bot.save(*(paper(number, upvotes=number) for number in range(1, 6)))
    bot.subscribe("trending --limit 2")
    for day in range(3):
        bot.move_to(NOON + timedelta(days=day))
        await bot.tick()
    cards = [text for text in bot.texts() if text.startswith("A Study")]
    assert cards == [
        f"{paper(5).title}\n{paper(4).title}",
        f"{paper(3).title}\n{paper(2).title}",
        paper(1).title,
    ]


@pytest.mark.parametrize(("quiet", "told"), [("line", 1), ("none", 0)])
async def test_a_day_without_anything_new_is_one_line_or_silence(
    bot: Bot, quiet: str, told: int
) -> None:
    bot.save(paper(1, listed_on=date(2026, 6, 26)))
    bot.subscribe(quiet=quiet)
    bot.move_to(NOON - timedelta(days=3))  # Saturday
    bot.store.subscriptions.resume("T1", 1, bot.now)
    await bot.tick()
    assert bot.texts()[1:] == [paper(1).title]
    bot.move_to(bot.now + timedelta(days=1))
    assert await bot.tick() == told
    if told:
        assert "Nothing new" in bot.texts()[-1]
        assert "no list on Sundays; the newest is Friday's" in bot.texts()[-1]


async def test_an_empty_catalogue_is_told_too(bot: Bot) -> None:
    bot.subscribe()
    bot.move_to(NOON)
    assert await bot.tick() == 1
    assert "There is no daily list yet" in bot.texts()[0]


async def test_an_old_list_says_so_in_the_header(bot: Bot) -> None:
    bot.save(paper(1, listed_on=TODAY - timedelta(days=5)))
    bot.subscribe()
    bot.move_to(NOON)
    await bot.tick()
    assert "5 days old" in bot.texts()[0]


@pytest.fixture
async def growing_list(bot: Bot) -> None:
    """Today's list is posted at noon, when it has one paper."""
    bot.save(paper(1))
    bot.subscribe("today --limit 9")
    bot.move_to(NOON)
    assert await bot.tick() == 2


@pytest.mark.usefixtures("growing_list")
async def test_late_arrivals_join_the_same_thread_until_the_list_closes(bot: Bot) -> None:
    bot.move_to(NOON + timedelta(hours=2))
    assert await bot.tick() == 0
    bot.save(paper(3))
    bot.restart()
    assert await bot.tick() == 2
    header, last = bot.chat.posts[0], bot.chat.posts[-1]
    assert last.parent == header.ref
    assert last.payload["text"] == paper(3).title
    bot.save(paper(3, upvotes=50))
    assert await bot.tick() == 0
    bot.move_to(NOON + timedelta(hours=14, minutes=20))  # 02:20 of the next day
    bot.save(paper(4))
    assert await bot.tick() == 2
    bot.move_to(NOON + timedelta(hours=14, minutes=30))
    bot.save(paper(5))
    assert await bot.tick() == 0


@pytest.mark.usefixtures("growing_list")
async def test_a_late_arrival_that_could_not_be_planned_is_tried_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.move_to(NOON + timedelta(hours=1))
    bot.save(paper(2))
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(bot.chat, "render", None)
        assert await bot.tick() == 0
        assert await bot.tick() == 0
        assert [log["event"] for log in logs] == ["late arrivals failed"]
    bot.move_to(bot.now + timedelta(minutes=5))
    assert await bot.tick() == 2  # though the catalogue is as it was
    assert bot.texts()[-1] == paper(2).title


@pytest.mark.usefixtures("growing_list")
async def test_a_database_that_fails_costs_a_late_arrival_a_tick_and_says_so_once(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> bool:
        raise StorageError("It does not answer.")

    bot.move_to(NOON + timedelta(hours=1))
    bot.save(paper(2))
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(bot.store.editions, "add_late", gone)
        for _ in range(2):
            with pytest.raises(StorageError):
                await bot.tick()
    assert logs == []  # the timer tells
    assert await bot.tick() == 2


@pytest.mark.usefixtures("growing_list")
async def test_where_another_process_was_quicker_with_one_late_arrival_the_rest_follows(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.move_to(NOON + timedelta(hours=1))
    bot.save(paper(2), paper(3))
    render = bot.chat.render

    def slowly(reply: Reply, layout: RenderAs) -> list[Payload]:
        (found,) = bot.store.editions.open(bot.now)
        bot.store.editions.add_late(found[0], [{"text": "quicker"}], [paper(2).id], bot.now)
        return render(reply, layout)

    with monkeypatch.context() as patch:
        patch.setattr(bot.chat, "render", slowly)
        assert await bot.tick() == 1
    assert await bot.tick() == 2  # though the catalogue is as it was
    assert bot.texts()[-1] == paper(3).title
    assert await bot.tick() == 0


@pytest.mark.usefixtures("growing_list")
async def test_late_arrivals_keep_to_the_edition_s_own_list(bot: Bot) -> None:
    bot.move_to(NOON + timedelta(hours=14))  # the next day's list has begun
    bot.save(paper(2), paper(3, listed_on=TODAY + timedelta(days=1)))
    await bot.tick()
    assert bot.texts()[-1] == paper(2).title


async def test_a_known_paper_that_climbs_is_no_late_arrival(bot: Bot) -> None:
    bot.save(paper(1, upvotes=9), paper(2, upvotes=1))
    bot.subscribe("today --limit 1")
    bot.move_to(NOON)
    await bot.tick()
    bot.move_to(NOON + timedelta(hours=1))
    bot.save(paper(2, upvotes=99))
    assert await bot.tick() == 0


async def test_a_trending_edition_is_a_snapshot(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe("trending --limit 9")
    bot.move_to(NOON)
    await bot.tick()
    bot.save(paper(2))
    assert await bot.tick() == 0


async def test_a_missed_edition_is_caught_up_once_and_labelled(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe()
    bot.move_to(NOON + timedelta(hours=11))
    assert await bot.tick() == 2
    assert "Posted late; it was due Tue 30 Jun at 12:00." in bot.texts()[0]


async def test_older_editions_expire_visibly_and_never_flood(bot: Bot) -> None:
    bot.save(paper(1))
    one = bot.subscribe()
    bot.move_to(NOON + timedelta(days=3, hours=13))
    assert await bot.tick() == 0
    record = bot.store.subscriptions.last_record("T1", one.id)
    assert record is not None
    assert (record.on, record.state) == (date(2026, 7, 3), "expired")
    assert "more than 12 hours" in (record.error or "")
    bot.move_to(NOON + timedelta(days=4, hours=1))
    assert await bot.tick() == 2  # the papers of the expired editions count as not posted


async def test_a_line_that_is_refused_says_why(bot: Bot) -> None:
    bot.subscribe("no such command")
    bot.move_to(NOON)
    assert await bot.tick() == 1
    assert "There is no command “no”" in bot.texts()[0]


@command("break", help="Break.", posts=True)
def broken(ctx: Context, limit: Annotated[int, "how many"] = 1) -> Reply:
    raise RuntimeError


async def test_a_broken_line_does_not_hold_the_others_up_and_is_tried_again(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe("break")
    bot.subscribe("today --limit 1")
    bot.move_to(NOON)
    planner = Planner(bot.store, (*COMMANDS, broken), {"fake": bot.chat}, ZoneInfo("UTC"))
    with capture_logs() as logs:
        assert planner.plan(bot.now) == 1
        assert planner.plan(bot.now) == 0
        assert [log["line"] for log in logs] == ["break"]
        planner.plan(NOON + timedelta(minutes=6))
        assert [log["line"] for log in logs] == ["break", "break"]
    assert [one.line for one in bot.store.subscriptions.due(["fake"], bot.now, 9)] == ["break"]


async def test_a_database_that_fails_costs_a_line_a_tick(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise StorageError("It does not answer.")

    bot.save(paper(1))
    bot.subscribe()
    bot.move_to(NOON)
    with monkeypatch.context() as patch:
        patch.setattr(bot.store.papers, "newest_list", gone)
        with pytest.raises(StorageError):
            await bot.tick()
    assert await bot.tick() == 2


async def test_the_zone_and_the_days_decide(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe(at=time(9), zone=ZoneInfo("America/New_York"), days=Days.parse("wed"))
    bot.move_to(NOON + timedelta(hours=2))
    assert await bot.tick() == 0
    bot.move_to(NOON + timedelta(days=1, hours=1))  # Wednesday, 09:00 in New York
    assert await bot.tick() == 2


async def test_a_day_that_has_its_edition_gets_no_second_one_by_a_new_time(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe()
    bot.move_to(NOON)
    assert await bot.tick() == 2
    bot.move_to(NOON + timedelta(minutes=1))
    context = Context(
        store=bot.store,
        target=HERE,
        caller=Caller("U1"),
        now=bot.now,
        commands=COMMANDS,
        zone=ZoneInfo("UTC"),
    )
    assert "Next: Wed 1 Jul 13:00" in run(context, "reschedule 1 at 13:00").text
    bot.move_to(NOON + timedelta(hours=2))
    assert await bot.tick() == 0
    bot.move_to(NOON + timedelta(days=1, hours=1))
    assert await bot.tick() == 1


async def test_a_time_that_is_moved_over_midnight_loses_no_edition(bot: Bot) -> None:
    nuuk = ZoneInfo("America/Nuuk")
    bot.move_to(datetime(2024, 3, 30, 12, tzinfo=UTC))
    one = bot.subscribe("trending", at=time(23), zone=nuuk)
    for _ in range(3):  # 30 March has no 23:00 there
        due = bot.store.subscriptions.get("T1", one.id)
        assert due is not None
        bot.move_to(due.next_due_at)
        assert await bot.tick() == 1


async def test_a_paused_subscription_plans_nothing(bot: Bot) -> None:
    bot.save(paper(1))
    one = bot.subscribe()
    bot.store.subscriptions.pause("T1", one.id, "holidays")
    bot.move_to(NOON + timedelta(hours=1))
    assert await bot.tick() == 0


async def test_two_planners_plan_an_edition_once(bot: Bot) -> None:
    bot.save(paper(1))
    bot.subscribe()
    bot.move_to(NOON)
    first = bot.planner
    bot.restart()
    assert first.plan(NOON) + bot.planner.plan(NOON) == 1
    assert await bot.tick() == 2


async def test_more_subscriptions_than_fit_a_batch_all_get_it(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_BATCH", 5)
    bot.save(paper(1))
    for _ in range(12):
        bot.subscribe("today --limit 1")
    bot.move_to(NOON)
    assert bot.planner.plan(NOON) == 12
    assert bot.store.deliveries.waiting() == {HERE.chat: 24}
