"""Replies on a terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from adapters.console import spelt_out, to_json
from adapters.console.render import render, styled, wrap
from commands.model import Action, Card, Reply
from tests.contracts.harness import hidden
from tests.contracts.replies import BUTTONS, REPLIES, card

TWO = Reply(
    title="Papers about “attention”",
    text="2 papers.",
    cards=(
        replace(card(1), fields={"authors": "A. Author", "votes": "7"}, footer="", actions=BUTTONS),
        Card(paper_id="x:2", title="Bare", url=""),
    ),
    actions=(Action("Help", "help"),),
    more=Action("More", "page 2", "update"),
)


def to_text(reply: Reply, width: int = 80) -> str:
    (payload,) = render(reply, "answer")
    return styled(payload, width, False)


def test_an_answer_reads_like_a_list_with_numbered_buttons() -> None:
    assert to_text(TWO) == (
        "Papers about “attention”\n"
        "2 papers.\n"
        "\n"
        " 1. Attention Is All You Need\n"
        "    A. Author\n"
        "    ▲ 7\n"
        "    A network of attention.\n"
        "    https://arxiv.org/abs/1706.00001\n"
        "    [1] Abstract [2] More [3] Share\n"
        "\n"
        " 2. Bare\n"
        "\n"
        "[4] Help [5] More"
    )


def test_without_a_keyboard_the_lines_of_the_buttons_are_spelt_out() -> None:
    told = styled(spelt_out(TWO), 80, False)
    assert told.endswith("\n 2. Bare\n\nMore: page 2")
    assert "[" not in told
    assert not hidden(told.replace("\n", ""))


def test_a_paper_alone_has_no_rank() -> None:
    text = to_text(Reply(title="", cards=(replace(card(), fields={}, footer="", actions=()),)))
    assert text == (
        "Attention Is All You Need\nA network of attention.\nhttps://arxiv.org/abs/1706.00001"
    )


def test_terms_line_up_with_their_explanations() -> None:
    text = to_text(
        Reply(title="", text="`search`: Finds papers.\n`subscriptions`: Lists.\n`x` is.")
    )
    assert text == "search          Finds papers.\nsubscriptions   Lists.\n`x` is."


@pytest.mark.parametrize("width", [24, 40, 80, 133])
def test_no_line_is_wider_than_the_terminal_but_addresses_stay_whole(width: int) -> None:
    for name, reply in REPLIES.items():
        for line in to_text(reply, width).split("\n"):
            assert get_cwidth(line) <= width or "http" in line, name


@given(st.text(st.characters(exclude_categories=("C", "M", "Z")) | st.just(" "), max_size=300))
def test_wrapping_loses_nothing(text: str) -> None:
    lines = wrap(text, 20)
    assert all(get_cwidth(line) <= 20 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_colours_and_links_wrap_the_text_and_change_nothing_else() -> None:
    [payload] = render(TWO, "answer")
    coloured = styled(payload, 80, True)
    link = "\x1b]8;;https://arxiv.org/abs/1706.00001\x1b\\"
    assert f" 1. \x1b[1m{link}Attention Is All You Need\x1b]8;;\x1b\\\x1b[0m" in coloured
    assert "\x1b" not in styled(payload, 80, False)


def test_no_sample_smuggles_an_escape_through() -> None:
    for name, reply in REPLIES.items():
        assert not hidden(to_text(reply).replace("\n", "")), name


@pytest.mark.parametrize("name", [name for name in REPLIES if name.startswith("address")])
def test_only_safe_addresses_become_links(name: str) -> None:
    [payload] = render(REPLIES[name], "answer")
    urls = [paragraph["url"] for paragraph in payload["paragraphs"] if paragraph["url"]]
    assert all(" " not in url and url.isprintable() for url in urls)
    if name not in ("address markup", "address broken host", "address no host"):
        assert not urls


def test_a_thread_is_a_ranked_list_and_then_each_paper() -> None:
    header, *cards = render(REPLIES["a list"], "thread")
    assert styled(header, 80, False).split("\n")[:4] == [
        "Papers of Tuesday 30 June 2026",
        "12 papers, most votes first.",
        " 1. Attention Is All You Need",
        " 2. Attention Is All You Need",
    ]
    assert len(cards) == 12
    assert "[1]" not in styled(cards[0], 80, False)


def test_json_holds_the_answer_as_the_command_gave_it() -> None:
    assert json.loads(json.dumps(to_json(TWO))) == {
        "title": "Papers about “attention”",
        "text": "2 papers.",
        "refused": False,
        "cards": [
            {
                "paper_id": "1706.00001",
                "title": "Attention Is All You Need",
                "url": "https://arxiv.org/abs/1706.00001",
                "text": "A network of attention.",
                "fields": {"authors": "A. Author", "votes": "7"},
                "footer": "",
                "image_url": "https://example.org/1706.png",
                "actions": [
                    {"label": "Abstract", "line": "show 1706.03762"},
                    {"label": "More", "line": "today --page 2"},
                    {"label": "Share", "line": "show 1706.03762"},
                ],
            },
            {
                "paper_id": "x:2",
                "title": "Bare",
                "url": "",
                "text": "",
                "fields": {},
                "footer": "",
                "image_url": None,
                "actions": [],
            },
        ],
        "actions": [{"label": "Help", "line": "help"}, {"label": "More", "line": "page 2"}],
    }
    for reply in REPLIES.values():
        json.dumps(to_json(reply))
