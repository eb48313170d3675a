from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search import Query
from storage.search.text import words
from tests.storage.search.shelf import ALPHA, ATTENTION, CHINESE, LENET, NAMESAKES, OPINION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deep Learning", {"words": ("deep", "learning")}),
        ("self-supervised GPT-4", {"words": ("self", "supervised", "gpt", "4")}),
        ("deep deep", {"words": ("deep",)}),
        ('"language models" small', {"phrases": ("language models",), "words": ("small",)}),
        ("“language models” «x y»", {"phrases": ("language models", "x y")}),
        ('"not closed', {"phrases": ("not closed",)}),
        ('a"b c"d', {"words": ("a", "d"), "phrases": ("b c",)}),
        ("-survey", {"without": ("survey",)}),
        ('−survey –"large model"', {"without": ("survey", "large model")}),
        ("-self-supervised", {"without": ("self supervised",)}),
        ("a - b — c", {"words": ("a", "b", "c")}),
        ("-author:lecun", {"without": ("lecun",)}),
        ("author:lecun", {"authors": ("lecun",)}),
        ('AUTHOR:"Yann LeCun"', {"authors": ("yann lecun",)}),
        ("author: Erdős", {"authors": ("erdos",)}),
        ("author:li author:wang", {"authors": ("li", "wang")}),
        ("after:2025", {"after": date(2025, 1, 1)}),
        ("after:2025-02", {"after": date(2025, 2, 1)}),
        ("before:2025-02-03", {"before": date(2025, 2, 3)}),
        ("before:2025/2/3", {"before": date(2025, 2, 3)}),
        ("after:2025,", {"after": date(2025, 1, 1)}),
        ("cat:cs.CL cat:math", {"categories": ("cs.cl", "math")}),
        ("cat:cond-mat.mes-hall", {"categories": ("cond-mat.mes-hall",)}),
        ("min:50", {"min_votes": 50}),
        ("has:Code", {"has_code": True}),
        ("foo:bar http://x.org", {"words": ("foo", "bar", "http", "x", "org")}),
        ("coauthor:x", {"words": ("coauthor", "x")}),
        ('Schr\\"odinger operators', {"words": ("schrodinger", "operators")}),
        ('"" - -"" ""', {}),
        ("", {}),
        ("a" * 400, {"words": ("a" * 300,)}),
    ],
)
def test_what_is_typed(text: str, expected: dict[str, Any]) -> None:
    assert Query.parse(text) == replace(Query(), **expected)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("after:yesterday", "after:2025-01"),
        ("before:2025-13", "before:2025-01"),
        ("after:2025-02-30", "after:2025-01"),
        ("after:", "after:2025-01"),
        ("after:2025 before:2024", "after:2025-01 before:2025-06"),
        ("after:2025 before:2025", "after:2025-01 before:2025-06"),
        ("min:many", "min:50"),
        ("min:-1", "min:50"),
        ("min:1e9", "min:50"),
        ("min:٣", "min:50"),
        ("cat:", "cat:cs.CL"),
        ("cat:cs.CL/x", "cat:cs.CL"),
        ("has:data", "has:code"),
        ("author:", "author:lecun"),
        ('author:""', "author:lecun"),
        ("-cat:cs.CL", "-survey"),
    ],
)
def test_a_mistake_is_answered_with_a_right_example(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        Query.parse(f"words {text}")


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ["author:", "after:", "before:", "cat:", "min:", "has:", "x:", '"', "“", "-", " ",
                 "2025", "-13", "9" * 50, "code", "cs.", "\\", "deep", "\0", "\ud800", "١"]
            )
        ).map("".join),
    )
)  # fmt: skip
def test_any_text_is_a_query_or_a_mistake_that_is_explained(text: str) -> None:
    try:
        query = Query.parse(text)
    except ValueError as error:
        mistake = error
    else:
        _check(query)
        return
    assert type(mistake) is ValueError
    assert len(str(mistake)) > 20


def _check(query: Query) -> None:
    for found in (*query.words, *query.phrases, *query.without, *query.authors):
        assert " ".join(words(found)) == found != ""
    query.matches(ATTENTION)


@pytest.mark.parametrize(
    ("text", "paper", "expected"),
    [
        ("attention", ATTENTION, True),
        ("attentoin", ATTENTION, False),
        ("attention vaswani recurrence", ATTENTION, True),
        ("attention missing", ATTENTION, False),
        ('"all you need"', ATTENTION, True),
        ('"need all"', ATTENTION, False),
        ('"need ashish"', ATTENTION, False),
        ("-translation", ATTENTION, False),
        ('-"machine learning"', ATTENTION, True),
        ("alpha co2", ALPHA, True),
        ("医学图像", CHINESE, True),
        ('author:"yann lecun"', LENET, True),
        ('author:"LeCun, Yann"', LENET, True),
        ('author:"yann lecun"', NAMESAKES, False),
        ("author:yann author:lecun", NAMESAKES, True),
        ("after:2017-06-12", ATTENTION, True),
        ("after:2017-06-13", ATTENTION, False),
        ("before:2017-06-12", ATTENTION, False),
        ("before:2017-06-13", ATTENTION, True),
        ("after:2026-06", replace(ATTENTION, published_at=None, listed_on=date(2026, 6, 1)), True),
        ("after:2000", replace(ATTENTION, published_at=None), False),
        ("before:2030", replace(ATTENTION, published_at=None), False),
        ("cat:cs", ATTENTION, True),
        ("cat:cs.LG", ATTENTION, True),
        ("cat:CS.cl cat:math", ATTENTION, True),
        ("cat:math", ATTENTION, False),
        ("cat:c", ATTENTION, False),
        ("min:120", ATTENTION, True),
        ("min:121", ATTENTION, False),
        ("min:1", LENET, False),
        ("min:0", LENET, True),
        ("has:code", ATTENTION, True),
        ("has:code", OPINION, False),
        ("", LENET, True),
    ],
)
def test_what_a_paper_matches(text: str, paper: Any, expected: bool) -> None:
    assert Query.parse(text).matches(paper) is expected
