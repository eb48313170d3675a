"""An export: what is written comes back, and what was tampered with does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources import files
from storage.model import Paper
from tests.adapters.sources.writing import lines, read, write

# -- an export --------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1)
counts = st.none() | st.integers(0, 2**31 - 1)
times = st.none() | st.datetimes(timezones=st.just(UTC))
addresses = st.sampled_from(["https://example.org/a?b=c#d", "http://x.example.org:8080/~w"])
papers = st.builds(
    Paper,
    id=st.sampled_from(["2401.00001", "math/0309136", "team:widget-7", "hep-th/9901001"]),
    title=words,
    source=words,
    authors=st.lists(words).map(tuple),
    abstract=st.none() | words,
    summary=st.none() | words,
    published_at=times,
    listed_on=st.none() | st.dates(),
    first_seen_at=times,
    upvotes=counts,
    comments=counts,
    code_url=st.none() | addresses,
    code_stars=counts,
    keywords=st.lists(words).map(tuple),
    organization=st.none() | words,
    thumbnail_url=st.none() | addresses,
    links=st.lists(addresses).map(tuple),
    categories=st.lists(words).map(tuple),
    doi=st.none() | words,
    version=counts,
    withdrawn_at=times,
    submitted_by=st.none() | words,
)


@settings(deadline=None)
@given(st.lists(papers, min_size=1, max_size=4))
def test_an_export_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, exported: list[Paper]
) -> None:
    path = tmp_path_factory.mktemp("export") / "export.jsonl"
    path.write_text("".join(files.to_line(paper) + "\n" for paper in exported), encoding="utf-8")
    assert read(path) == (exported, [])


def test_an_exported_line_is_marked_and_short() -> None:
    line = files.to_line(Paper(id="2401.00001", title="Wıdgets \u2028", source="arxiv"))
    assert (
        line == '{"paperbot": 1, "id": "2401.00001", "title": "Wıdgets \u2028", "source": "arxiv"}'
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"paperbot": 2}, "written by another paperbot, format 2"),
        ({"paperbot": None}, "written by another paperbot, format null"),
        ({"id": None}, "id: Input should be a valid string"),
        ({"id": "widgets"}, '"widgets" is not a paper\'s id'),
        ({"id": "team:a b"}, '"team:a b" is not a paper\'s id'),
        ({"title": 7}, "title: Input should be a valid string"),
        ({"title": " \n"}, "2401.00001 has no title"),
        ({"authors": "Ada"}, "authors: Input should be a valid"),
        ({"authors": [1]}, "authors.0: Input should be a valid string"),
        ({"upvotes": "7"}, "upvotes: Input should be a valid integer"),
        ({"upvotes": 2**40}, "upvotes is out of range"),
        ({"version": -1}, "version is out of range"),
        ({"published_at": 5}, "published_at: "),
        ({"listed_on": "today"}, "listed_on: "),
        ({"code_url": "javascript:alert(1)"}, "not a web address"),
        ({"links": ["https://example.org/", "file:///etc/passwd"]}, "not a web address"),
    ],
)
def test_an_export_that_was_tampered_with(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    good = {"paperbot": 1, "id": "2401.00001", "title": "Widgets", "source": "arxiv"}
    papers, problems = read(write(tmp_path, lines([good, good | changes, good])))
    assert len(papers) == 2
    assert [problem.line for problem in problems] == [2]
    assert problems[0].message.startswith(told)


def test_an_export_is_brought_into_shape(tmp_path: Path) -> None:
    exported = Paper(
        id="2401.00001",
        title="Widgets\n \x00and  gadgets",
        source="arxiv",
        authors=("", "Ada\tTurner"),
        published_at=datetime(2024, 1, 2, 1, tzinfo=timezone(timedelta(hours=2))),
    )
    (paper,), problems = read(write(tmp_path, files.to_line(exported)))
    assert problems == []
    assert paper.title == "Widgets and gadgets"
    assert paper.authors == ("Ada Turner",)
    assert paper.published_at == datetime(2024, 1, 1, 23, tzinfo=UTC)
    assert paper.published_at.tzinfo is UTC
