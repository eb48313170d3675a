from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from storage.calendar import Days
from storage.database import Database
from storage.deliveries import Deliveries, Outcome
from storage.editions import Content, Editions, Planned
from storage.model import Subscription, Target
from storage.subscriptions import Subscriptions
from tests.factories import NOON, TODAY

HERE = Target("fake", "T1", "C1")
LEASE = timedelta(seconds=60)
CHATS = {"fake": timedelta(0)}


@pytest.fixture
def deliveries(db: Database) -> Deliveries:
    return Deliveries(db)


@pytest.fixture
def editions(db: Database) -> Editions:
    return Editions(db)


@pytest.fixture
def subscriptions(db: Database) -> Subscriptions:
    return Subscriptions(db)


def subscribe(subscriptions: Subscriptions, target: Target = HERE) -> Subscription:
    return subscriptions.add(
        target,
        "today",
        at=time(12),
        zone=ZoneInfo("UTC"),
        days=Days.of(range(7)),
        layout="thread",
        quiet="line",
        next_due_at=NOON,
        made_by="U1",
        now=NOON,
    )


def planned(one: Subscription, parts: int = 2, papers: tuple[str, ...] = ("a", "b")) -> Planned:
    return Planned(
        subscription=one,
        on=TODAY,
        due_at=NOON,
        next_due_at=NOON + timedelta(days=1),
        expires_at=NOON + timedelta(hours=12),
        content=Content(
            [{"part": part} for part in range(parts)],
            papers,
            list_date=TODAY,
            closes_at=NOON + timedelta(hours=14),
        ),
    )


def claim(deliveries: Deliveries, now: datetime = NOON, owner: str = "me") -> list[int]:
    return [found.part for found in deliveries.claim(owner, CHATS, now, LEASE, 10)]


def left(deliveries: Deliveries) -> int:
    """How many messages are still to be sent, by what was recorded."""
    return sum(deliveries.waiting().values())


def test_an_edition_is_planned_once_however_many_try(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    assert editions.plan([planned(one)], NOON) == 1
    assert editions.plan([planned(one)], NOON) == 0
    assert subscriptions.due(["fake"], NOON, 10) == []
    assert editions.posted([one.id], ["a", "b", "c"]) == {one.id: {"a", "b"}}


def test_an_edited_time_does_not_post_the_same_day_again(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one)], NOON)
    later = NOON + timedelta(hours=3)
    subscriptions.resume("T1", one.id, later)
    edited = subscriptions.get("T1", one.id)
    assert edited is not None
    assert editions.plan([planned(edited)], later) == 0
    assert subscriptions.due(["fake"], later, 10) == []


