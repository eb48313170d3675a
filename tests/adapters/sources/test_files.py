"""Papers in files: the three formats, bad files, and bytes that mean nothing."""

from __future__ import annotations

import gzip
import json
import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources import files
from adapters.sources.files import Problem
from storage.model import Paper
from tests.adapters.sources.writing import lines, read, row, write
from tests.fakes.hub import entry

GENERATIONS = Path(__file__).with_name("generations")

# -- the formats ------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["dump.json", "dump.gz", "dump"])
def test_the_arxiv_dump(tmp_path: Path, pack: Any, name: str) -> None:
    gone = row("0704.00002", comments="withdrawn by the authors")
    rows = [row(), row("hep-th/9901001", versions=None), gone]
    (first, second, third), problems = read(write(tmp_path, pack(lines(rows)), name))
    assert problems == []
    assert first == Paper(
        id="0704.00001",
        title="A Study of Widgets and Gadgets",
        source="arxiv",
        authors=("Ada Turner", "Wei Zhang Jr"),
        abstract="Widgets are counted here, twice.",
        published_at=datetime(2007, 4, 1, 3, 26, 18, tzinfo=UTC),
        categories=("math.CO", "cs.CG"),
        doi="10.1000/widgets.1",
        version=2,
    )
    assert second.id == "hep-th/9901001"
    assert second.published_at == datetime(1999, 1, 1, tzinfo=UTC)
    assert second.version is None
    assert third.withdrawn_at == datetime(2008, 12, 13, 17, 26, tzinfo=UTC)


def test_no_text_keeps_what_a_database_cannot_hold(tmp_path: Path) -> None:
    spoilt = {key: f"{text}\0\ud800" for key, text in row().items() if isinstance(text, str)}
    del spoilt["id"]
    names = [["Tur\0ner", "Ada\ud800", "\0"]]
    (paper,), problems = read(write(tmp_path, lines([row(**spoilt, authors_parsed=names)])))
    assert problems == []
    assert paper == replace(read(write(tmp_path, lines([row()])))[0][0], authors=("Ada Turner",))


