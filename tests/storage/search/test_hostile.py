"""Whatever is typed, the process lives and the next question is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search import Query, Search
from tests.storage.search.shelf import ATTENTION, PAPERS, made_up

KNOWN = {paper.id: paper for paper in (*PAPERS, *made_up(300))}

HOSTILE = [
    "a" * 40_000,
    "attention " * 4_000,
    "(" * 5_000,
    "(((a OR b) AND " * 1_000,
    "a:(^",
    "the of and in a to for on with is",
    '"the of and in a to for on with is"',
    "-the -of -and",
    "😀🤖🔥",
    "שלום עולם مرحبا بالعالم",
    "\u202eneural\u202c\u200b\u2066",
    "\0deep\0\x1b[31m",
    "tenant:T2 title:deep all:* key:=state tags:paper",
    "=state",
    "\ud800\udfff deep \ud83d",
    "e\u0301" * 150 + "\u0301" * 100,
    ".*(a+)+$[",
    "深" * 300,
    "\\alpha " * 60,
    "\\" * 300,
    '"' * 300,
    "-" * 300,
    "' OR 1=1; DROP TABLE papers; --",
    " ".join("abcdefghijklmnopqrstuvwxyz" * 6),
    " ".join(f"qzx{first}{second}" for first in "bcdf" for second in "ghjkl"),
    "1 2 3 4 5 6 7 8 9 0 " * 15,
    "min:0 " * 50,
    "ﷺ" * 300,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_text_is_answered(shelf: Search, text: str) -> None:
    for hit in (*shelf.find(Query.parse(text), 5).hits, *shelf.suggest(text, 5)):
        assert hit.title
        assert hit.score >= 0
    assert shelf.find(Query.parse("attention is all"), 1).hits[0].id == ATTENTION.id


@given(text=st.text(max_size=60), limit=st.integers(-5, 50), offset=st.integers(-5, 2_000))
def test_any_text_is_answered(shelf: Search, text: str, limit: int, offset: int) -> None:
    try:
        query = Query.parse(text)
    except ValueError:
        return
    found = shelf.find(query, limit, offset).hits
    assert len({hit.id for hit in found}) == len(found) <= max(limit, 0)
    if offset <= 0:
        assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert len(shelf.suggest(text, 5)) <= 5


@given(
    st.lists(
        st.sampled_from(
            ['"deep', 'learning"', "-graph", "author:lecun", "after:2000", "before:2020-06",
             "cat:cs", "cat:math.AP", "min:1", "has:code", "ba", "neural", "α", "医学"]
        ),
        max_size=8,
    ).map(" ".join)
)  # fmt: skip
def test_all_that_is_found_passes_the_filters(shelf: Search, text: str) -> None:
    query = Query.parse(text)
    filters = replace(query, words=())
    for hit in shelf.find(query, 1_000).hits:
        assert filters.matches(KNOWN[hit.id])
    if not query.words:
        count = len(shelf.find(query, 1_000).hits)
        assert count == sum(map(filters.matches, KNOWN.values())) or query.phrases
