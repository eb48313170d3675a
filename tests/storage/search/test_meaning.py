"""Search by meaning, on a real model of few words."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock, Thread

import pytest

pytest.importorskip("model2vec", reason="the extra `semantic` is not installed")

import numpy as np
from tqdm import tqdm

from storage.model import Paper
from storage.search import Meaning, MeaningError, Query, Search
from storage.search.embedding import Embedding
from storage.search.learning import learn
from storage.search.meaning import ALONE
from storage.search.vectors import Vectors
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.dying import die_at
from tests.storage.search.shelf import ATTENTION, GAN, LENET, PAPERS, RESNET, made_up
from tests.storage.search.tiny import ADAPTERS, HOUND, SHOGI, TOPICS, many, tiny_model

Open = Callable[[FakePapers], Search]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def open_search(tmp_path: Path, model: str) -> Open:
    """What is kept is the same each time, as if by a new process."""

    def opened(papers: FakePapers) -> Search:
        search = Search(tmp_path / "index", papers, Meaning(tmp_path / "vectors", model))
        search.refresh()
        with suppress(MeaningError):  # where the test has broken something
            search.learn()
        return search

    return opened


@pytest.fixture
def papers() -> FakePapers:
    return FakePapers([ADAPTERS, HOUND, SHOGI, ATTENTION, GAN])


def like(search: Search, text: str, query: str = "", limit: int = 3) -> list[str]:
    return [hit.id for hit in search.like(text, Query.parse(query), limit).hits]


def nearest(meaning: Meaning, text: str, most: int = 20) -> list[str]:
    return [id for id, _ in meaning.near(text, most)]


def test_a_sentence_finds_papers_that_share_no_word_with_it(
    open_search: Open, papers: FakePapers
) -> None:
    search = open_search(papers)
    assert like(search, "merging adapters without training")[0] == ADAPTERS.id
    assert like(search, "PUPPY pictures, picture!")[0] == HOUND.id
    assert like(search, "puppy picture", "cat:cs.CL")[0] != HOUND.id
    assert HOUND.id not in like(search, "puppy picture", "cat:cs.CL", limit=10)
    assert search.like("my puppy", Query(), 1).hits[0].title == HOUND.title


def test_a_paper_is_like_others_and_not_like_itself(open_search: Open) -> None:
    twin = replace(ADAPTERS, id="2401.00009", title="Merging an adapter")
    search = open_search(FakePapers([ADAPTERS, HOUND, SHOGI, twin]))
    hits = search.like(ADAPTERS, Query(), 5).hits
    assert hits[0].id == twin.id
    assert ADAPTERS.id not in {hit.id for hit in hits}
    assert search.related(ADAPTERS, 1) == hits[:1]
    stranger = replace(ADAPTERS, id="9999.1", title="Averaging")
    assert {hit.id for hit in search.related(stranger, 2)} == {ADAPTERS.id, twin.id}


def test_words_that_a_paper_has_decide_alone(tmp_path: Path, open_search: Open) -> None:
    papers = FakePapers([ADAPTERS, HOUND, RESNET, *made_up(50), *many(50)])
    search = open_search(papers)
    plain = Search(tmp_path / "index", papers)
    for text in ("deep residual lerning", "hound in the photo", "LoRA soup", "puppy", "min:1"):
        query = Query.parse(text)
        assert search.find(query, 30) == plain.find(query, 30)


def test_a_sentence_of_other_words_is_understood_page_by_page(
    tmp_path: Path, open_search: Open
) -> None:
    search = open_search(FakePapers([ADAPTERS, HOUND, *made_up(300), *many(20)]))
    query = Query.parse("which puppy sits upon a picture frame")
    pages = [hit.id for page in range(4) for hit in search.find(query, 5, page * 5).hits]
    assert pages == [hit.id for hit in search.find(query, 20).hits]
    assert len(set(pages)) == 20
    assert HOUND.id in pages
    assert search.find(query, 1).meant
    plain = Search(tmp_path / "index", FakePapers())
    assert HOUND.id not in {hit.id for hit in plain.find(query, 100).hits}


@pytest.mark.parametrize(
    "text", ["x" * 40_000, "(" * 5_000, "the of", "🦊", "שלום", "\0", "\ud800"]
)
def test_hostile_sentences_are_answered(open_search: Open, papers: FakePapers, text: str) -> None:
    search = open_search(papers)
    assert len(search.like(text, Query(), 3).hits) <= 3
    papers.save([replace(HOUND, abstract=text)])
    assert search.learn() == 1


def test_what_changes_is_followed(open_search: Open, papers: FakePapers) -> None:
    search = open_search(papers)
    assert search.learn() == 0
    papers.save([replace(SHOGI, upvotes=7), replace(HOUND, title="A galaxy")])
    papers.remove(ADAPTERS.id)
    search.refresh()
    assert search.learn() == 3
    assert search.meaning.count() == 4
    assert nearest(search.meaning, "telescope")[0] == HOUND.id
    assert ADAPTERS.id not in nearest(search.meaning, "merging adapters")
    papers.save([ADAPTERS])  # takes the row that was left
    search.refresh()
    search.learn()
    assert like(search, "merging adapters")[0] == ADAPTERS.id
    assert like(open_search(papers), "merging adapters")[0] == ADAPTERS.id


def test_work_is_done_in_slices_and_told(open_search: Open) -> None:
    papers = FakePapers()
    search = open_search(papers)
    papers.save(many(1_300))
    told: list[tuple[int, int]] = []
    slices = 0
    while search.learn(0.0, lambda done, of: told.append((done, of))):
        slices += 1
    assert slices == 3
    assert [done / of for done, of in told] == sorted(done / of for done, of in told)
    assert told[0][0] < told[0][1]
    assert search.meaning.count() == 1_300


def test_another_model_or_database_begins_anew(
    tmp_path: Path, open_search: Open, papers: FakePapers
) -> None:
    open_search(papers).close()
    other = tiny_model(tmp_path / "other", seed=2)
    meaning = Meaning(tmp_path / "vectors", other)
    assert meaning.follow(papers) == 5
    assert nearest(meaning, "merging adapters")[0] == ADAPTERS.id
    fewer = FakePapers([HOUND], name="another")
    meaning.follow(fewer)
    assert nearest(meaning, "merging adapters") == [HOUND.id]
    assert meaning.rebuild(fewer) == 1
    assert len([*tmp_path.glob("vectors/vectors.*")]) == 1


@pytest.mark.parametrize("name", ["vectors.1", "signs.1", "words.1", "rows.db"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_damage_is_survived(open_search: Open, tmp_path: Path, name: str, how: str) -> None:
    papers = FakePapers([ADAPTERS, *many(100)])
    search = open_search(papers)
    before = search.meaning.near("merging adapters", 9)
    search.close()
    path = tmp_path / "vectors" / name
    path.unlink()
    if how == "cut":
        path.write_bytes(b"x" * 10)
    search = open_search(papers)
    assert search.find(Query.parse("lora soup"), 1).hits[0].id == ADAPTERS.id
    search.find(Query.parse("what do people mean by averaging"), 1)  # meets the damage
    search.learn()
    assert search.meaning.near("merging adapters", 9) == before
    assert search.meaning.count() == 101


def test_killed_at_any_step_it_goes_on(tmp_path: Path, model: str) -> None:
    tqdm.set_lock(RLock())  # model2vec's is shared with forks: one that dies with it would stop us
    papers = FakePapers(many(1_500))
    whole = Meaning(tmp_path / "whole", model)
    whole.follow(papers)
    died = 0
    for step in (0, 1, 2, 3, 5, 8, 13, 21):  # of what the one before has left
        child = os.fork()
        if child == 0:
            die_at(step)
            Meaning(tmp_path / "dying", model).follow(papers)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died += os.WIFSIGNALED(status)
    assert died > 3
    left = Meaning(tmp_path / "dying", model)
    left.follow(papers)
    assert left.count() == whole.count() == 1_500
    for text in ("merging puppies", "dog photo", "music of the stars", "chess"):
        assert left.near(text, 20) == whole.near(text, 20)


def test_those_who_follow_at_once_share_the_work(tmp_path: Path, model: str) -> None:
    papers = FakePapers(many(4_000))
    both = [Meaning(tmp_path, model), Meaning(tmp_path, model)]
    taken: list[int] = []
    threads = [Thread(target=lambda one=one: taken.append(one.follow(papers))) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 4_000
    assert both[0].near("dog photo", 5) == both[1].near("dog photo", 5)


def test_the_nearest_are_nearly_always_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    middles = rng.normal(size=(200, 96)) + 1.0  # a common part, as real models have
    rows = middles[rng.integers(200, size=8_000)] + 0.7 * rng.normal(size=(8_000, 96))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    vectors = Vectors(tmp_path)
    empty = learn(FakePapers(), Embedding("").of)
    for start in range(0, 8_000, 1_000):
        with vectors.write() as writer:
            if not start:
                writer.begin(empty, 0)
            ids = {str(number): number for number in range(start, start + 1_000)}
            writer.put(ids, rows[start : start + 1_000])
    view = vectors.look()
    assert view is not None
    centred = rows - rows.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    found = 0
    for number in range(0, 8_000, 400):
        near = [int(id) for id, _ in vectors.near(view, rows[number], 10)]
        assert near[0] == number
        found += len({*near} & {*np.argsort(-(centred @ centred[number]))[:10].tolist()})
    assert found >= 0.9 * 10 * 20


def test_the_catalogue_teaches_what_its_words_mean(tmp_path: Path) -> None:
    rng = random.Random(5)
    lessons = [
        Paper(
            id=f"2403.{number:05}",
            title=f"Lesson {number}",
            abstract=" ".join(rng.sample(TOPICS[number % len(TOPICS)], 3)),
            source="test",
        )
        for number in range(400)
    ]
    papers = FakePapers([HOUND, ADAPTERS, SHOGI, *lessons])
    search = Search(tmp_path / "index", papers, Meaning(tmp_path / "vectors", ALONE))
    search.refresh()
    search.learn()
    asked = Query.parse("in which image might some puppy be")
    titled = [hit.id for hit in search.find(asked, 100).hits if not hit.title.startswith("Lesson")]
    assert titled[0] == HOUND.id


def test_what_was_learnt_of_few_papers_is_learnt_anew(
    tmp_path: Path, open_search: Open, papers: FakePapers
) -> None:
    search = open_search(papers)
    papers.save(many(10))
    search.learn()
    assert (tmp_path / "vectors" / "words.1").exists()
    papers.save(many(100))
    assert search.learn() == 115 - 10
    assert [path.name for path in tmp_path.glob("vectors/words.*")] == ["words.2"]
    assert nearest(search.meaning, "my puppy in a picture")[0]
    assert search.meaning.count() == 105


def test_of_papers_without_words_nothing_is_learnt(tmp_path: Path) -> None:
    meaning = Meaning(tmp_path, ALONE)
    papers = FakePapers([replace(HOUND, title="…"), replace(SHOGI, title="(?)")])
    meaning.follow(papers)
    assert meaning.near("hound", 5) == []
    papers.save([HOUND, *many(20)])
    meaning.follow(papers)
    assert nearest(meaning, "hound")[0]


def test_a_word_is_worth_more_the_nearer_and_the_rarer(model: str) -> None:
    embedding = Embedding(model)
    lexicon = learn(FakePapers(many(200)), embedding.of)
    texts = ["puppy", "hound", "galaxy", "puppy galaxy star chess song virus", "quokka", ""]
    same, near, far, long, _, empty = lexicon.closeness("a puppy", texts, embedding.of)
    assert same > near > far >= empty == 0
    assert same > long > far
    strange = lexicon.closeness("quokka", texts, embedding.of)
    assert strange.index(max(strange)) == texts.index("quokka")
    assert lexicon.closeness("", texts, embedding.of) == [0.0] * 6
    assert lexicon.closeness("puppy", [], embedding.of) == []


def test_without_a_model_only_papers_can_be_compared(tmp_path: Path) -> None:
    search = Search(tmp_path, FakePapers(PAPERS))
    search.refresh()
    assert search.learn() == 0
    assert search.like(LENET, Query(), 1).hits[0].id == RESNET.id
    assert search.like(LENET, Query.parse("cat:stat"), 5).hits[0].id != RESNET.id
    with pytest.raises(MeaningError, match=r"install paperbot\[semantic\] and set PAPERBOT_SEARCH"):
        search.like("deep networks", Query(), 1)


def test_a_model_that_cannot_be_loaded_leaves_the_words(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    meaning = Meaning(tmp_path / "vectors", str(tmp_path / "model"))
    search = Search(tmp_path / "index", FakePapers([RESNET]), meaning)
    search.refresh()
    assert search.find(Query.parse("learning from some rather deep nets"), 1).hits
    with pytest.raises(MeaningError, match="cannot be loaded"):
        search.learn()


def test_the_extra_may_be_missing(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "storage.search.embedding", raising=False)
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(MeaningError, match=r"model2vec is not installed: install paperbot\[sem"):
        Meaning(tmp_path, model).count()