def test_the_dump_with_the_fewest_keys(tmp_path: Path) -> None:
    (paper,), problems = read(write(tmp_path, lines([{"id": "2401.00001v2", "title": "Widgets"}])))
    assert problems == []
    assert paper == Paper(
        id="2401.00001",
        title="Widgets",
        source="arxiv",
        published_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_folder_of_the_hubs_lists_takes_the_days_from_the_names(
    tmp_path: Path, pack: Any
) -> None:
    (tmp_path / "2026").mkdir()
    listed = pack(json.dumps([entry("2606.00001")]).encode())
    write(tmp_path / "2026", listed, "2026-06-20.json")
    write(tmp_path, listed, "2026-06-19.json.gz" if pack is gzip.compress else "2026-06-19.json")
    write(tmp_path, listed, "2026-13-45.json")
    write(tmp_path, listed, "list.json")
    write(tmp_path, pack(b"[]"), "2026-06-21.json")
    write(tmp_path, "not for us", "README.md")
    papers, problems = read(tmp_path)
    assert problems == []
    assert [paper.listed_on for paper in papers] == [
        date(2026, 6, 20),
        date(2026, 6, 19),
        date(2026, 6, 15),
        date(2026, 6, 15),
    ]


def test_all_generations_of_the_hubs_format() -> None:
    papers, problems = read(GENERATIONS)
    assert problems == []
    assert len(papers) == 18
    assert {paper.listed_on for paper in papers} == {
        date.fromisoformat(path.stem) for path in GENERATIONS.iterdir()
    }


def test_the_hubs_entries_and_papers_one_on_a_line(tmp_path: Path) -> None:
    rows = [entry("2606.00001"), entry("2606.00002")["paper"]]
    papers, problems = read(write(tmp_path, lines(rows)))
    assert problems == []
    assert [(paper.id, paper.upvotes) for paper in papers] == [
        ("2606.00001", 12),
        ("2606.00002", 12),
    ]


def test_a_mark_of_byte_order_blank_lines_and_windows_ends(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf\r\n\n" + lines([row()]).replace(b"\n", b"\r\n") + b"   \n"
    papers, problems = read(write(tmp_path, content + json.dumps(row("0704.00002")).encode()))
    assert problems == []
    assert [paper.id for paper in papers] == ["0704.00001", "0704.00002"]
    papers, problems = read(write(tmp_path, b"\xef\xbb\xbf \n" + b"[]", "2026-06-15.json"))
    assert (papers, problems) == ([], [])


# -- bad files --------------------------------------------------------------------------------


def test_a_bad_entry_of_a_list_costs_itself_only(tmp_path: Path) -> None:
    listed = [entry("2606.00001"), {"paper": {}}, entry("2606.00002")]
    papers, problems = read(write(tmp_path, json.dumps(listed), "2026-06-15.json"))
    assert [paper.id for paper in papers] == ["2606.00001", "2606.00002"]
    assert [problem.message for problem in problems] == [
        "entry 2 was left out: paper null, paper.id: Field required"
    ]


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"", None, "the file is empty"),
        (b" \n\n ", None, "the file is empty"),
        (gzip.compress(b"", mtime=0), None, "the file is empty"),
        (b"1", 1, "1 instead of a paper"),
        (b"[{]", None, "broken or cut-off JSON"),
        (b"[\xff]", None, "text that is not in UTF-8"),
        (b"[" * 100_000, None, "broken or cut-off JSON"),
        (b"PK\x03\x04" + b"\x01" * 500, None, "is a zip archive; unpack it first"),
        (b"\x1f\x8b" + b"\x99" * 500, 1, "the gzip data is damaged here; all before it was read"),
        (b"\x1f\x8b", 1, "the gzip data is cut off here; all before it was read"),
        (b"\x00" * 100, 1, "broken or cut-off JSON"),
        (lines([row()]).decode().encode("utf-16"), 1, "text that is not in UTF-8"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_file_costs_itself_only(
    tmp_path: Path, content: bytes, line: int | None, told: str
) -> None:
    bad = write(tmp_path, content, "bad.json")
    good = write(tmp_path, lines([row()]), "good.json")
    papers, problems = read(bad, good)
    assert [paper.id for paper in papers] == ["0704.00001"]
    assert problems[0] == Problem(bad, line, told)
    assert all(problem.path == bad for problem in problems)


@pytest.mark.parametrize("spoil", ["cut off", "damaged"])
def test_what_stands_before_the_end_of_a_broken_gzip_is_kept(tmp_path: Path, spoil: str) -> None:
    noise = random.Random(7)
    rows = [row(f"0704.{number:05}", doi=noise.randbytes(300).hex()) for number in range(500)]
    packed = gzip.compress(lines(rows))
    half = len(packed) // 2
    rest = b"" if spoil == "cut off" else b"\xff" * 2_000
    papers, problems = read(write(tmp_path, packed[:half] + rest))
    assert len(papers) > 100
    assert [paper.id for paper in papers] == [row["id"] for row in rows[: len(papers)]]
    (problem,) = [problem for problem in problems if "gzip" in problem.message]
    assert problem.line
    assert problem.line > len(papers)
    assert problem.message.endswith(" here; all before it was read")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", "x", "notes.txt")
    os.mkfifo(tmp_path / "pipe")
    good = write(tmp_path, lines([row()]))
    paths = [
        tmp_path / "missing.json",
        tmp_path / "empty",
        tmp_path / "other",
        tmp_path / "pipe",
        good / "inside",
        tmp_path / ("x" * 300),
        tmp_path / "nul\x00",
        good,
    ]
    papers, problems = read(*paths)
    assert len(papers) == 1
    assert [problem.path for problem in problems] == paths[:-1]
    assert [problem.message.split(" (")[0] for problem in problems] == [
        "does not exist",
        "no .json, .jsonl, .ndjson or .gz of these in this folder",
        "no .json, .jsonl, .ndjson or .gz of these in this folder",
        "is not a file or folder",
        "does not exist",
        "cannot be opened",
        "does not exist",
    ]
    assert str(problems[0]) == f"{paths[0]}: does not exist"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = write(tmp_path, lines([row()]))
    path.chmod(0)
    assert read(path) == ([], [Problem(path, None, "cannot be read (Permission denied)")])


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux only")
def test_a_file_that_fails_while_it_is_read(tmp_path: Path) -> None:
    broken, good = Path("/proc/self/mem"), write(tmp_path, lines([row()]))
    papers, problems = read(broken, good)
    assert len(papers) == 1
    assert problems == [Problem(broken, None, "cannot be read (Input/output error)")]


# -- progress and anything at all ---------------------------------------------------------------


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    write(tmp_path, gzip.compress(lines(row(f"0704.{n:05}") for n in range(5_000))), "a.jsonl.gz")
    write(tmp_path, lines(row(f"0705.{n:05}") for n in range(5_000)), "b.jsonl")
    write(tmp_path, json.dumps([entry("2606.00001")]), "2026-06-15.json")
    told: list[int] = []
    found = list(files.read([tmp_path], told.append))
    assert len(found) == 10_001
    assert len(told) > 10
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert sum(told) == files.size([tmp_path, tmp_path / "missing"]) == total


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["", "[", "\x1f\x8b", '{"paperbot": 1']))
def test_no_bytes_break_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_bytes(start.encode("latin-1") + content)
    papers, _ = read(path)
    assert papers == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*row(), "paper", "paperbot", "upvotes"]), anything)
    | st.fixed_dictionaries({"versions": st.lists(st.fixed_dictionaries({"created": anything}))})
    | st.fixed_dictionaries({"authors_parsed": st.lists(st.lists(anything))})
)
def test_no_row_breaks_it(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("row") / "row.json"
    path.write_bytes(lines([row(), row() | changes]))
    papers, problems = read(path)
    assert len(papers) + len(problems) == 2
    for paper in papers:
        assert paper.title == " ".join(paper.title.split()) != ""
        assert all(name.strip() for name in paper.authors)
