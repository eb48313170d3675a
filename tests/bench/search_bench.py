"""Measures the search: how fast it answers, and how often it finds what was meant.

    python -m tests.bench.search_bench [--papers FILE.jsonl.gz] [--limit N]

``FILE`` has a paper a line in the shape of arXiv's metadata dump; without it the papers are made
up, so that it runs anywhere.  The queries come from ``questions.py``: those of the first seed the
search was tuned with, those of the second it was not.  Beside it stands what is most often done
instead, rapidfuzz over all titles, on some of the same queries.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rapidfuzz import fuzz, process, utils

from storage.model import Paper
from storage.papers import Change
from storage.search import Query, Search
from tests.bench.questions import KINDS, Question, questions
from tests.storage.search.shelf import made_up

TUNED_ON, HELD_OUT = 2, 71
MADE_UP = 20_000


def main() -> None:
    options = _options()
    if options.build:
        _build(Path(options.build), options)
        return
    if options.first:
        _first_answer(Path(options.first))
        return
    with tempfile.TemporaryDirectory() as folder:
        show(_run("--build", folder, options))
        show(_run("--first", folder, options))
        papers = list(_papers(options))
        search = Search(Path(folder), Stream(papers))
        _measure(search, papers, options)


def _measure(search: Search, papers: Sequence[Paper], options: argparse.Namespace) -> None:
    def ask(text: str) -> list[str]:
        return [hit.id for hit in search.find(Query.parse(text), 5).hits]

    asked = {seed: questions(papers, options.questions, seed) for seed in (TUNED_ON, HELD_OUT)}
    ask("warm up")
    found = {seed: answered(ask, asked[seed]) for seed in asked}
    some = asked[HELD_OUT][:: max(len(asked[HELD_OUT]) // max(options.plain, 1), 1)]
    titles = {paper.id: paper.title for paper in papers}

    def plain(text: str) -> list[str]:
        near = process.extract(
            text, titles, scorer=fuzz.WRatio, processor=utils.default_process, limit=5
        )
        return [id for _, _, id in near]

    show(f"\n{'':34}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'per s':>9}{'@1':>7}{'@5':>7}")
    for seed, name in ((TUNED_ON, "tuned on"), (HELD_OUT, "held out")):
        show(_row(f"search, seed {seed} ({name}), {len(asked[seed])}", found[seed]))
    if options.plain:
        slow, quick = answered(plain, some), answered(ask, some)
        show(_row(f"search, {len(some)} of these", quick))
        show(_row(f"rapidfuzz WRatio, {len(some)} of these", slow))
        show(f"rapidfuzz takes {slow.at(0.5) / quick.at(0.5):,.0f} times as long (p50)")
    show(f"\n{'recall@1 / @5':18}" + "".join(f"{f'seed {seed}':>16}" for seed in asked))
    for kind in KINDS:
        cells = [f"{r.recall(1, kind):.3f} / {r.recall(5, kind):.3f}" for r in found.values()]
        show(f"{kind:18}" + "".join(f"{cell:>16}" for cell in cells))
    show()
    for threads in (1, 2, 4):
        show(_together(ask, asked[HELD_OUT], threads))


@dataclass(frozen=True, slots=True)
class Answers:
    """How long each question took, in seconds, and where in the answer the paper meant was."""

    kinds: list[str]
    seconds: list[float]
    places: list[int | None]

    def at(self, share: float) -> float:
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]

    def recall(self, first: int, kind: str | None = None) -> float:
        of_kind = [p for p, k in zip(self.places, self.kinds, strict=True) if kind in (None, k)]
        return sum(place is not None and place < first for place in of_kind) / len(of_kind)


def answered(ask: Callable[[str], list[str]], asked: Sequence[Question]) -> Answers:
    answers = Answers([], [], [])
    for question in asked:
        start = time.perf_counter()
        ids = ask(question.text)
        answers.seconds.append(time.perf_counter() - start)
        answers.kinds.append(question.kind)
        answers.places.append(ids.index(question.paper.id) if question.paper.id in ids else None)
    return answers


def _row(name: str, answers: Answers) -> str:
    times = "".join(f"{answers.at(share) * 1e3:9.2f}" for share in (0.5, 0.95, 0.99))
    rate = len(answers.seconds) / sum(answers.seconds)
    return f"{name:34}{times}{rate:9,.0f}{answers.recall(1):7.3f}{answers.recall(5):7.3f}"


def _together(ask: Callable[[str], list[str]], asked: Sequence[Question], threads: int) -> str:
    """Ask from several threads at once."""
    seconds: list[float] = []

    def one(question: Question) -> None:
        start = time.perf_counter()
        ask(question.text)
        seconds.append(time.perf_counter() - start)

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, asked))
    whole = time.perf_counter() - start
    seconds.sort()
    middle, slow = (seconds[int(share * (len(seconds) - 1))] * 1e3 for share in (0.5, 0.99))
    rate = len(seconds) / whole
    return f"{threads} threads: {rate:,.0f} a second, p50 {middle:.2f} ms, p99 {slow:.2f} ms"


class Stream:
    """The catalogue that is indexed, read once and never held as a whole."""

    def __init__(self, papers: Iterable[Paper], size: int = 1 << 40) -> None:
        self._papers = iter(papers)
        self._size = size
        self.seconds = 0.0
        """Spent in reading."""

    def catalogue(self) -> str:
        return "bench"

    def cursor(self) -> int:
        return self._size

    def changes(self, after: int, limit: int) -> list[Change]:
        start = time.perf_counter()
        batch = enumerate(islice(self._papers, limit), after + 1)
        changes = [Change(number, paper.id, paper) for number, paper in batch]
        self.seconds += time.perf_counter() - start
        return changes


def _build(folder: Path, options: argparse.Namespace) -> None:
    before = _peak()
    stream = Stream(_papers(options))
    search = Search(folder, stream)
    start = time.perf_counter()
    count = search.refresh()
    seconds = time.perf_counter() - start - stream.seconds
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    show(
        f"{count:,} papers indexed in {seconds:.1f} s (reading them took {stream.seconds:.1f} s); "
        f"peak memory {_peak():.0f} MB, of which {before:.0f} before; {size / 1e6:.0f} MB on disk"
    )


def _first_answer(folder: Path) -> None:
    start = time.perf_counter()
    Search(folder, Stream([])).find(Query.parse("graph nueral netwroks"), 5)
    show(f"first answer of a new process after {(time.perf_counter() - start) * 1e3:.0f} ms")


def _peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(step: str, folder: str, options: argparse.Namespace) -> str:
    """Do one step in a process of its own, so that its memory and start can be seen."""
    command = [sys.executable, "-m", "tests.bench.search_bench", step, folder]
    if options.papers:
        command += ["--papers", options.papers]
    if options.limit:
        command += ["--limit", str(options.limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _papers(options: argparse.Namespace) -> Iterator[Paper]:
    if not options.papers:
        return made_up(options.limit or MADE_UP)
    return islice(_dump(Path(options.papers)), options.limit)


def _dump(path: Path) -> Iterator[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            names = row["authors"].replace(" and ", ", ").split(", ")
            yield Paper(
                id=row["id"],
                title=row["title"],
                source="arxiv",
                authors=tuple(filter(None, names)),
                abstract=row["abstract"],
                published_at=datetime.fromisoformat(row["update_date"]).replace(tzinfo=UTC),
                categories=tuple(row["categories"].split()),
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--papers", help="a file of JSON lines, gzipped (default: made-up papers)")
    parser.add_argument("--limit", type=int, help="how many papers of it")
    parser.add_argument("--questions", type=int, default=3_000, help="how many of each seed")
    parser.add_argument("--plain", type=int, default=40, help="how many of them for rapidfuzz")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    parser.add_argument("--first", help=argparse.SUPPRESS)
    return parser.parse_args()


def show(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
