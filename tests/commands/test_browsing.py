"""Authors and topics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from commands.model import Action
from storage.model import Paper
from tests.commands.conftest import Person
from tests.factories import NOON, TODAY, paper


def unlisted(number: int, **values: Any) -> Paper:
    return paper(number, listed_on=None, source="arxiv", upvotes=None, **values)


def about(number: int, *keywords: str, days_ago: int = 0) -> Paper:
    return paper(number, keywords=keywords, listed_on=TODAY - timedelta(days=days_ago))


def test_topics_are_counted_against_the_days_before_whatever_their_spelling(person: Person) -> None:
    person.save(
        about(1, "World Models", "world model", "agents"),
        about(2, "World-Models", "LoRA"),
        about(3, "world models", "agents", "attention bias", days_ago=6),
        about(4, "agents", days_ago=7),
        about(5, "Agent", days_ago=13),
        about(6, "agents", days_ago=14),
    )
    reply = person.ask("topics --limit 3")
    assert reply.title == "Topics of the last 7 days"
    assert reply.text.splitlines() == [
        "Of 3 papers; changes are against the 2 of the 7 days before.",
        "",
        "world models · 3 papers · new",
        "agents · 2 papers · ±0",
        "LoRA · 1 paper · new",
    ]
    assert reply.actions[0] == Action("world models", "search world models")
    assert reply.more
    assert person.ask(reply.more.line).text.splitlines()[2:] == ["attention bias · 1 paper · new"]
    assert "only 4 topics" in person.refused("topics --page 9")
    assert " · 2 papers\n" in person.ask("topics --days 1").text


def test_topics_of_a_catalogue_without_lists_are_the_categories_of_the_newest_papers(
    person: Person,
) -> None:
    assert person.ask("topics").title == "No topics yet"
    new, old = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC)
    person.save(
        unlisted(1, published_at=new, categories=("cs.CL", "cs.LG")),
        unlisted(2, published_at=new - timedelta(days=1), categories=("cs.CL",)),
        unlisted(3, published_at=old, categories=("cs.CL",)),
        unlisted(4, published_at=NOON + timedelta(days=9), categories=("cs.CV",)),
    )
    reply = person.ask("topics")
    assert reply.text.splitlines() == [
        "Of 2 papers; changes are against the 1 of the 7 days before.",
        "There is no daily list yet; these are the papers published last.",
        "None of them has keywords, so these are their arXiv categories.",
        "",
        "cs.CL · 2 papers · +1",
        "cs.LG · 1 paper · new",
    ]
    assert reply.actions[0].line == "search cat:cs.CL"


def test_what_a_keyword_says_is_searched_for_and_nothing_else(person: Person) -> None:
    person.save(about(1, '--limit 5 -survey author:"x'))
    assert person.ask("topics").actions[0].line == "search limit 5 survey author x"


def test_an_author_has_papers_coauthors_and_topics(person: Person) -> None:
    team = ("Kaiming Hé", "Ross Girshick", "Ann Lee")
    person.save(
        *(paper(n, authors=team, upvotes=n, keywords=("vision",)) for n in range(1, 4)),
        paper(4, authors=("Ann Lee", "Kaiming He"), upvotes=90, keywords=("graphs",)),
        paper(5, authors=("Somebody Else",)),
        paper(6, authors=(*(f"Crowd {n}" for n in range(300)), "Kaiming He"), upvotes=0),
    )
    reply = person.ask('author "kaiming he" --limit 2')
    assert reply.title in ("Papers by Kaiming Hé", "Papers by Kaiming He")
    assert reply.text.splitlines() == [
        "5 papers, most votes first.",
        "With Ann Lee (4), Ross Girshick (3).",
        "On vision (3), graphs (1).",
    ]
    assert [card.paper_id for card in reply.cards] == [paper(4).id, paper(3).id]
    assert reply.actions[0] == Action("Ann Lee", 'author "Ann Lee"')
    assert reply.more == Action("More", 'author "kaiming he" --limit 2 --page 2', "update")
    more = person.ask(reply.more.line)
    assert [card.paper_id for card in more.cards] == [paper(2).id, paper(1).id]
    assert (more.text, more.first_rank) == ("", 3)


def test_a_name_of_several_people_leads_to_each_and_a_misspelt_one_is_read_right(
    person: Person,
) -> None:
    person.save(
        paper(1, authors=("Yann LeCun", "Ann Lee")),
        paper(2, authors=("Yann LeCun",)),
        paper(3, authors=("Marie LeCun",)),
    )
    reply = person.ask("author lecunn")
    assert reply.title == "Papers by “lecunn”"
    assert "Showing results for “lecun” instead of “lecunn”." in reply.text
    assert "By Yann LeCun (2), Marie LeCun (1)." in reply.text
    assert [action.label for action in reply.actions] == ["Yann LeCun", "Marie LeCun", "Ann Lee"]
    nobody = person.ask("author --limit 3 qqqqqqqq")
    assert nobody.title == "No papers by “qqqqqqqq”"
    assert nobody.actions == (Action("Search", "search qqqqqqqq"),)
    assert "needs a name" in person.refused('author "?!"')


def test_a_paper_s_page_leads_to_its_first_and_last_author(person: Person) -> None:
    person.save(
        paper(1, authors=('Ada "The" Example', "Bob Example", "Cy")), paper(2, authors=("Cy",))
    )
    actions = person.ask("show 2606.00001").cards[0].actions
    assert actions[2:] == (
        Action("Ada The Example", 'author "Ada The Example"'),
        Action("Cy", 'author "Cy"'),
    )
    assert [one.label for one in person.ask("show 2606.00002").cards[0].actions[2:]] == ["Cy"]
