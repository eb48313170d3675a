"""Lines of files: each bad one costs itself only, however long."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from adapters.sources import files
from tests.adapters.sources.writing import lines, read, row, write

# -- bad lines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b'{"id": "0704.00002", "title', "broken or cut-off JSON"),
        (b"{'id': 1}", "broken or cut-off JSON"),
        (b"[" * 100_000, "broken or cut-off JSON"),
        (b'{"id": ' + b"1" * 5_000 + b"}", "broken or cut-off JSON"),
        (b'{"id": "\xff\xfe"}', "text that is not in UTF-8"),
        (json.dumps(row()).encode("utf-16-le"), "broken or cut-off JSON"),
        (b'{"id": "\xed\xa0\x80"}', "text that is not in UTF-8"),
        (b"1", "1 instead of a paper"),
        (b"null", "null instead of a paper"),
        (b"[1]", "a list instead of a paper"),
        (b'"' + b"a" * 500 + b'"', '"aaaa'),
        (b"{}", "null is not an arXiv id"),
        (lines([row(id=None)]).strip(), "null is not an arXiv id"),
        (lines([row(id=704.1)]).strip(), "id is 704.1 instead of text"),
        (lines([row(id="../../etc/passwd")]).strip(), '"../../etc/passwd" is not an arXiv id'),
        (lines([row(id="math/0013001", versions=[])]).strip(), "math/0013001 has"),
        (lines([row(title=None)]).strip(), "0704.00001 has no title"),
        (lines([row(title=" \n")]).strip(), "0704.00001 has no title"),
        (lines([row(title=["Widgets"])]).strip(), "title is a list instead of text"),
        (lines([row(abstract={})]).strip(), "abstract is an object instead of text"),
        (lines([row(categories=["math.CO"])]).strip(), "categories is a list instead of text"),
        (lines([row(doi=10.1)]).strip(), "doi is 10.1 instead of text"),
        (lines([row(authors_parsed="Turner")]).strip(), "0704.00001 has"),
        (lines([row(authors_parsed=["Turner"])]).strip(), "0704.00001 has"),
        (lines([row(authors_parsed=[["Turner"]])]).strip(), "0704.00001 has"),
        (lines([row(authors_parsed=[["Turner", 7]])]).strip(), "0704.00001 has"),
        (lines([row(authors_parsed=[{"last": "T"}])]).strip(), "0704.00001 has"),
        (lines([row(authors_parsed=7)]).strip(), "0704.00001 has"),
        (lines([row(versions="v1")]).strip(), "0704.00001 has"),
        (lines([row(versions={"v1": 1})]).strip(), "0704.00001 has"),
        (lines([row(versions=7)]).strip(), "0704.00001 has"),
        (lines([row(versions=[{"version": "v1"}])]).strip(), "0704.00001 has"),
        (lines([row(versions=[{"created": "yesterday"}])]).strip(), "0704.00001 has"),
        (lines([row(versions=[{"created": 7}])]).strip(), "0704.00001 has"),
        (b'{"paper": 1}', "paper null, paper: Input"),
        (b'{"paper": {"id": "2606.00001"}}', 'paper "2606.00001", paper.title: Field required'),
        (lines([row(abstract="a" * 5_000_000)]).strip(), "a line of more than 1 MB"),
    ],
    ids=lambda value: repr(value)[:40],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_bad_line_costs_itself_only(tmp_path: Path, pack: Any, bad: bytes, told: str) -> None:
    good = lines([row("0704.00007")])
    path = write(tmp_path, pack(good + b"\n" + bad + b"\n" + good + good))
    papers, problems = read(path)
    assert [paper.id for paper in papers] == ["0704.00007"] * 3
    assert [(problem.path, problem.line) for problem in problems] == [(path, 3)]
    assert problems[0].message.startswith(told)
    assert len(problems[0].message) < 200
    assert str(problems[0]) == f"{path}, line 3: {problems[0].message}"


@pytest.mark.parametrize("length", [999_999, 1_000_000, 1_000_001, 2_000_001, 2_000_002])
def test_the_cap_on_a_line_is_exact(tmp_path: Path, length: int) -> None:
    line = json.dumps({"id": "0704.00001", "title": "W"}) + " "
    line = line.ljust(length - 1) + "\n"
    papers, problems = read(write(tmp_path, line + line + line.strip()))
    assert len(papers) == (3 if length <= 1_000_000 else 1)
    assert [problem.line for problem in problems] == ([] if length <= 1_000_000 else [1, 2])


def test_a_line_of_100_megabytes_is_never_in_memory(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    blocks = [b'{"id": "', *[b"a" * 1_000_000] * 100, b'"}\n', lines([row()])]
    packed = b"".join(packer.compress(block) for block in blocks) + packer.flush()
    path = write(tmp_path, packed)
    tracemalloc.start()
    try:
        papers, problems = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [paper.id for paper in papers] == ["0704.00001"]
    assert [(problem.line, problem.message) for problem in problems] == [
        (1, "a line of more than 1 MB")
    ]
    assert peak < 10_000_000


def test_a_bomb_of_a_list_is_given_up(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    blocks = [b"[", *[b" " * 1_000_000] * 300, b"]"]
    packed = b"".join(packer.compress(block) for block in blocks) + packer.flush()
    path = write(tmp_path, packed, "2026-06-15.json.gz")
    tracemalloc.start()
    try:
        papers, problems = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert papers == []
    assert [problem.message for problem in problems] == ["a list of more than 20 MB"]
    assert peak < 80_000_000


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(lines(row(f"0704.{n:05}") for n in range(5_000))))
    tracemalloc.start()
    try:
        count = sum(1 for _ in files.read([path], lambda count: None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 5_000
    assert peak < 1_000_000
