"""The index keeps in step with the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.model import Paper
from storage.papers import Change, Papers
from storage.search import Query, Search
from tests.factories import NOON
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.conftest import all_ids, found
from tests.storage.search.shelf import ADAM, ATTENTION, BERT, GAN, PAPERS, RESNET, made_up


def test_refresh_tells_how_much_it_applied(search: Search, papers: FakePapers) -> None:
    assert search.refresh() == 2
    assert search.refresh() == 0
    papers.save([GAN])
    papers.remove(RESNET.id)
    assert search.refresh() == 2
    assert all_ids(search) == sorted([ATTENTION.id, GAN.id])


def test_an_update_does_not_double_a_paper(search: Search, papers: FakePapers) -> None:
    search.refresh()
    for votes in (200, 300, 400):
        papers.save([replace(ATTENTION, upvotes=votes)])
        search.refresh()
    assert all_ids(search) == sorted([ATTENTION.id, RESNET.id])
    assert found(search, "attention") == [ATTENTION.id]
    assert found(search, "min:400") == [ATTENTION.id]
    assert found(search, "min:401") == []


def test_an_update_changes_what_is_found(search: Search, papers: FakePapers) -> None:
    search.refresh()
    papers.save([replace(ATTENTION, title="Recurrence Strikes Back", authors=("Ada Example",))])
    search.refresh()
    assert found(search, "recurrence strikes") == [ATTENTION.id]
    assert found(search, "author:vaswani") == []
    assert found(search, "attention is all you need") == [ATTENTION.id]  # in the abstract
    hit = search.find(Query.parse("strikes"), 1).hits[0]
    assert hit.title == "Recurrence Strikes Back"


def test_a_removed_paper_is_not_found_and_can_come_back(search: Search, papers: FakePapers) -> None:
    search.refresh()
    papers.remove(RESNET.id)
    papers.remove("never.seen")
    search.refresh()
    assert found(search, "residual") == []
    assert found(search, "cat:cs.CV") == []
    papers.save([RESNET])
    search.refresh()
    assert found(search, "residual") == [RESNET.id]


def test_new_words_can_be_misspelt(search: Search, papers: FakePapers) -> None:
    search.refresh()
    papers.save([replace(GAN, title="The Xylographer at Work")])
    search.refresh()
    result = search.find(Query.parse("xylograhper"), 1)
    assert [hit.id for hit in result.hits] == [GAN.id]
    assert result.corrected == (("xylograhper", "xylographer"),)
    assert [hit.id for hit in search.suggest("xylog", 1)] == [GAN.id]


def test_what_is_common_is_learnt_again_as_the_catalogue_grows(
    search: Search, papers: FakePapers
) -> None:
    search.refresh()
    papers.save([replace(GAN, title="A Xylograhper Waits")])
    search.refresh()
    others = list(made_up(1_500))
    for part in (others[:500], others[500:]):
        papers.save([replace(one, title=f"{one.title} by a Xylographer") for one in part])
        search.refresh()
    asked = Query.parse("xylograhper")
    assert [hit.id for hit in search.find(asked, 1_000).hits] == [GAN.id]
    search.refresh()
    hits = search.find(asked, 1_000).hits
    assert hits[0].id == GAN.id  # as it was typed
    assert len(hits) > 50


def test_a_new_process_goes_on_where_the_last_one_stopped(
    tmp_path: Path, search: Search, papers: FakePapers
) -> None:
    search.refresh()
    search.close()
    papers.save([GAN])
    later = Search(tmp_path / "index", papers)
    assert found(later, "adversarial") == []
    assert later.refresh() == 1
    assert found(later, "adversarial") == [GAN.id]
    assert found(search, "adversarial") == [GAN.id]  # opens again


def test_an_empty_catalogue_has_an_index_too(tmp_path: Path) -> None:
    papers = FakePapers()
    search = Search(tmp_path, papers)
    assert search.refresh() == 0
    assert found(search, "anything") == found(search, "min:0") == []
    papers.save([GAN])
    assert search.refresh() == 1
    assert found(search, "adversarial") == [GAN.id]


def test_another_database_means_another_index(search: Search, papers: FakePapers) -> None:
    search.refresh()
    papers.name = "restored"
    papers.remove(RESNET.id)
    assert search.refresh() == 2
    assert all_ids(search) == [ATTENTION.id]


def test_an_older_copy_of_the_database_means_another_index(
    tmp_path: Path, search: Search, papers: FakePapers
) -> None:
    papers.save([GAN, ADAM])
    search.refresh()
    older = Search(tmp_path / "index", FakePapers([ATTENTION]))
    assert older.refresh() == 1
    assert all_ids(older) == [ATTENTION.id]


def test_progress_goes_up_to_the_whole(tmp_path: Path) -> None:
    papers = FakePapers(made_up(2_500))
    search = Search(tmp_path, papers)
    seen: list[tuple[int, int]] = []
    assert search.refresh(lambda done, whole: seen.append((done, whole))) == 2_500
    assert seen == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    assert search.rebuild(lambda done, whole: seen.append((done, whole))) == 2_500
    assert len(seen) == 6


def test_a_rebuild_leaves_one_index(tmp_path: Path, search: Search, papers: FakePapers) -> None:
    search.refresh()
    (tmp_path / "index" / "99").mkdir()  # what a process left that died
    before = found(search, "attention")
    assert search.rebuild() == 2
    assert found(search, "attention") == before
    folders = [path for path in (tmp_path / "index").iterdir() if path.is_dir()]
    assert len(folders) == 1


def test_what_changes_during_a_rebuild_is_in_it(tmp_path: Path) -> None:
    papers = FakePapers(made_up(1_500))
    search = Search(tmp_path, papers)
    first = next(made_up(1))

    def interfere(done: int, whole: int) -> None:
        if done == 1_000:
            papers.save([replace(first, title="Changed meanwhile"), ATTENTION])
            papers.remove("2000.01499")
            papers.remove("2000.00001")

    search.refresh(interfere)
    assert found(search, "changed meanwhile") == [first.id]
    assert found(search, "attention") == [ATTENTION.id]
    ids = {hit.id for hit in search.find(Query.parse("min:0"), 1_000).hits}
    assert not ids & {"2000.01499", "2000.00001"}
    view = search.find(Query.parse("cat:cs cat:math cat:stat"), 1_000, 0)
    assert len({hit.id for hit in view.hits}) == len(view.hits)


def test_much_outdated_text_means_a_new_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.search._WASTE", 0)
    papers = FakePapers([GAN])
    search = Search(tmp_path, papers)
    sizes = []
    for number in range(12):
        papers.save([replace(GAN, title=f"Version {number}")])
        search.refresh()
        sizes.append(sum(path.stat().st_size for path in tmp_path.glob("*/texts")))
    assert max(sizes) < 4 * sizes[0]
    assert all_ids(search) == [GAN.id]


def test_votes_do_not_outdate_text(tmp_path: Path) -> None:
    papers = FakePapers([GAN])
    search = Search(tmp_path, papers)
    search.refresh()
    size = next(tmp_path.glob("*/texts")).stat().st_size
    for votes in range(100, 110):
        papers.save([replace(GAN, upvotes=votes)])
        search.refresh()
    assert next(tmp_path.glob("*/texts")).stat().st_size == size


def test_many_changes_are_committed_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.search._COMMIT", 1_000)
    papers = FakePapers([ATTENTION])
    search = Search(tmp_path, papers)
    search.refresh()
    papers.save(made_up(1_500))
    seen = []

    def look(done: int, whole: int) -> None:
        other = Search(tmp_path, papers)
        hits = other.find(Query.parse("min:0"), 1_000, 0).hits
        seen.append(len(hits))

    assert search.refresh(look) == 1_500
    assert seen[0] == 1_000  # of 1,001
    assert found(search, "attention") == [ATTENTION.id]


def test_one_paper_that_cannot_be_indexed_stops_nothing(
    search: Search, papers: FakePapers, caplog: pytest.LogCaptureFixture
) -> None:
    endless = replace(GAN, id="endless", abstract="x" * (1 << 24))
    papers.save([replace(GAN, id="bad\ud800"), endless, ADAM])
    assert search.refresh() == 5
    assert found(search, "adam stochastic") == [ADAM.id]
    assert found(search, "adversarial") == []
    assert "cannot be indexed" in caplog.text


def test_strange_papers_are_indexed(search: Search, papers: FakePapers) -> None:
    strange = [
        replace(GAN, id="empty", title="", authors=(), abstract=None, categories=()),
        replace(GAN, id="new\nline", title="Over\nseveral\r\nlines\0", authors=("", " ")),
        replace(GAN, id="long", title="Endless " + "x" * 70_000, abstract="y" * 200_000),
        replace(GAN, id="votes", title="Negative", upvotes=-5),
        replace(GAN, id="loved", title="Beyond measure", upvotes=10**30),
        replace(GAN, id="crowd", title="Crowd", authors=("Ada Example",) * 5_000),
        replace(GAN, id="name", title="Long name", authors=("word " * 2_000,)),
        replace(GAN, id="broken", title="Lone \ud800 surrogate"),
        replace(GAN, id="cats", title="Odd categories", categories=("", " cs . CL ", "ünïcode")),
    ]
    papers.save(strange)
    search.refresh()
    assert set(all_ids(search)) == {ATTENTION.id, RESNET.id} | {paper.id for paper in strange}
    assert found(search, "several lines") == ["new\nline"]
    assert found(search, "endless") == ["long"]
    assert found(search, "lone surrogate") == ["broken"]
    assert found(search, 'author:"ada example"') == ["crowd"]
    assert found(search, "min:1000000")[0] == "loved"


def test_answers_go_on_during_a_rebuild(tmp_path: Path) -> None:
    papers = Slow([*PAPERS, *made_up(300)])
    search = Search(tmp_path, papers)
    search.refresh()
    papers.hold.clear()
    rebuilding = threading.Thread(target=search.rebuild)
    rebuilding.start()
    assert papers.asked.wait(20)
    assert found(search, "atention is all") == [ATTENTION.id]  # though the rebuild stands still
    assert search.suggest("bert", 1)[0].id == BERT.id
    papers.hold.set()
    rebuilding.join()
    assert found(search, "atention is all") == [ATTENTION.id]


def test_threads_ask_while_one_refreshes(tmp_path: Path) -> None:
    papers = FakePapers([*PAPERS, *made_up(500)])
    search = Search(tmp_path, papers)
    search.refresh()
    wrong: list[object] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            if found(search, "deep residul learning")[:1] != [RESNET.id]:
                wrong.append("find")
            if search.suggest("attention is", 1)[0].id != ATTENTION.id:
                wrong.append("suggest")

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for number, paper in enumerate(made_up(6, seed=2)):
        papers.save([replace(paper, id=f"new{number}"), replace(RESNET, upvotes=number)])
        search.refresh()
        if number == 3:
            search.rebuild()
    done.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    assert found(search, "min:5 cat:cs.CV deep residual learning")[:1] == [RESNET.id]


def test_the_real_catalogue_is_followed(tmp_path: Path, db: Database) -> None:
    papers = Papers(db)
    search = Search(tmp_path / "index", papers)
    papers.save(PAPERS, NOON)
    assert search.refresh() == len(PAPERS)
    assert all_ids(search) == sorted(paper.id for paper in PAPERS)
    papers.save([replace(GAN, upvotes=41)], NOON)
    assert search.refresh() == 1
    assert search.refresh() == 0
    assert found(search, "min:41 cat:stat.ML") == [GAN.id]


class Slow(FakePapers):
    """Gives no changes while it is held; ``asked`` tells that somebody waits."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        super().__init__(papers)
        self.hold = threading.Event()
        self.asked = threading.Event()
        self.hold.set()

    def changes(self, after: int, limit: int) -> list[Change]:
        if not self.hold.is_set():
            self.asked.set()
            self.hold.wait(20)
        return super().changes(after, limit)


@pytest.mark.parametrize("begun", [False, True], ids=["new index", "index in use"])
def test_it_goes_on_beside_a_database_that_is_being_filled(
    search: Search, papers: FakePapers, begun: bool
) -> None:
    if begun:
        search.refresh()
    steps: Iterator[Callable[[], None]] = iter(
        [
            lambda: papers.save([GAN, ADAM]),
            lambda: papers.save([replace(GAN, upvotes=900), BERT]),
            lambda: papers.remove(ADAM.id),
        ]
    )

    def done() -> bool:
        step = next(steps, None)
        if step:
            step()
        return step is None

    search.refresh(done=done)
    assert all_ids(search) == sorted([ATTENTION.id, RESNET.id, GAN.id, BERT.id])
    assert found(search, "min:900") == [GAN.id]
    assert search.refresh() == 0
