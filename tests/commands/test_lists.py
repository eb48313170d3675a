from __future__ import annotations

from datetime import date, timedelta

from commands.model import Action, Reply
from storage.model import SAMPLE
from tests.commands.conftest import Person
from tests.factories import NOON, TODAY, paper


def ids(reply: Reply) -> list[str]:
    return [card.paper_id for card in reply.cards]


def test_today_shows_the_list_by_votes_and_says_that_it_grows(person: Person) -> None:
    person.save(paper(1, upvotes=3), paper(2, upvotes=8), paper(3, listed_on=date(2026, 6, 29)))
    reply = person.ask("today")
    assert reply.title == "Papers of Tuesday 30 June 2026"
    assert ids(reply) == [paper(2).id, paper(1).id]
    assert reply.text == "2 papers, most votes first. The list still grows until about 02:00 UTC."
    assert reply.list_date == TODAY
    assert reply.open_until == NOON.replace(day=1, month=7, hour=2, minute=30)
    assert ids(person.ask("today yesterday")) == [paper(3).id]


def test_a_weekend_has_no_list_and_the_newest_is_friday_s(person: Person) -> None:
    person.save(paper(1, listed_on=date(2026, 6, 26)))
    saturday = person.at(NOON - timedelta(days=3))
    assert "There is no list on Saturdays; the newest is Friday's." in saturday.ask("today").text
    gone = person.ask("today 2026-06-27")
    assert gone.title == "No list of Saturday 27 June 2026"
    assert "no lists on Saturdays and Sundays" in gone.text
    assert gone.actions == (Action("26 Jun 2026", "today 2026-06-26"),)


def test_a_morning_before_the_list_begins_says_so(person: Person) -> None:
    person.save(paper(1, listed_on=date(2026, 6, 29)))
    assert "There is no list for Tuesday yet; the newest is Monday's." in person.ask("today").text


def test_the_future_has_no_list(person: Person) -> None:
    person.save(paper(1))
    reply = person.ask("today 2026-07-14")
    assert reply.title == "No list of Tuesday 14 July 2026 yet"
    assert "still to come" in reply.text


def test_weeks_and_months_gather_their_lists(person: Person) -> None:
    person.save(
        paper(1, listed_on=date(2026, 6, 1)),
        paper(2, listed_on=date(2026, 6, 22), upvotes=1),
        paper(3, listed_on=date(2026, 6, 26), upvotes=7),
        paper(4, listed_on=date(2026, 7, 1)),
    )
    week = person.ask("week 2026-W26")
    assert week.title == "Papers of the week 22 Jun 2026 – 28 Jun 2026"
    assert ids(week) == [paper(3).id, paper(2).id]
    month = person.ask("month 2026-06")
    assert month.title == "Papers of June 2026"
    assert ids(month) == [paper(1).id, paper(3).id, paper(2).id]
    assert person.ask("month 2025-01").title == "No list of Wednesday 1 January 2025"


def test_more_leads_through_all_pages(person: Person) -> None:
    person.save(*(paper(number, upvotes=number) for number in range(1, 8)))
    reply = person.ask("today --limit 3")
    seen = ids(reply)
    while reply.more:
        assert reply.more.mode == "update"
        reply = person.ask(reply.more.line)
        seen += ids(reply)
    assert seen == [paper(number).id for number in range(7, 0, -1)]
    assert "page 9 is empty" in person.refused("today --limit 3 --page 9")


def test_the_sample_says_what_it_is(person: Person) -> None:
    person.save(paper(1, source=SAMPLE))
    reply = person.ask("today")
    assert "bundled sample" in reply.text
    assert "grows" not in reply.text


def test_trending_ranks_by_votes_and_those_of_the_last_day_and_says_why(person: Person) -> None:
    start = NOON - timedelta(hours=30)
    steady, rising, new = paper(1, upvotes=50), paper(2, upvotes=10), paper(3, upvotes=20)
    person.at(start).save(steady, rising)
    person.at(NOON - timedelta(hours=6)).save(new)
    person.save(paper(2, upvotes=44), paper(3, upvotes=27))
    reply = person.ask("trending")
    assert reply.title == "Trending papers of the last 7 days"
    assert [(card.paper_id, card.fields["why"]) for card in reply.cards] == [
        (rising.id, "+34 votes in 24 h"),
        (steady.id, "50 votes since 30 Jun 2026"),
        (new.id, "+7 votes in 6 h"),
    ]
    assert reply.list_date is None


def test_trending_looks_back_from_the_newest_list_and_filters(person: Person) -> None:
    person.save(
        paper(1, listed_on=TODAY - timedelta(days=10), categories=("cs.CL",)),
        paper(2, listed_on=TODAY - timedelta(days=12), categories=("cs.CV",)),
        paper(3, listed_on=TODAY - timedelta(days=40), categories=("cs.CL",)),
    )
    assert ids(person.ask("trending")) == [paper(1).id, paper(2).id]
    assert ids(person.ask("trending 2")) == [paper(1).id]
    assert ids(person.ask("trending 60 cat:cs.CL")) == [paper(1).id, paper(3).id]
    nothing = person.ask("trending 2 cat:cs.CV")
    assert nothing.title == "Nothing trending fits"
    assert nothing.actions[0].line == "trending 8 cat:cs.CV"
    assert "after:" in person.refused("trending after:foo")
