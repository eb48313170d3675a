"""What is found, whatever way it is typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.model import Paper
from storage.search import Query, Results, Search
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.conftest import Find
from tests.storage.search.shelf import (
    ADAM,
    ALPHA,
    ATTENTION,
    BERT,
    CHINESE,
    GAN,
    LENET,
    MONTE_CARLO,
    NAMESAKES,
    OPINION,
    PAPERS,
    RESNET,
    RUSSIAN,
    SCHRODINGER,
)


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("Attention Is All You Need", ATTENTION),
        ("you need attention is all", ATTENTION),
        ("atention is all yuo need", ATTENTION),
        ("residul lerning imge recogniton", RESNET),
        ("generative adversarail netwroks", GAN),
        ("bidirectoinal tranformers", BERT),
        ("trnsfrmers pre training", BERT),  # two letters are missing
        ("graph databses", NAMESAKES),
        ("hamiltonain montecarlo", MONTE_CARLO),
        ("monte carlo hierar", MONTE_CARLO),
        ("bidirec", BERT),
        ("deepresidual learning", RESNET),
        ("hierarchical mod els", MONTE_CARLO),
        ("shortcut connections imagenet", RESNET),
        ("minimax game discriminator", GAN),
        ("handwriten characters", LENET),
        ("kingma stochastic", ADAM),
        ("lecun intelligence", OPINION),
        ("vaswni attention", ATTENTION),
        ("Y. LeCun networks", LENET),
        ("E. LeCun", NAMESAKES),
        ("schrodinger ground states", SCHRODINGER),
        ("Schrödinger ground states", SCHRODINGER),
        ('Schr\\"odinger ground states', SCHRODINGER),
        ("ase odon", SCHRODINGER),
        ("α-divergence", ALPHA),
        ("alpha divergence", ALPHA),
        ("$\\alpha$ divergence", ALPHA),
        ("CO2 data", ALPHA),
        ("深度学习", CHINESE),
        ("医学图", CHINESE),
        ("示例甲", CHINESE),
        ("像", CHINESE),
        ("глубокое обучение", RUSSIAN),
        ("ГЛУБОКОЕ обучене", RUSSIAN),
        ("zzzzqqqq", None),
    ],
)
def test_the_paper_meant_comes_first(find: Find, text: str, paper: Paper | None) -> None:
    assert find(text)[:1] == ([paper.id] if paper else [])


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("residul learning", (("residul", "residual"),)),
        ("adversarail netwroks", (("adversarail", "adversarial"), ("netwroks", "networks"))),
        ("trnsfrmers", (("trnsfrmers", "transformers"),)),
        ("deepresidual", (("deepresidual", "deep residual"),)),
        ("transf ormers", (("transf ormers", "transformers"),)),
        ("attention is all you need", ()),
        ("bidirec", ()),
        ("Y. LeCun", ()),
        ("author:vaswni", (("vaswni", "vaswani"),)),
        ("zzzzqqqq", ()),
    ],
)
def test_corrections_are_told(
    shelf: Search, text: str, corrected: tuple[tuple[str, str], ...]
) -> None:
    assert shelf.find(Query.parse(text), 5).corrected == corrected


def test_the_reading_that_the_best_paper_has_is_told(tmp_path: Path) -> None:
    papers = FakePapers(
        [replace(GAN, id=str(number), title=f"Hinting {number}") for number in range(5)]
        + [replace(GAN, id="x", title="Hunting of snarks")]
    )
    search = Search(tmp_path, papers)
    search.refresh()
    found = search.find(Query.parse("hznting snarks"), 1)
    assert found.hits[0].id == "x"
    assert found.corrected == (("hznting", "hunting"),)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("author:lecun cat:cs", {LENET.id, OPINION.id, NAMESAKES.id}),
        ('author:"Yann LeCun"', {LENET.id, OPINION.id}),
        ('author:"lecun yann"', {LENET.id, OPINION.id}),
        ("author:bengio author:lecun", {LENET.id}),
        ('author:"yan lecunn"', {LENET.id, OPINION.id}),
        ('author:"Y. LeCun"', {LENET.id, OPINION.id}),
        ('author:"lecun y"', {LENET.id, OPINION.id}),
        ('author:"G. LeCun"', set()),
        ("author:nobodyatall", set()),
        ("author:bengio after:2000", {GAN.id}),
        ("author:bengio before:2000", {LENET.id}),
        ("cat:stat", {GAN.id, ALPHA.id, MONTE_CARLO.id}),
        ("cat:stat.ME cat:cs.DB", {MONTE_CARLO.id, NAMESAKES.id}),
        ("has:code", {ATTENTION.id, BERT.id}),
        ("min:80", {ATTENTION.id, BERT.id, RESNET.id}),
        ("cat:cs.CV after:2015 before:2016", {RESNET.id}),
        ("cat:cs.CV min:80", {RESNET.id}),
        ('"residual learning"', {RESNET.id}),
        ('"learning residual"', set()),
        ('"need ashish"', set()),
        ('"convolutional networks"', {RESNET.id, LENET.id}),
        ('"convolutional networks" -deep', {LENET.id}),
        ('author:lecun -"world models"', {LENET.id, NAMESAKES.id}),
        ("networks -convolutional cat:stat.ML", {GAN.id}),
    ],
)
def test_filters(find: Find, text: str, ids: set[str]) -> None:
    assert set(find(text)) == ids


def test_filters_alone_list_by_votes_then_date(find: Find) -> None:
    assert find("has:code") == [ATTENTION.id, BERT.id]
    assert find("min:40 cat:cs.LG") == [ATTENTION.id, ADAM.id, GAN.id]


def test_equal_papers_come_by_votes_then_date(tmp_path: Path) -> None:
    twins = [
        replace(GAN, id="old", upvotes=7),
        replace(GAN, id="new", upvotes=7, published_at=ADAM.published_at),
        replace(GAN, id="loved", upvotes=9),
        replace(GAN, id="unknown", upvotes=None, published_at=None),
    ]
    search = Search(tmp_path, FakePapers(twins))
    search.refresh()
    for text in ("generative adversarial networks", "cat:cs.LG"):
        hits = search.find(Query.parse(text), 9).hits
        assert [hit.id for hit in hits] == ["loved", "new", "old", "unknown"]


def test_who_has_every_word_stands_alone(tmp_path: Path) -> None:
    both, one = (
        replace(GAN, title="Merging sparse adapters"),
        replace(BERT, title="Sparse adapters"),
    )
    search = Search(tmp_path, FakePapers([both, one]))
    search.refresh()
    assert [hit.id for hit in search.find(Query.parse("merging adapters"), 9).hits] == [both.id]
    found = search.find(Query.parse("unlearning adapters"), 9).hits
    assert {hit.id for hit in found} == {both.id, one.id}


def test_of_titles_that_begin_as_typed_votes_decide(tmp_path: Path) -> None:
    short = replace(GAN, title="Scaling laws for transfer", upvotes=3)
    long = replace(
        BERT, title="Scaling laws for transformers in all of their many forms", upvotes=4
    )
    search = Search(tmp_path, FakePapers([short, long]))
    search.refresh()
    assert search.find(Query.parse("scaling laws for tra"), 1).hits[0].id == long.id
    assert search.find(Query.parse("scaling laws for transfer"), 1).hits[0].id == short.id


def test_a_hit_carries_title_and_score(shelf: Search) -> None:
    hit = shelf.find(Query.parse("attention is all you need"), 1).hits[0]
    assert hit.title == ATTENTION.title
    assert 0.9 < hit.score < 1.1
    worse = shelf.find(Query.parse("attention zzzzqqqq xxxyyy"), 1).hits[0]
    assert 0 < worse.score < hit.score


@pytest.mark.parametrize("text", ["cat:cs.CL", "ba be bi", "ba be bi bo bu da de di", '"ba" ba'])
def test_pages_are_parts_of_the_whole(tmp_path: Path, text: str) -> None:
    fillers = [
        replace(GAN, id=str(number), title=f"ba be bi {number}", categories=("cs.CL",))
        for number in range(250)
    ]
    search = Search(tmp_path, FakePapers(fillers))
    search.refresh()
    query = Query.parse(text)
    whole = [hit.id for hit in search.find(query, 230).hits]
    assert len(set(whole)) == 230
    pages = [search.find(query, 23, offset).hits for offset in range(0, 230, 23)]
    assert [hit.id for page in pages for hit in page] == whole
    assert search.find(query, 0) == Results()
    assert search.find(query, 5, -5).hits == search.find(query, 0 + 5).hits
    assert search.find(query, 10, 5_000).hits == ()


def test_only_the_rarest_words_of_a_long_query_count(find: Find) -> None:
    nonsense = " ".join(f"q{letter}zx" for letter in "abcdefghijklmnopqrstuvwxyz")
    assert find(f"{nonsense} attention is all you need")[:1] == [ATTENTION.id]


def test_everything_of_a_paper_is_searched(tmp_path: Path) -> None:
    bare = replace(GAN, abstract=None, summary="Told in one sentence")
    rich = replace(ADAM, keywords=("optimizer zoo",), organization="Example Institute")
    search = Search(tmp_path, FakePapers([bare, rich]))
    search.refresh()
    for text, paper in (("sentence", bare), ("zoo", rich), ("institute", rich)):
        assert [hit.id for hit in search.find(Query.parse(text), 5).hits] == [paper.id]


def test_two_known_words_may_be_one(tmp_path: Path) -> None:
    others = [
        replace(GAN, id=str(number), title=f"A {word} about something", abstract="")
        for number, word in enumerate(("chat", "gpt") * 5)
    ]
    search = Search(tmp_path, FakePapers([replace(ADAM, title="Is ChatGPT biased?"), *others]))
    search.refresh()
    result = search.find(Query.parse("chat gpt biased"), 5)
    assert result.hits[0].id == ADAM.id
    assert result.corrected == ()


def test_a_typo_is_taken_for_a_common_word_first(tmp_path: Path) -> None:
    common = [replace(ADAM, id=f"x:{n}", title=f"Diffusion, part {n}") for n in range(30)]
    rare = [replace(ADAM, id=f"x:{word}", title=f"On {word}") for word in ("dilusion", "kaiming")]
    search = Search(tmp_path, FakePapers([*common, *rare]))
    search.refresh()
    found = search.find(Query.parse("difusion"), 50)
    assert found.corrected == (("difusion", "diffusion"),)
    assert {hit.id for hit in found.hits} == {paper.id for paper in common}
    assert [hit.id for hit in search.find(Query.parse("kaimng"), 5).hits] == ["x:kaiming"]


def test_what_is_found_plainly_also_matches(shelf: Search) -> None:
    known = {paper.id: paper for paper in PAPERS}
    for text in (
        "cat:cs.CL",
        "author:lecun",
        'author:"y lecun"',
        '"convolutional networks"',
        "after:2020 cat:stat",
    ):
        query = Query.parse(text)
        found = {hit.id for hit in shelf.find(query, 400).hits} & known.keys()
        assert found == {id for id, paper in known.items() if query.matches(paper)}


def test_nothing_is_found_before_the_first_refresh(tmp_path: Path) -> None:
    search = Search(tmp_path / "not" / "there", FakePapers(PAPERS))
    assert search.find(Query.parse("attention"), 5) == Results()
    assert search.related(ATTENTION, 5) == ()
    assert search.suggest("att", 5) == ()
    search.refresh()
    assert search.find(Query.parse("attention"), 5).hits
