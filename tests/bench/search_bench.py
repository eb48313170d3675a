"""Measures the search: how fast it answers, and how often it finds what was meant.

    python -m tests.bench.search_bench [--data FOLDER] [--sizes 100k 1m 3m] [--keep FOLDER]
                                       [--steps build first ask beside update]

``--data`` names real papers (``corpora.py`` says which); without it they are made up, so that it
runs anywhere.  The queries come from ``questions.py``: those of the first seed the search was tuned
with, those of the second it was not.  Beside it stands what is most often done instead, on some of
the same queries.  Each step has a process of its own, so that its memory and its start can be seen.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bot.app import THREADS
from storage.search import Query, Search
from storage.search.generations import Generations
from tests.bench.answers import HEAD, Answers, Ask, answered, keep, kept, memory, show
from tests.bench.answers import together as asked_together
from tests.bench.beside import rapidfuzz_titles, sqlite_fts5, tantivy_bm25
from tests.bench.corpora import SIZES, corpus, genuine
from tests.bench.questions import HELD_OUT, KINDS, TUNED_ON, Question, questions
from tests.bench.stream import Stream

_NEW, _VOTED = 500, 5_000  # papers a day brings, and whose votes change
_LONG = 120.0  # seconds; what is slow is asked fewer questions
_STARTS = 5  # of a process
_HOSTILE = {
    "40,000 characters": "diffusion models " * 2_353,
    "5,000 parentheses": "(" * 5_000,
    "stop words": "the of and in to a is that for with on by we this",
    "emoji": "🤖🔥 diffusion 💥" * 10,
    "right to left": "נוירונים الشبكات العصبية التلافيفية",
    "NUL": "deep\0learning\0",
    "field syntax": 'title:x AND all:(y OR "z") ^2 ~3 [a TO b] {c} \\ +d -e *',
    "one letter": "a",
    "no word": "?!…",
    "300 unknown words": " ".join(f"zq{number}xj" for number in range(60)),
}  # fmt: skip


def main() -> None:
    options = _options()
    if options.step:
        _STEPS[options.step](Path(options.keep), options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(options.keep or temporary)
        for size in options.sizes if options.data else ["made up"]:
            show(f"\n{size}\n{'=' * len(size)}")
            for step in options.steps:
                _run(step, home / size, size, options)


def _run(step: str, folder: Path, size: str, options: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "tests.bench.search_bench", "--step", step]
    command += ["--keep", str(folder), "--sizes", size, "--questions", str(options.questions)]
    command += ["--beside", str(options.beside)]
    if options.data:
        command += ["--data", str(options.data)]
    ended = subprocess.run(command, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def _build(folder: Path, options: argparse.Namespace) -> None:
    """Index the papers and make up the questions, unless an earlier run has kept both."""
    told = folder / "build.txt"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for seed in (TUNED_ON, HELD_OUT):
            asked = questions(list(genuine(options.data)), options.questions, seed)
            keep(asked, _questions(folder, seed))
        stream = Stream(corpus(options.data, options.sizes[0]), 1 << 40)
        start = time.perf_counter()
        count = Search(folder / "index", stream).refresh()
        seconds = time.perf_counter() - start - stream.seconds
        files = [path for path in (folder / "index").rglob("*") if path.is_file()]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told.write_text(
            f"{count:,} papers indexed in {seconds:.1f} s (reading them: {stream.seconds:.1f} s), "
            f"{sum(file.stat().st_size for file in files) / 1e6:,.0f} MB on disk; "
            f"{peak:,.0f} MB of memory at most, the papers to read from among them"
        )
    show(told.read_text())


def _first(folder: Path, options: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "tests.bench.first", str(folder / "index")]
    times = []
    for _ in range(_STARTS):
        start = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - start)
    show(f"process start to first answer: {min(times):.2f} to {max(times):.2f} s")


def _update(folder: Path, options: argparse.Namespace) -> None:
    """A day's new papers, and new votes of known ones; in a copy, for who asks next.

    Files of an index are replaced or grow; none is changed where others read it.
    """
    copy = shutil.copytree(
        folder / "index", folder / "copy", copy_function=os.link, dirs_exist_ok=True
    )
    try:
        _updated(copy, options)
    finally:
        shutil.rmtree(copy)


def _updated(folder: Path, options: argparse.Namespace) -> None:
    papers = list(islice(genuine(options.data), _VOTED))
    new = [replace(paper, id=f"bench:new-{n}") for n, paper in enumerate(papers[:_NEW])]
    voted = [replace(paper, upvotes=(paper.upvotes or 0) + 1) for paper in papers]
    index = Generations(folder).open()
    assert index
    assert index.view.state
    stream = Stream([], index.view.state.cursor)
    search = Search(folder, stream)
    search.refresh()
    for what, changed in ((f"{_NEW} new papers", new), (f"{_VOTED:,} new votes", voted)):
        stream.add(changed)
        start = time.perf_counter()
        search.refresh()
        show(f"{what} searchable after {time.perf_counter() - start:.2f} s")


def _warm(folder: Path) -> None:
    """Read the index once, so that answers wait for no disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def _ask(folder: Path, options: argparse.Namespace) -> None:
    busy = os.getloadavg()[0]
    _warm(folder / "index")
    ask = _find(folder)
    seeds = {seed: kept(_questions(folder, seed)) for seed in (TUNED_ON, HELD_OUT)}
    ask("warm up")
    found = {seed: answered(ask, asked) for seed, asked in seeds.items()}
    private, mapped = memory()
    show(f"memory: {private:.0f} MB private, {mapped:.0f} MB of mapped files")
    show(f"{busy:.1f} processes were busy on this machine before\n\n{HEAD}")
    for seed, name in ((TUNED_ON, "tuned on"), (HELD_OUT, "held out")):
        show(found[seed].row(f"search, seed {seed} ({name}), {len(seeds[seed])}"))
    _by_kind(found)
    _typed_letter_by_letter(folder, seeds[HELD_OUT])
    texts = [one.text for one in seeds[HELD_OUT]]
    for callers in (1, 2, 8):
        told = asked_together(ask, texts, callers, THREADS)
        show(f"{callers} callers of the bot's {THREADS} threads: {told}")
    _hostile(ask)


