"""The Hub's entries: every generation of the format, its traps, and any JSON at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources import wire
from storage.ids import paper_id
from storage.model import Paper
from tests.fakes.hub import entry

GENERATIONS = sorted(Path(__file__).with_name("generations").glob("*.json"))
DAY = date(2026, 6, 15)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_there_is_a_fixture_of_every_generation() -> None:
    assert [path.stem[:7] for path in GENERATIONS] == [
        *("2024-05", "2024-06", "2024-08", "2025-01", "2025-03"),
        *("2025-05", "2025-06", "2025-10", "2026-06"),
    ]


@pytest.mark.parametrize("path", GENERATIONS, ids=lambda path: path.stem)
def test_every_generation_is_read_whole(path: Path) -> None:
    day = date.fromisoformat(path.stem)
    found = list(wire.read_list(json.loads(path.read_text()), day))
    assert all(isinstance(paper, Paper) for paper in found)
    rich, plain = (paper for paper in found if isinstance(paper, Paper))

    def since(month: str, value: Any) -> Any:
        return value if path.stem >= month else () if isinstance(value, tuple) else None

    number = GENERATIONS.index(path) + 1
    assert rich.title == f"A Study of Widgets {number}.1: Bolts, Nuts and E$^{{2}}$"
    assert rich.authors == ("Ada Turner", "Wei Zhang")
    assert rich.abstract == "We study widgets. They come in three sizes."
    assert rich.published_at == datetime.fromisoformat(
        json.loads(path.read_text())[0]["paper"]["publishedAt"]
    )
    assert rich.listed_on == plain.listed_on == day
    assert (rich.upvotes, rich.comments) == (39 + number, 3)
    assert (plain.upvotes, plain.comments) == (0, 0)
    thumbnail = f"https://cdn-thumbnails.example.org/papers/{rich.id}.png"
    assert rich.thumbnail_url == since("2024-06", thumbnail)
    assert rich.submitted_by == plain.submitted_by == since("2024-06", "widgeteer")
    assert rich.code_url == since("2025-03", "https://github.com/example/widgets")
    assert rich.keywords == since("2025-03", ("widgets", "nuts and bolts"))
    assert rich.summary == since("2025-05", "Widgets are counted and sorted by size.")
    assert rich.code_stars == since("2025-06", 119 + number)
    assert rich.organization == since("2025-10", "Institute of Widgets")
    discussion = f"https://huggingface.co/papers/{rich.id}#community"
    page = ("https://widgets.example.org/",) if path.stem >= "2025-03" else ()
    assert rich.links == (*page, discussion)
    assert (plain.code_url, plain.summary, plain.organization) == (None, None, None)
    assert plain.keywords == ()


def one(**paper: Any) -> Paper:
    return wire.read_paper(entry("2606.00001", **paper), DAY)


def test_the_inner_date_counts_not_the_outer() -> None:
    raw = entry("2606.00001", publishedAt="2026-06-10T00:00:00.000Z")
    raw["publishedAt"] = "2026-06-09T20:00:00.000Z"
    assert wire.read_paper(raw).published_at == datetime(2026, 6, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-06-10T20:00:00-05:00", datetime(2026, 6, 11, 1, tzinfo=UTC)),
        ("2026-06-10T20:00:00", datetime(2026, 6, 10, 20, tzinfo=UTC)),
        ("2026-06-10", datetime(2026, 6, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        (1_780_000_000, None),
        ("soon", None),
    ],
)
def test_dates_are_utc_or_not_known(written: Any, meant: datetime | None) -> None:
    assert one(publishedAt=written).published_at == meant


def test_without_a_day_the_entry_tells_its_own() -> None:
    raw = entry("2606.00001", on=date(2026, 6, 11))
    assert wire.read_paper(raw).listed_on == date(2026, 6, 11)
    assert wire.read_paper(raw, DAY).listed_on == DAY


def test_a_version_is_no_part_of_the_id() -> None:
    assert wire.read_paper(entry("2606.00001v3")).id == "2606.00001"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://example.org/",
        "//example.org/",
        "example.org",
        "https://",
        "https://example.org@evil.example/",
        "https://example.org/a b",
        'https://example.org/"><script>',
        "https://example.org/\u0000",
        "https://[::1/",
        "https://example.org/" + "a" * 3_000,
        7,
        None,
    ],
)
def test_only_web_addresses_become_links(address: Any) -> None:
    paper = one(githubRepo=address, projectPage=address)
    assert paper.code_url is None
    assert paper.links == ("https://huggingface.co/papers/2606.00001#community",)


@pytest.mark.parametrize(
    "address", ["https://arxiv.org/abs/2606.00001", "https://huggingface.co/papers/2606.00001"]
)
def test_a_project_page_that_every_paper_has_is_no_link(address: str) -> None:
    assert address not in one(projectPage=address).links


def test_text_is_cleaned_of_what_databases_and_chats_choke_on() -> None:
    paper = one(title=" A\tStudy\nof \u0000 \ud800Widgets \u0007", summary="\n \u0000 ")
    assert paper.title == "A Study of Widgets"
    assert paper.abstract is None


@pytest.mark.parametrize(
    ("field", "value", "unknown"),
    [
        ("upvotes", "many", "upvotes"),
        ("upvotes", -1, "upvotes"),
        ("upvotes", 2**31, "upvotes"),
        ("upvotes", True, "upvotes"),
        ("upvotes", 1.5, "upvotes"),
        ("githubStars", None, "code_stars"),
        ("ai_keywords", "widgets, nuts", "keywords"),
        ("ai_keywords", [3, None, " ", {}], "keywords"),
        ("authors", "Ada Turner", "authors"),
        ("authors", [None, {"name": ""}, {"fullname": "X"}, []], "authors"),
        ("organization", "Widgets Inc.", "organization"),
        ("organization", {"fullname": 4}, "organization"),
        ("submittedOnDailyAt", {}, "listed_on"),
        ("summary", ["a"], "abstract"),
    ],
)
def test_a_malformed_optional_field_is_merely_not_known(
    field: str, value: Any, unknown: str
) -> None:
    paper = wire.read_paper(entry("2606.00001", **{field: value}))
    assert paper.title == "A Study of Widgets, Part 2606.00001"
    assert getattr(paper, unknown) in (None, ())


def test_the_submitter_is_named_in_either_place() -> None:
    raw = entry("2606.00001", submittedOnDailyBy=[])
    assert wire.read_paper(raw).submitted_by == "widgeteer"
    raw = entry("2606.00001", submittedOnDailyBy={"user": "gadgeteer", "name": "Someone"})
    assert wire.read_paper(raw).submitted_by == "gadgeteer"
    del raw["paper"]["submittedOnDailyBy"], raw["submittedBy"]
    assert wire.read_paper(raw).submitted_by is None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda raw: raw.pop("paper"), "paper null, paper.id: Field required"),
        (lambda raw: raw.update(paper=[]), "paper null, paper: Input"),
        (lambda raw: raw["paper"].pop("id"), "paper null, paper.id: Field required"),
        (lambda raw: raw["paper"].update(id="../../etc"), 'paper "../../etc", paper.id:'),
        (lambda raw: raw["paper"].pop("title"), 'paper "2606.00001", paper.title: Field required'),
        (lambda raw: raw["paper"].update(title=" \n"), 'paper "2606.00001", paper.title:'),
        (lambda raw: raw["paper"].update(title=9), 'paper "2606.00001", paper.title:'),
    ],
)
def test_a_bad_entry_is_told_by_its_id_and_the_others_stay(
    spoil: Callable[[dict[str, Any]], object], told: str
) -> None:
    bad = entry("2606.00001")
    spoil(bad)
    found = list(wire.read_list([entry("2606.00002"), bad, entry("2606.00003")], DAY))
    assert [paper.id for paper in found if isinstance(paper, Paper)] == ["2606.00002", "2606.00003"]
    assert isinstance(found[1], str)
    assert found[1].startswith(f"entry 2 was left out: {told}")


@pytest.mark.parametrize("answer", [1, None, "no", {"error": "x"}, True])
def test_a_placeholder_is_not_a_list(answer: Any) -> None:
    with pytest.raises(ValueError, match="instead of a list of papers"):
        list(wire.read_list(answer, DAY))


@settings(deadline=None)
@given(st.lists(JSON, max_size=5))
def test_no_json_breaks_the_list_it_is_in(entries: list[Any]) -> None:
    found = list(wire.read_list([*entries, entry("2606.00001")], DAY))
    assert len(found) == len(entries) + 1
    assert isinstance(found[-1], Paper)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"id": st.just("2606.00001") | JSON, "title": st.just("A Study of Widgets") | JSON},
        optional=dict.fromkeys(
            (
                *("summary", "publishedAt", "authors", "upvotes", "ai_summary", "ai_keywords"),
                *("githubRepo", "githubStars", "organization", "projectPage"),
                *("submittedOnDailyAt", "submittedOnDailyBy", "discussionId"),
            ),
            JSON,
        ),
    ),
    st.dictionaries(st.sampled_from(["numComments", "thumbnail", "submittedBy", "title"]), JSON),
)
def test_whatever_the_fields_hold_the_paper_is_sound(
    inner: dict[str, Any], outer: dict[str, Any]
) -> None:
    try:
        paper = wire.read_paper({**outer, "paper": inner}, DAY)
    except ValueError:
        assert inner["id"] != "2606.00001" or inner["title"] != "A Study of Widgets"
        return
    assert paper_id(paper.id) == paper.id
    texts = [paper.title, paper.abstract, paper.summary, *paper.authors, *paper.keywords]
    for text in filter(None, [*texts, paper.organization, paper.submitted_by]):
        assert text.encode() == " ".join(text.split()).encode()
    assert paper.published_at is None or paper.published_at.tzinfo is UTC


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    line = wire.one_line(text)
    assert line == " ".join(line.split()) == wire.one_line(line)
    assert "\x00" not in line
    line.encode()
