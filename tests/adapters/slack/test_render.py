"""Rendering: whatever a paper says is inert and fits, and it reads well."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import RenderAs
from adapters.slack.blocks import WEIGHT_LIMIT, address, styled, weight
from adapters.slack.home import home
from adapters.slack.render import render, shared, speech, unfurled
from commands.model import Action, Card, Reply
from storage.model import Layout, Payload
from tests.contracts.replies import ABSTRACT, HOSTILE, REPLIES, card
from tests.fakes.slack import violations, words

LAYOUTS: tuple[RenderAs, ...] = (*get_args(Layout), "answer")
INERT = {"text", "link", "channel", "date"}
"""The kinds of rich text that are used; mentions and emoji are others."""

texts = st.one_of(st.text(max_size=60), st.sampled_from(list(HOSTILE.values())))
urls = st.one_of(texts, st.sampled_from(["https://arxiv.org/abs/1", "http://a.b/c|d>e<f"]))
actions = st.builds(
    Action, texts, st.text(min_size=1, max_size=150), st.sampled_from(["new", "update", "share"])
)
cards = st.builds(
    Card,
    paper_id=texts,
    title=texts,
    url=urls,
    text=texts,
    fields=st.dictionaries(st.sampled_from(["authors", "votes", "code", "why", "x<y"]), urls),
    footer=texts,
    image_url=st.none() | urls,
    actions=st.lists(actions, max_size=3).map(tuple),
)
replies = st.builds(
    Reply,
    title=texts,
    text=texts,
    cards=st.lists(cards, max_size=6).map(tuple),
    actions=st.lists(actions, max_size=12).map(tuple),
    more=st.none() | actions,
    first_rank=st.integers(1, 99),
)


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside, and itself."""
    if isinstance(value, dict):
        yield value
    for held in value.values() if isinstance(value, dict) else value:
        if isinstance(held, (dict, list)):
            yield from parts(held)


def prove_inert(payload: Payload) -> None:
    """Nothing in it is read for markup, and every address is one of the web."""
    assert html.escape(html.unescape(payload["text"]), quote=False) == payload["text"]
    for part in parts(payload["blocks"]):
        assert part.get("type") not in ("mrkdwn", "markdown")
        if part.get("type") in ("rich_text_section", "rich_text_list"):
            kinds = {inner["type"] for inner in part["elements"]}
            assert kinds <= INERT | {"rich_text_section"}
        for name in ("url", "image_url"):
            if name in part:
                assert part[name].startswith(("https://", "http://"))
                assert not set(part[name]) & set(' <>|"\n')
        if part.get("type") == "plain_text":
            assert part["emoji"] is False


@settings(deadline=None, max_examples=60)
@given(replies, st.sampled_from(LAYOUTS))
def test_any_reply_fits_and_is_inert(reply: Reply, layout: RenderAs) -> None:
    payloads = render(reply, layout)
    assert payloads
    for payload in payloads:
        assert violations("chat.postMessage", {**payload, "channel": "C1"}) == []
        assert weight(payload["blocks"]) <= WEIGHT_LIMIT
        prove_inert(payload)


@settings(deadline=None, max_examples=30)
@given(replies)
def test_so_it_is_at_home_in_an_unfurl_and_shared(reply: Reply) -> None:
    assert violations("views.publish", {"user_id": "U1", "view": home(reply)}) == []
    for one in reply.cards:
        unfurls = {"https://a.b": {"blocks": unfurled(one)}}
        assert violations("chat.unfurl", {"unfurls": unfurls}) == []
    [*_, last] = render(reply, "answer")
    assert violations("response_url", shared(last, "U1")) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", REPLIES)
def test_every_sample_fits_and_is_inert(name: str, layout: RenderAs) -> None:
    for payload in render(REPLIES[name], layout):
        assert violations("chat.postMessage", {**payload, "channel": "C1"}) == []
        assert weight(payload["blocks"]) <= WEIGHT_LIMIT
        prove_inert(payload)


