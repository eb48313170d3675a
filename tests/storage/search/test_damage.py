"""An index that is damaged, or of another format, is made anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tantivy

from storage.search import Search
from storage.search.index import FORMAT
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.conftest import all_ids, found
from tests.storage.search.shelf import ATTENTION, GAN, PAPERS, RESNET, made_up


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(0, len(content), max(len(content) // 7, 1)):
        content[at] ^= 0xFF
    path.write_bytes(content)


def _remove(path: Path) -> None:
    path.unlink()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FakePapers, list[str]]:
    """An index to copy, with a file of deletions, the papers in it and their ids."""
    folder = tmp_path_factory.mktemp("sound")
    papers = FakePapers([*PAPERS, *made_up(60)])
    search = Search(folder, papers)
    search.refresh()
    papers.save([replace(GAN, upvotes=41)])
    search.refresh()
    whole = all_ids(search)
    assert len(whole) == len(PAPERS) + 60
    search.close()
    return folder, papers, whole


@pytest.mark.parametrize("damage", [_truncate, _garble, _remove])
@pytest.mark.parametrize(
    "name",
    [
        "current",
        "1/texts",
        *(
            f"1/{folder}/{file}"
            for folder in ("papers", "words")
            for file in ("meta.json", "*.idx", "*.term", "*.pos", "*.fast", "*.store")
        ),
        "1/papers/*.fieldnorm",
        "1/papers/*.del",
    ],
)
def test_a_damaged_index_is_made_anew(
    tmp_path: Path,
    sound: tuple[Path, FakePapers, list[str]],
    name: str,
    damage: Callable[[Path], None],
) -> None:
    folder, papers, whole = sound
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    damage(sorted(tmp_path.glob(name), key=lambda path: -path.stat().st_size)[0])
    search = Search(tmp_path, papers)
    search.refresh()
    assert all_ids(search) == whole
    assert found(search, "deep residul learning")[:1] == [RESNET.id]
    assert search.refresh() == 0


def test_an_index_of_another_format_is_told_once_and_made_anew(
    tmp_path: Path,
    search: Search,
    papers: FakePapers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    search.refresh()
    monkeypatch.setattr("storage.search.index.FORMAT", FORMAT + 1)
    newer = Search(tmp_path / "index", papers)
    assert found(newer, "attention") == found(newer, "residual") == []
    assert len(caplog.records) == 1
    assert newer.refresh() == 2
    assert found(newer, "attention") == [ATTENTION.id]


def test_while_there_is_no_index_that_is_said_and_how_far_it_is(
    tmp_path: Path, papers: FakePapers
) -> None:
    search = Search(tmp_path / "new", FakePapers())
    assert search.unbuilt() == ""  # nor is there a paper
    search = Search(tmp_path / "new", papers)
    assert "`paperbot run` builds it" in search.unbuilt()
    told: list[str] = []
    search.refresh(lambda done, of: told.append(search.unbuilt()))
    assert told == ["The search index is being built, 100 % so far. Ask again in a minute."]
    assert search.unbuilt() == ""


def test_an_index_whose_files_are_gone_under_it_recovers(
    tmp_path: Path, search: Search, papers: FakePapers
) -> None:
    search.refresh()
    folder = tmp_path / "index" / "1" / "papers"
    meta = json.loads((folder / "meta.json").read_text())
    for path in folder.glob(meta["segments"][0]["segment_id"].replace("-", "") + "*"):
        path.unlink()
    papers.save([GAN])
    search.refresh()
    assert all_ids(search) == sorted([ATTENTION.id, RESNET.id, GAN.id])


def test_an_index_that_cannot_be_written_is_made_anew(
    tmp_path: Path, search: Search, papers: FakePapers, caplog: pytest.LogCaptureFixture
) -> None:
    search.refresh()
    papers.save([GAN])
    writer = tantivy.Index.open(str(tmp_path / "index" / "1" / "papers")).writer()
    assert search.refresh() == 3
    assert "cannot be written" in caplog.text
    assert all_ids(search) == sorted([ATTENTION.id, RESNET.id, GAN.id])
    writer.wait_merging_threads()


def test_on_a_full_disk_the_index_stays_as_it_is(
    tmp_path: Path,
    search: Search,
    papers: FakePapers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    search.refresh()
    papers.save([GAN])
    writer = tantivy.Index.open(str(tmp_path / "index" / "1" / "papers")).writer()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
        with pytest.raises(OSError, match="the disk is full"):
            search.refresh()
    assert caplog.text == ""
    assert all_ids(search) == sorted([ATTENTION.id, RESNET.id])
    writer.wait_merging_threads()
    assert search.refresh() == 1