def _by_kind(found: dict[int, Answers]) -> None:
    show(f"\n{'recall@1 / @5, MRR':18}" + "".join(f"{f'seed {seed}':>24}" for seed in found))
    for kind in KINDS:
        if kind in found[TUNED_ON].kinds and kind in found[HELD_OUT].kinds:
            cells = [
                f"{one.recall(1, kind):.3f} / {one.recall(5, kind):.3f}, {one.mrr(kind):.3f}"
                for one in found.values()
            ]
            show(f"{kind:18}" + "".join(f"{cell:>24}" for cell in cells))


def _typed_letter_by_letter(folder: Path, asked: list[Question]) -> None:
    search = Search(folder / "index", Stream([], 0))
    search.suggest("warm up", 5)
    texts = [one.text[:end] for one in asked[:100] for end in range(1, min(len(one.text), 40) + 1)]
    answers = answered(
        lambda text: [hit.id for hit in search.suggest(text, 5)],
        [Question("typed", text, "") for text in texts],
    )
    show()
    show(f"{f'autocomplete, {len(texts):,} keystrokes':34}{answers.times()}")


def _hostile(ask: Callable[[str], object]) -> None:
    slowest = {}
    for name, text in _HOSTILE.items():
        start = time.perf_counter()
        with suppress(ValueError):  # a sentence for the reader
            ask(text)
        slowest[name] = time.perf_counter() - start
    name = max(slowest, key=slowest.__getitem__)
    show(f"hostile queries: {len(slowest)}, the slowest ({name}) {slowest[name] * 1e3:.1f} ms")


def _beside(folder: Path, options: argparse.Namespace) -> None:
    if not options.beside:
        return
    asked = kept(_questions(folder, HELD_OUT))
    asked = random.Random(1).sample(asked, min(options.beside, len(asked)))
    size = options.sizes[0]
    show(f"\n{HEAD}")
    others: dict[str, Callable[[], Ask]] = {
        "search": lambda: _find(folder),
        "tantivy BM25": lambda: tantivy_bm25(folder / "index"),
        "SQLite FTS5": lambda: sqlite_fts5(corpus(options.data, size), folder / "fts5.db"),
        "rapidfuzz WRatio": lambda: rapidfuzz_titles(corpus(options.data, size)),
    }
    for name, make in others.items():
        ask = make()
        ask("warm up")
        answers = answered(ask, asked, _LONG)
        show(answers.row(f"{name}, {len(answers.seconds)} of these"))


def _find(folder: Path) -> Ask:
    search = Search(folder / "index", Stream([], 0))
    return lambda text: [hit.id for hit in search.find(Query.parse(text), 5).hits]


def _questions(folder: Path, seed: int) -> Path:
    return folder / f"questions-{seed}.json"


_STEPS = {"build": _build, "first": _first, "ask": _ask, "beside": _beside, "update": _update}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a folder of papers (default: made-up papers)")
    parser.add_argument("--sizes", nargs="+", default=["100k"], help=", ".join(SIZES))
    parser.add_argument("--keep", help="where indexes stay for the next time")
    parser.add_argument("--questions", type=int, default=3_000, help="how many of each seed")
    parser.add_argument("--beside", type=int, default=40, help="how many of them for the others")
    parser.add_argument("--steps", nargs="+", default=[*_STEPS], choices=[*_STEPS], metavar="STEP")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
