"""What the page is given to draw."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import RenderAs
from adapters.web.render import CARDS_IN_ANSWER, CARDS_IN_MESSAGE, render, web_url
from commands.model import Action, Card, Reply
from storage.model import Layout
from tests.adapters.web.harness import check
from tests.contracts.replies import BUTTONS, REPLIES, URLS, card

TEXTS = st.text(st.characters(), max_size=60) | st.text("$\\{}^_ a\n\u0301", max_size=60)
ACTIONS = st.lists(
    st.builds(Action, TEXTS, st.text(max_size=150), st.sampled_from(("new", "update", "share"))),
    max_size=12,
).map(tuple)
CARDS = st.lists(
    st.builds(
        Card,
        paper_id=TEXTS,
        title=TEXTS,
        url=TEXTS | st.just("https://arxiv.org/abs/1"),
        text=TEXTS,
        fields=st.dictionaries(st.sampled_from(("votes", "authors", "code", "why")) | TEXTS, TEXTS),
        footer=TEXTS,
        image_url=st.none() | TEXTS,
        actions=ACTIONS,
    ),
    max_size=8,
).map(tuple)


@given(TEXTS, TEXTS, CARDS, ACTIONS, st.sampled_from((*get_args(Layout), "answer")))
def test_anything_renders_within_the_limits(
    title: str, text: str, cards: tuple[Card, ...], actions: tuple[Action, ...], layout: RenderAs
) -> None:
    payloads = render(Reply(title=title, text=text, cards=cards, actions=actions), layout)
    assert payloads
    for payload in payloads:
        check(payload)
        json.dumps(payload, ensure_ascii=False).encode()


def test_a_header_lists_the_papers_and_says_until_when_it_grows() -> None:
    header, *parts = render(REPLIES["a list"], "thread")
    assert header["title"] == "Papers of Tuesday 30 June 2026"
    assert header["text"] == "12 papers, most votes first."
    assert len(header["papers"]) == 12
    assert header["papers"][0] == {
        "title": "Attention Is All You Need",
        "url": "https://arxiv.org/abs/1706.00001",
        "votes": "1,284",
    }
    until = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
    assert datetime.fromisoformat(header["until"]) == until
    assert [len(part["cards"]) for part in parts] == [CARDS_IN_MESSAGE, CARDS_IN_MESSAGE, 2]
    ranks = [paper["rank"] for part in parts for paper in part["cards"]]
    assert ranks == list(range(1, 13))


def test_a_long_list_says_how_many_it_leaves_out() -> None:
    [header] = render(REPLIES["50 papers"], "compact")
    assert len(header["papers"]) + header["unlisted"] == 50
    assert header["unlisted"] > 0


def test_an_answer_has_its_buttons_at_the_end_and_more_last_of_all() -> None:
    reply = Reply(title="Found", cards=(card(),), actions=BUTTONS, more=Action("Older", "page 2"))
    [answer] = render(reply, "answer")
    labels = [action["label"] for action in answer["actions"]]
    assert labels == [*(button.label for button in BUTTONS), "Older"]
    assert answer["cards"][0]["rank"] is None
    many = Reply(title="Many", cards=tuple(card(n) for n in range(40)), more=BUTTONS[1])
    first, second = render(many, "answer")
    assert (first["title"], second["title"]) == ("Many", "")
    assert len(first["cards"]) == CARDS_IN_ANSWER
    assert (first["actions"], [one["label"] for one in second["actions"]]) == ([], ["More"])


def test_more_is_kept_when_there_are_too_many_buttons() -> None:
    [*_, last] = render(REPLIES["many buttons"], "answer")
    assert last["actions"][-1]["label"] == "More"


def test_a_long_line_behind_a_button_travels_as_its_hash() -> None:
    line = "search " + "word " * 400
    [answer] = render(Reply(title="", actions=(Action("Go", line),)), "answer")
    assert answer["actions"][0]["token"] == Action("Go", line).token
    assert len(answer["actions"][0]["token"]) <= 100


def test_a_paper_without_a_readable_title_shows_its_id() -> None:
    [answer] = render(
        Reply(title="", cards=(Card(paper_id="2401.1", title="\u200b", url=""),)), "answer"
    )
    assert answer["cards"][0]["title"] == "2401.1"


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_no_reader_is_led_astray(url: str) -> None:
    assert web_url(url) is None


def test_addresses_of_the_web_are_links() -> None:
    for url in ("https://arxiv.org/abs/1706.03762?q=a%20b#x", "http://localhost:8080/a"):
        assert web_url(url) == url
    assert web_url(None) is None
