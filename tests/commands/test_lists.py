from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

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
    before = person.ask("month 2025-01")
    assert before.title == "No lists in January 2025"
    assert [action.line for action in before.actions] == ["month 2026-06-26"]
    assert person.ask("week 2026-W30").title == "No lists in the week 20 Jul 2026 – 26 Jul 2026 yet"


def test_a_week_or_month_that_only_begins_gives_way_to_the_one_before(person: Person) -> None:
    person.save(paper(1, listed_on=date(2026, 5, 29)))
    monday = person.at(datetime(2026, 6, 1, 9, tzinfo=UTC))
    person.save(paper(2, listed_on=date(2026, 6, 1)))  # a Monday
    assert monday.ask("week").title == "Papers of the week 25 May 2026 – 31 May 2026"
    assert monday.ask("month").title == "Papers of May 2026"
    assert ids(monday.ask("week 2026-06-01")) == ids(monday.ask("month 2026-06")) == [paper(2).id]
    person.save(paper(3, listed_on=date(2026, 6, 2)))
    tuesday = person.at(datetime(2026, 6, 2, 9, tzinfo=UTC))
    assert len(ids(tuesday.ask("week"))) == len(ids(tuesday.ask("month"))) == 2


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


def test_trending_ranks_by_what_is_to_come_and_says_what_came(person: Person) -> None:
    monday = TODAY - timedelta(days=1)
    steady, rising = paper(1, upvotes=50, listed_on=monday), paper(2, upvotes=10, listed_on=monday)
    person.at(NOON - timedelta(hours=24)).save(steady, rising)
    person.at(NOON - timedelta(hours=6)).save(paper(3, upvotes=2))
    person.save(paper(1, upvotes=51, listed_on=monday), paper(2, upvotes=44, listed_on=monday))
    reply = person.ask("trending")
    assert reply.title == "Trending papers of the last 7 days"
    assert [(card.paper_id, card.fields["why"]) for card in reply.cards] == [
        (rising.id, "+34 votes in 24 h"),
        (steady.id, "+1 vote in 24 h"),
        (paper(3).id, "2 votes since 30 Jun 2026"),
    ]
    assert reply.text == "By the votes they should gain in the next 24 hours, at their pace."
    assert reply.list_date is None


def test_trending_by_stars_or_comments(person: Person) -> None:
    person.at(NOON - timedelta(hours=20)).save(paper(1, code_stars=10), paper(2, code_stars=900))
    person.save(paper(1, code_stars=40), paper(2, code_stars=905), paper(3, comments=4))
    reply = person.ask("trending --by stars --limit 1")
    assert reply.title == "Trending papers of the last 7 days by stars"
    assert [card.fields["why"] for card in reply.cards] == ["+30 stars in 20 h"]
    assert reply.more
    more = person.ask(reply.more.line)
    assert [card.fields["why"] for card in more.cards] == ["+5 stars in 20 h"]
    comments = person.ask("trending --by comments")
    assert [card.fields["why"] for card in comments.cards] == ["4 comments since 30 Jun 2026"]
    assert person.ask("trending --by comments min:99").actions == (
        Action("Look further back", "trending --by comments --days 28 min:99"),
    )


def test_top_has_most_votes_first_over_the_last_lists(person: Person) -> None:
    person.save(
        paper(1, upvotes=5),
        paper(2, upvotes=9, listed_on=TODAY - timedelta(days=6)),
        paper(3, upvotes=99, listed_on=TODAY - timedelta(days=7)),
    )
    reply = person.ask("top --limit 1")
    assert reply.title == "Top papers of the last 7 days"
    assert reply.text == "2 papers, most votes first."
    assert reply.more == Action("More", "top --days 7 --limit 1 --page 2", "update")
    assert ids(reply) + ids(person.ask(reply.more.line)) == [paper(2).id, paper(1).id]
    assert ids(person.ask("top 30 --limit 1")) == [paper(3).id]
    assert person.ask("top min:10").title == "Nothing fits"


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
    assert nothing.title == "Nothing fits"
    assert nothing.actions[0].line == "trending --days 8 cat:cs.CV"
    assert "not known yet" not in nothing.text
    person.save(paper(4, listed_on=TODAY, categories=()))
    assert "categories are not known yet" in person.ask("trending 2 cat:cs.CV").text
    assert "after:" in person.refused("trending after:foo")
