"""Killed at any instant, an index is whole again after the next refresh."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.search import Query, Search
from tests.storage.search.dying import catalogue
from tests.storage.search.shelf import GAN


def _state(search: Search) -> list[tuple[str, str]]:
    hits = search.find(Query.parse("min:0 -zzzzqqqq"), 1_000).hits
    return sorted((hit.id, hit.title) for hit in hits)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[str, str]]]:
    """What the index holds before and after the refresh."""
    states = []
    for step in (0, 1):
        search = Search(tmp_path_factory.mktemp("expected"), catalogue(step))
        search.refresh()
        states.append(_state(search))
    return states


def test_death_at_the_end_of_a_commit_is_survived(
    tmp_path: Path, expected: list[list[tuple[str, str]]], caplog: pytest.LogCaptureFixture
) -> None:
    """All files are written but the one that names them: its name is taken last."""
    Search(tmp_path, catalogue(0)).refresh()
    names = tmp_path / "1" / "papers" / "meta.json"
    before = names.read_bytes()
    Search(tmp_path, catalogue(1)).refresh()
    names.write_bytes(before)
    search = Search(tmp_path, catalogue(1))
    assert _state(search) == expected[0]
    assert search.refresh() > 0
    assert _state(search) == expected[1]
    assert names.exists()  # by going on, not by a rebuild
    assert caplog.text == ""


@pytest.mark.parametrize("how", ["step", "random"])
@pytest.mark.parametrize("begun", [False, True], ids=["build", "refresh"])
def test_any_death_is_survived(
    tmp_path: Path, expected: list[list[tuple[str, str]]], begun: bool, how: str
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if begun:
        Search(start, catalogue(0)).refresh()
    before = expected[0] if begun else []
    run = subprocess.run(
        [sys.executable, "-m", "tests.storage.search.dying", str(tmp_path), how],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    died = int(run.stdout)
    assert died >= (10 if how == "step" else 1)
    folders = list(tmp_path.glob(f"{how}*"))
    assert len(folders) >= died
    papers = catalogue(1)
    for folder in folders:
        search = Search(folder, papers)
        assert _state(search) in (before, expected[1]), folder.name
        search.refresh()
        assert _state(search) == expected[1], folder.name
        result = search.find(Query.parse("xylograhpers"), 1)
        assert [hit.id for hit in result.hits] == [GAN.id], folder.name
        assert search.refresh() == 0
        assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
        search.close()
