from __future__ import annotations

from datetime import date

import pytest

from commands.model import Missing
from tests.commands.conftest import Person
from tests.factories import paper


def test_a_card_tells_what_counts(person: Person) -> None:
    person.save(
        paper(
            1,
            authors=("Ada A", "Bob B", "Cid C", "Dora D", "Eve E"),
            upvotes=1234,
            comments=3,
            code_stars=2100,
            code_url="https://example.org/code",
            keywords=("widgets",),
            organization="Widget Works",
            thumbnail_url="https://example.org/x.png",
        )
    )
    (card,) = person.ask("search widgets").cards
    assert dict(card.fields) == {
        "authors": "Ada A, Bob B, Cid C + 2",
        "votes": "1,234",
        "comments": "3",
        "stars": "2,100",
        "date": "29 Jun 2026",
        "organization": "Widget Works",
        "keywords": "widgets",
        "code": "https://example.org/code",
    }
    assert card.url == "https://huggingface.co/papers/2606.00001"
    assert card.text == "Widgets of kind 1 are counted."
    assert [(action.label, action.line, action.mode) for action in card.actions] == [
        ("Abstract", "show 2606.00001", "new"),
        ("Related", "related 2606.00001", "new"),
        ("Share", "show 2606.00001", "share"),
    ]


def test_a_paper_without_a_summary_shows_its_first_sentence(person: Person) -> None:
    person.save(paper(1, summary=None))
    assert person.ask("search widgets").cards[0].text == "We count widgets of kind 1."


@pytest.mark.parametrize(
    "words",
    [
        "2606.00001",
        "https://arxiv.org/pdf/2606.00001v3",
        "hf.co/papers/2606.00001",
        "stdy of widgets",
    ],
)
def test_a_paper_is_shown_by_id_address_or_words(person: Person, words: str) -> None:
    person.save(paper(1, categories=("cs.CL",), doi="10.1/x", version=2, authors=("A",) * 40))
    for command in ("show", "search"):
        (card,) = person.ask(f"{command} {words}").cards[:1]
        assert card.paper_id == "2606.00001"
    (card,) = person.ask(f"show {words}").cards
    assert card.text.startswith("We count widgets of kind 1. Then")
    assert card.footer == "2606.00001v2 · cs.CL · doi:10.1/x · listed 30 Jun 2026"
    assert card.fields["authors"].count("A") == 40


def test_a_paper_that_only_arxiv_has_links_there(person: Person) -> None:
    person.save(paper(1, listed_on=None, source="arxiv"))
    assert person.ask("show 2606.00001").cards[0].url == "https://arxiv.org/abs/2606.00001"


def test_an_unknown_id_is_asked_for_and_unknown_words_are_told(person: Person) -> None:
    with pytest.raises(Missing) as caught:
        person.ask("show https://arxiv.org/abs/2401.99999")
    assert caught.value.id == "2401.99999"
    assert "No paper fits “xyzzy”" in person.refused("show xyzzy")
    assert person.ask("search xyzzy").title == "No papers for “xyzzy”"
    assert "“((” has no words to look for" in person.refused("search ((")


def test_words_that_only_brush_a_paper_do_not_name_it(person: Person) -> None:
    person.save(paper(1, title="A study of zero shot widgets"))
    assert "No paper fits “alphago zero”" in person.refused("show alphago zero")
    assert person.ask("search alphago zero").cards


def test_before_there_is_an_index_nobody_is_told_that_there_are_no_papers(person: Person) -> None:
    person.ctx.store.papers.save([paper(1)], person.ctx.now)
    for line in ("search widgets", "show widgets", "author ada", "related 2606.00001"):
        assert "There is no search index yet" in person.refused(line)
    assert person.ask("today").cards


def test_a_correction_is_shown(person: Person) -> None:
    person.save(*(paper(number, title=f"Diffusion of widgets {number}") for number in range(1, 30)))
    reply = person.ask("search difusion --limit 2")
    assert reply.text == "Showing results for “diffusion” instead of “difusion”."
    assert len(reply.cards) == 2
    assert reply.more
    assert not {card.paper_id for card in person.ask(reply.more.line).cards} & {
        card.paper_id for card in reply.cards
    }


def test_each_hit_can_say_why_it_is_there(person: Person) -> None:
    diffusion = paper(1, title="Diffusion of widgets", authors=("Ada Lovelace",))
    person.save(diffusion, *(paper(number, title=f"Widgets {number}") for number in range(2, 9)))
    card, *_ = person.ask("search difusion lovelace wid --explain --limit 1").cards
    assert card.fields["why"] == (
        "“difusion” as “diffusion” in the title; “lovelace” in the authors; "
        "“wid” as “widgets” in the title"
    )
    card, *_ = person.ask("search diffusion zzzzqqqq --explain --limit 1").cards
    assert card.fields["why"] == "“diffusion” in the title; nothing like “zzzzqqqq”"
    card, *_ = person.ask("search before:2030 --explain --limit 1").cards
    assert card.fields["why"] == "it passes the filters"


def test_filters_narrow_a_search(person: Person) -> None:
    person.save(
        paper(1, categories=("cs.CL",), upvotes=5, code_url="https://example.org/c"),
        paper(2, categories=("cs.CV",), upvotes=50, published_at=None, listed_on=date(2025, 1, 1)),
    )
    for filters, id in (
        ("cat:cs.CL", 1),
        ("min:20", 2),
        ("has:code", 1),
        ("after:2026-01", 1),
        ("before:2026", 2),
    ):
        (card,) = person.ask(f"search widgets {filters}").cards
        assert card.paper_id == paper(id).id
    assert "2025-01" in person.refused("search widgets after:soon")


def test_related_papers_share_words_but_are_not_the_paper(person: Person) -> None:
    person.save(
        paper(1, title="Counting sprockets quickly", abstract="Sprockets."),
        paper(2, title="Sprockets revisited", abstract="All about sprockets."),
        paper(3, title="On tea", abstract="Tea.", summary="Tea."),
    )
    reply = person.ask("related 2606.00001")
    assert reply.title == "Related to “Counting sprockets quickly”"
    assert reply.cards[0].paper_id == paper(2).id
    assert paper(1).id not in {card.paper_id for card in reply.cards}


def test_papers_like_one_are_found_and_filtered(person: Person) -> None:
    person.save(
        paper(1, title="Widgets of tin", categories=("cs.CL",)),
        paper(2, title="Tin for widgets", categories=("cs.CL",)),
        paper(3, title="Widgets of tin again", categories=("cs.CV",)),
    )
    found = person.ask("search like:2606.00001").cards
    assert {card.paper_id for card in found} == {"2606.00002", "2606.00003"}
    (card,) = person.ask("search like:https://arxiv.org/abs/2606.00001 cat:cs.CL").cards
    assert card.paper_id == "2606.00002"
    with pytest.raises(Missing):
        person.ask("search like:2401.99999")


def test_a_sentence_needs_a_model_and_a_list_has_none(person: Person) -> None:
    person.save(paper(1))
    told = person.refused('search like:"tin that counts"')
    assert "install paperbot[semantic] and set PAPERBOT_SEARCH__EMBEDDINGS" in told
    assert "`search like:1706.03762`" in told
    assert "like: compares meanings in `search`" in person.refused("trending like:tin")
    assert "needs a paper's id or a sentence" in person.refused("search like:")