def test_a_thread_lists_the_titles_and_packs_the_cards() -> None:
    header, *below = render(REPLIES["a list"], "thread")
    first, said, listed, until, buttons = header["blocks"]
    assert first["text"]["text"] == "Papers of Tuesday 30 June 2026"
    assert words(said) == "12 papers, most votes first."
    titles = listed["elements"][0]["elements"]
    assert len(titles) == 12
    assert titles[0]["elements"][0]["url"] == "https://arxiv.org/abs/1706.00001"
    assert words(titles[0]) == "Attention Is All You Need  ▲ 1,284"
    assert until["elements"][0]["elements"][1]["timestamp"] == 1782873000
    assert [one["text"]["text"] for one in buttons["elements"]] == ["Abstract"]
    assert [len(message["blocks"]) for message in below] == [48]
    assert header["text"].startswith("Papers of Tuesday 30 June 2026: Attention Is All You Need ·")


def test_a_card_shows_what_counts() -> None:
    [message] = render(REPLIES["one paper"], "answer")
    title, prose, facts, buttons = message["blocks"]
    link = title["elements"][0]["elements"][0]
    assert link == {
        "type": "link",
        "url": "https://arxiv.org/abs/1706.00001",
        "text": "Attention Is All You Need",
        "style": {"bold": True},
    }
    assert words(title).endswith("Noam Shazeer, Niki Parmar + 5 · code")
    assert prose["accessory"]["image_url"] == "https://example.org/1706.png"
    assert prose["accessory"]["alt_text"] == "Attention Is All You Need"
    assert words(facts).startswith("▲ 1,284 · 💬 42 · ★ 13,204 · 12 Jun 2017 · Google Brain")
    ids = [one["action_id"] for one in buttons["elements"]]
    assert ids == ["new:0", "update:1", "share:2"]
    assert buttons["elements"][1]["value"] == "today --page 2"


def test_later_pages_go_on_counting() -> None:
    reply = replace(REPLIES["a list"], first_rank=11)
    [answer] = render(replace(reply, cards=reply.cards[:5]), "answer")
    assert "11. Attention" in words(answer["blocks"])
    header = render(reply, "compact")[0]
    assert header["blocks"][2]["elements"][0]["offset"] == 10


def test_a_lone_paper_has_its_whole_abstract_and_a_listed_one_a_taste() -> None:
    one = Reply(title="", cards=(card(1, text=ABSTRACT[:2_500]),))
    assert ABSTRACT[:2_400] in words(render(one, "answer")[0]["blocks"])
    two = Reply(title="", cards=(card(1, text=ABSTRACT), card(2, text=ABSTRACT)))
    taste = words(render(two, "answer")[0]["blocks"][1])
    assert len(taste) <= 400
    assert taste.endswith("…")


def test_fifty_papers_take_as_few_messages_as_the_limits_allow() -> None:
    counts = [len(message["blocks"]) for message in render(REPLIES["50 papers"], "answer")]
    assert counts == [49, 48, 48, 48, 8]


def test_too_many_titles_are_counted() -> None:
    header = render(REPLIES["50 papers"], "thread")[0]
    assert words(header["blocks"][-1]) == "25 more in the thread."
    assert words(render(REPLIES["50 papers"], "compact")[0]["blocks"][-1]) == "25 more in the list."


def test_code_and_channels_in_the_bots_own_text() -> None:
    elements = styled("Write `resume 3` in #C0123ABCD, not #CVPR or #general.")
    assert elements == [
        {"type": "text", "text": "Write "},
        {"type": "text", "text": "resume 3", "style": {"code": True}},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": "C0123ABCD"},
        {"type": "text", "text": ", not #CVPR or #general."},
    ]
    assert speech("a <b> & `c`")["text"] == "a &lt;b&gt; &amp; `c`"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.org/x|y>z<w", "https://a.org/x%7Cy%3Ez%3Cw"),
        ("https://a.org/a%20b?c=d&e#f", "https://a.org/a%20b?c=d&e#f"),
        ("javascript:alert(1)", None),
        ("https://a b", None),
        ("slack://open", None),
        (None, None),
    ],
)
def test_addresses(url: str | None, kept: str | None) -> None:
    assert address(url) == kept
