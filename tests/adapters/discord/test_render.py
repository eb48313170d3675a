"""Rendering: every reply within Discord's limits, and texts of others inert."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from adapters.base import RenderAs
from adapters.discord.markup import address, escape, styled, written
from adapters.discord.render import MESSAGES_LIMIT, render
from commands.model import Action, Card, Mode, Reply
from storage.model import Layout, Payload
from tests.contracts.replies import ABSTRACT, HOSTILE, REPLIES, card
from tests.fakes.discord import violations

LAYOUTS: tuple[RenderAs, ...] = (*get_args(Layout), "answer")

texts = st.one_of(
    st.text(max_size=300),
    st.sampled_from([*HOSTILE.values(), "", ABSTRACT, "x" * 5_000, "*" * 4_000, "1. " * 900]),
    st.lists(st.sampled_from(list("\\`*_~|<>[]()@:#-+1. \nah/$^{}")), max_size=60).map("".join),
)
urls = st.one_of(
    st.sampled_from(["https://arxiv.org/abs/1706.03762", "javascript:x", "", "https://a/(b)[c]"]),
    texts.map("https://example.org/{}".format),
)
actions = st.builds(Action, label=texts, line=texts, mode=st.sampled_from(get_args(Mode)))
cards = st.builds(
    Card,
    paper_id=texts,
    title=texts,
    url=urls,
    text=texts,
    fields=st.dictionaries(
        st.sampled_from(["authors", "votes", "code", "keywords", "doi", "why"]), texts | urls
    ),
    footer=texts,
    image_url=st.none() | urls,
    actions=st.lists(actions, max_size=6).map(tuple),
)
replies = st.builds(
    Reply,
    title=texts,
    text=texts,
    cards=st.lists(cards, max_size=14).map(tuple),
    actions=st.lists(actions, max_size=8).map(tuple),
    more=st.none() | actions,
    first_rank=st.integers(1, 500),
)


@given(replies)
def test_any_reply_is_within_the_limits(reply: Reply) -> None:
    for layout in LAYOUTS:
        messages = render(reply, layout)
        assert messages
        assert all(violations("message", one) == [] for one in messages)
        assert all(violations("answer_edit", one) == [] for one in messages)
        assert all(one["allowed_mentions"] == {"parse": []} for one in messages)
        assert all(one["embeds"] for one in messages)
        if layout == "answer":
            assert len(messages) <= MESSAGES_LIMIT
            continue
        assert all(violations("thread", {"name": one["thread_name"]}) == [] for one in messages)


# What Discord reads as markup, in words of its own client's rules.
_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
_ACTIVE = re.compile(
    r"[*_~|`]"  # bold, italic, struck out, spoiler, code
    r"|<(?:@|#|t:|a?:|/|id:|https?:)"  # mentions, times, emoji, commands, links
    r"|@(?:everyone|here)|:[\w+-]+:|\]\(|\[|(?:https?|discord|steam)://"
    r"|^\s*(?:#{1,3} |-# |>|[-+*] |\d+[.)] )",
    re.MULTILINE,
)


@given(texts)
def test_written_text_shows_itself_alone(text: str) -> None:
    said = written(text, 10**6)
    assert not _ACTIVE.search(_ESCAPED.sub("\u00b7", said))


@given(texts)
def test_styled_text_has_code_and_channels_and_nothing_else(text: str) -> None:
    said = styled(text, 10**6)
    rest = re.sub(r"`[^`\n]+`|<#\d{15,21}>", "", _ESCAPED.sub("\u00b7", said))
    assert not re.search(r"<[@#:/t]|@everyone|\]\(|:\w+:", rest)


@given(texts, st.integers(1, 300))
def test_written_text_keeps_its_limit(text: str, limit: int) -> None:
    said = written(text, limit)
    assert len(said) <= limit
    assert len(_trailing(said)) % 2 == 0


def _trailing(text: str) -> str:
    """The backslashes at the end: an odd one would swallow what follows."""
    return text[len(text.rstrip("\\")) :]


def test_what_markdown_reads_is_escaped() -> None:
    assert escape("**b** <@1> https://e.vil 1. x") == r"\*\*b\*\* \<\@1> https\://e.vil 1. x"
    assert escape("1. one\n- two\n# three") == "1\\. one\n\\- two\n\\# three"
    assert styled("Write `today` in #123456789012345678", 99) == (
        "Write `today` in <#123456789012345678>"
    )
    assert address("https://e.org/a(b)") == "https://e.org/a%28b%29"


# -- layouts


def test_a_header_lists_the_titles_by_rank() -> None:
    header = render(replace(REPLIES["a list"], first_rank=11), "thread")[0]
    said = header["embeds"][0]["description"].splitlines()
    assert said[0] == "### Papers of Tuesday 30 June 2026"
    assert said[2] == "11. [Attention Is All You Need](https://arxiv.org/abs/1706.00001) ▲ 1,284"
    assert said[-1] == "*Papers that join the list until <t:1782873000:f> come into the thread.*"
    assert _labels(header) == ["Abstract"]


def test_cards_are_packed_and_ranked() -> None:
    twelve = tuple(_card(number) for number in range(1, 13))
    _, *parts = render(Reply(title="T", cards=twelve), "thread")
    assert sum(len(part["embeds"]) for part in parts) == 12
    assert len(parts) == 2
    titles = [one["title"] for part in parts for one in part["embeds"]]
    assert titles[0] == "1. Attention Is All You Need"
    assert titles[-1] == "12. Attention Is All You Need"
    options = _menus(parts[0])[0]["options"]
    assert len(options) == len(parts[0]["embeds"])
    assert options[0]["value"] == "show 1"


def test_per_paper_has_buttons_and_compact_a_menu() -> None:
    _, *parts = render(REPLIES["a list"], "per-paper")
    assert [_labels(part) for part in parts] == [["Abstract", "More", "Share"]] * 12
    [header] = render(Reply(title="T", cards=tuple(_card(n) for n in range(30))), "compact")
    [menu] = _menus(header)
    assert len(menu["options"]) == 25
    assert "5 more in the list." in header["embeds"][0]["description"]


def test_what_does_not_fit_an_answer_is_said() -> None:
    heavy = tuple(replace(card(n, "T" * 250, "*" * 3_000), footer="f" * 490) for n in range(50))
    messages = render(Reply(title="Many", cards=heavy, more=Action("More", "today")), "answer")
    assert len(messages) == MESSAGES_LIMIT
    shown = sum(len(one["embeds"]) for one in messages) - 1
    assert f"{50 - shown} more do not fit" in messages[-1]["content"]
    assert "More" in _labels(messages[-1])


def test_fifty_papers_fit_an_answer() -> None:
    messages = render(REPLIES["50 papers"], "answer")
    assert sum(len(one["embeds"]) for one in messages) == 51
    assert len(messages) <= MESSAGES_LIMIT


def test_a_card_without_an_address_leads_nowhere() -> None:
    [message] = render(REPLIES["bare paper"], "answer")
    bare = message["embeds"][-1]
    assert "title" not in bare
    assert bare["description"] == "**Bare**"


def _card(number: int) -> Card:
    return replace(card(number), actions=(Action("Abstract", f"show {number}"),))


def _menus(message: Payload) -> list[Any]:
    inside = [part for row in message["components"] for part in row["components"]]
    return [part for part in inside if part["type"] == 3]


def _labels(message: Payload) -> list[str]:
    inside = [part for row in message["components"] for part in row["components"]]
    return [part["label"] for part in inside if part["type"] == 2]