def test_parts_are_sent_in_order_and_the_thread_gets_its_header(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    editions.plan([planned(subscribe(subscriptions), parts=3)], NOON)
    refs = []
    for part in range(3):
        (delivery,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
        assert delivery.part == part
        assert not delivery.uncertain
        assert deliveries.claim("other", CHATS, NOON, LEASE, 10) == []
        refs.append(delivery.parent_ref)
        done = Outcome(delivery=delivery, state="sent", ref=f"ref-{part}")
        deliveries.record("me", [done], NOON)
        assert left(deliveries) == 2 - part
    assert refs == [None, "ref-0", "ref-0"]
    assert deliveries.waiting() == {}


def test_a_lapsed_lease_is_taken_over_as_uncertain_and_its_holder_is_fenced_off(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    editions.plan([planned(subscribe(subscriptions), parts=1)], NOON)
    (first,) = deliveries.claim("frozen", CHATS, NOON, LEASE, 10)
    assert claim(deliveries, NOON + timedelta(seconds=59), "other") == []
    later = NOON + timedelta(seconds=61)
    (second,) = deliveries.claim("other", CHATS, later, LEASE, 10)
    assert second.uncertain
    assert second.first_attempt_at == NOON
    late = Outcome(delivery=first, state="sent", ref="late")
    deliveries.record("frozen", [late], later)
    assert left(deliveries) == 1
    deliveries.record("other", [Outcome(delivery=second, state="sent", ref="x")], later)
    assert left(deliveries) == 0


def test_the_same_process_is_fenced_off_from_its_own_older_claim(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    editions.plan([planned(subscribe(subscriptions), parts=1)], NOON)
    (first,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    deliveries.claim("me", CHATS, NOON + timedelta(seconds=61), LEASE, 10)
    deliveries.record("me", [Outcome(delivery=first, state="sent", ref="x")], NOON)
    assert left(deliveries) == 1


def test_a_sure_failure_comes_again_later_and_certain(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    editions.plan([planned(subscribe(subscriptions), parts=1)], NOON)
    (delivery,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    again = NOON + timedelta(seconds=30)
    deliveries.record("me", [Outcome(delivery=delivery, state="pending", again_at=again)], NOON)
    assert claim(deliveries, NOON + timedelta(seconds=29)) == []
    (retried,) = deliveries.claim("me", CHATS, again, LEASE, 10)
    assert (retried.attempt, retried.uncertain) == (2, False)


def test_a_failed_header_takes_its_thread_along_and_frees_the_papers(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one)], NOON)
    (header,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    failed = Outcome(delivery=header, state="failed", error="not in channel", pause=True)
    recorded = deliveries.record("me", [failed], NOON)
    assert [paused.id for paused in recorded.paused] == [one.id]
    assert deliveries.waiting() == {}
    assert editions.posted([one.id], ["a", "b"]) == {}
    paused = subscriptions.get("T1", one.id)
    assert paused is not None
    assert paused.paused == "not in channel"


def test_an_unknown_header_keeps_its_papers(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one)], NOON)
    (header,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    deliveries.record("me", [Outcome(delivery=header, state="unknown", error="?")], NOON)
    assert editions.posted([one.id], ["a"]) == {one.id: {"a"}}
    assert deliveries.waiting() == {}


def test_what_waits_too_long_expires_visibly(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one)], NOON)
    assert deliveries.expire(NOON + timedelta(hours=11)) == 0
    assert deliveries.expire(NOON + timedelta(hours=12)) == 2
    record = subscriptions.last_record("T1", one.id)
    assert record is not None
    assert (record.state, record.error) == ("expired", "it could not be posted in time")
    assert editions.posted([one.id], ["a"]) == {}


def test_late_arrivals_follow_the_parts_and_are_added_once(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one, parts=1)], NOON)
    ((edition, found),) = editions.open(NOON)
    assert found == subscriptions.get("T1", one.id)
    assert editions.add_late(edition, [{"late": 1}], ["c"], NOON)
    assert not editions.add_late(edition, [{"late": 1}], ["c"], NOON)
    assert claim(deliveries) == [0]
    assert editions.open(NOON + timedelta(hours=14)) == []


def test_removing_a_subscription_takes_its_unsent_messages_along(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    one = subscribe(subscriptions)
    editions.plan([planned(one)], NOON)
    assert subscriptions.remove("T1", one.id)
    assert claim(deliveries) == []
    again = subscribe(subscriptions)
    assert again.id != one.id


def test_teams_see_nothing_of_one_another(subscriptions: Subscriptions) -> None:
    one = subscribe(subscriptions)
    assert subscriptions.get("T2", one.id) is None
    assert subscriptions.of_team("T2") == []
    assert not subscriptions.pause("T2", one.id, "no")
    assert not subscriptions.resume("T2", one.id, NOON)
    assert not subscriptions.remove("T2", one.id)
    assert subscriptions.last_record("T2", one.id) is None
    subscriptions.purge_team("T2")
    assert subscriptions.get("T1", one.id) == one
    subscriptions.purge_team("T1")
    assert subscriptions.of_team("T1") == []
    assert not subscriptions.knows_team("T1")


def test_a_channel_gets_its_messages_one_by_one_at_its_pace(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    elsewhere = Target("fake", "T1", "C2")
    editions.plan(
        [
            planned(subscribe(subscriptions), parts=1),
            planned(subscribe(subscriptions), parts=1),
            planned(subscribe(subscriptions, elsewhere), parts=1),
        ],
        NOON,
    )
    pace = {"fake": timedelta(seconds=1)}
    first = deliveries.claim("me", pace, NOON, LEASE, 10)
    assert [delivery.target.channel for delivery in first] == ["C1", "C2"]
    assert deliveries.claim("other", pace, NOON + LEASE / 2, LEASE, 10) == []
    sent = [Outcome(delivery=delivery, state="sent", ref="x") for delivery in first]
    deliveries.record("me", sent, NOON)
    assert deliveries.claim("me", pace, NOON + timedelta(seconds=0.9), LEASE, 10) == []
    (second,) = deliveries.claim("other", pace, NOON + timedelta(seconds=1), LEASE, 10)
    assert second.target == HERE


def test_a_message_that_waits_for_its_next_try_does_not_hold_up_its_channel(
    editions: Editions, deliveries: Deliveries, subscriptions: Subscriptions
) -> None:
    for _ in range(2):
        editions.plan([planned(subscribe(subscriptions), parts=1)], NOON)
    (first,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    later = Outcome(delivery=first, state="pending", again_at=NOON + timedelta(minutes=5))
    deliveries.record("me", [later], NOON)
    (second,) = deliveries.claim("me", CHATS, NOON, LEASE, 10)
    assert second.id != first.id


def test_a_team_that_left_is_forgotten_after_its_grace(subscriptions: Subscriptions) -> None:
    subscribe(subscriptions)
    subscribe(subscriptions, Target("fake", "T2", "C9"))
    subscriptions.team_left("T1", NOON)
    assert subscriptions.purge_left(NOON - timedelta(days=7)) == []
    assert subscriptions.purge_left(NOON) == ["T1"]
    assert subscriptions.of_team("T1") == []
    assert len(subscriptions.of_team("T2")) == 1


def test_a_team_that_comes_back_in_time_keeps_everything(subscriptions: Subscriptions) -> None:
    subscribe(subscriptions)
    subscriptions.team_left("T1", NOON)
    subscriptions.teams_joined(["T0", "T1"])
    assert subscriptions.purge_left(NOON + timedelta(days=99)) == []
