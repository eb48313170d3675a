from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from storage.calendar import Days
from tests.commands.conftest import Person
from tests.factories import NOON, paper


def test_a_subscription_is_set_described_and_announced(person: Person) -> None:
    person.save(paper(1))
    reply = person.ask("subscribe trending --limit 5 at 17:30 on mon,wed --layout compact")
    assert reply.title == "Subscription 1 is set"
    assert reply.text.splitlines() == [
        "1 · `trending --limit 5` in #C1 · mon,wed at 17:30 (Europe/Berlin), compact",
        "First post: Wed 1 Jul 17:30 (Europe/Berlin).",
    ]
    assert reply.notice == f"Ada subscribed this channel to {reply.text.splitlines()[0]}"
    one = person.ctx.store.subscriptions.get("T1", 1)
    assert one is not None
    assert (one.at, str(one.days), one.layout, one.quiet) == (
        time(17, 30),
        "mon,wed",
        "compact",
        "line",
    )
    assert one.next_due_at == NOON.replace(month=7, day=1, hour=15, minute=30)


def test_what_would_be_empty_now_is_set_and_says_so(person: Person) -> None:
    person.save(paper(1))
    reply = person.ask("subscribe trending sprockets at 17:30")
    assert reply.text.endswith("Now it would be empty: no paper fits.")
    assert "empty" not in person.ask("subscribe trending widgets").text


def test_the_sentence_of_undo_makes_the_same_subscription_again(person: Person) -> None:
    person.ask("subscribe today --limit 3 at 08:00 in Asia/Tokyo on daily --quiet none")
    before = person.ctx.store.subscriptions.get("T1", 1)
    (undo,) = person.ask("unsubscribe 1").actions
    person.ask(undo.line)
    after = person.ctx.store.subscriptions.get("T1", 2)
    assert before is not None
    assert after is not None
    for name in ("line", "at", "zone", "days", "layout", "quiet", "target"):
        assert getattr(before, name) == getattr(after, name)
    assert before.days == Days.of(range(7))


def test_what_cannot_be_posted_is_refused_with_what_can(person: Person) -> None:
    assert "`today`, `week`, `month`, `trending`, `top` can" in person.refused("subscribe search x")
    assert "Did you mean `trending`" in person.refused("subscribe trendin at 09:00")
    assert "after:" in person.refused("subscribe trending after:foo")
    assert person.ctx.store.subscriptions.of_team("T1") == []


def test_the_same_subscription_twice_is_told(person: Person) -> None:
    person.ask("subscribe today")
    assert "subscription 1 already" in person.refused("subscribe today at 09:00")


def test_the_list_says_how_each_one_fares(person: Person) -> None:
    assert person.ask("subscriptions").title == "No subscriptions yet"
    person.ask("subscribe today")
    person.ask("subscribe week on fri")
    person.ask("pause 2")
    text = person.ask("subscriptions").text
    assert "Next: Wed 1 Jul 09:00 (Europe/Berlin)." in text
    assert "Paused: by Ada." in text


def test_reschedule_changes_what_is_named(person: Person) -> None:
    person.ask("subscribe today at 09:00 in Europe/Berlin on weekdays")
    text = person.ask("reschedule 1 on 15th").text
    assert text.splitlines() == [
        "1 · `today` in #C1 · 15th at 09:00 (Europe/Berlin)",
        "Next: Wed 15 Jul 09:00 (Europe/Berlin).",
    ]
    assert (
        "daily at 07:45 (Asia/Tokyo)"
        in person.ask("reschedule 1 at 07:45 in Asia/Tokyo on daily").text
    )
    assert "such as `reschedule 1 at 10:30" in person.ask("reschedule 1").text


def test_pause_and_resume(person: Person) -> None:
    person.ask("subscribe today")
    assert person.ask("pause 1").notice.startswith("Ada paused 1 ·")
    assert "paused already" in person.refused("pause 1")
    later = person.at(NOON + timedelta(days=9))
    assert "Next: Fri 10 Jul 09:00" in later.ask("resume 1").text
    assert "is not paused" in later.refused("resume 1")
    for command in ("pause", "resume", "preview", "reschedule", "unsubscribe"):
        assert "no subscription 7" in person.refused(f"{command} 7")


def test_a_preview_shows_what_is_new_and_posts_nothing(person: Person) -> None:
    person.save(paper(1, upvotes=1), paper(2, upvotes=2))
    person.ask("subscribe today --limit 1")
    reply = person.ask("preview 1")
    assert [card.paper_id for card in reply.cards] == [paper(2).id]
    assert "nothing is posted" in reply.text
    assert person.ctx.store.deliveries.waiting() == {}


def test_what_is_posted_in_private_is_seen_there_and_by_its_maker_only(person: Person) -> None:
    maker = Person(replace(person.known_as("U1", "G1").ctx, private=True))
    maker.ask("subscribe today")
    stranger = person.known_as("U2")
    assert stranger.ask("subscriptions").title == "No subscriptions yet"
    for command in ("pause", "preview", "unsubscribe"):
        assert "no subscription 1" in stranger.refused(f"{command} 1")
    assert "1 ·" in person.known_as("U2", "G1").ask("subscriptions").text
    assert "1 ·" in person.known_as("U1").ask("subscriptions").text
