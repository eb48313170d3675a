"""What was asked, how long the answers took, and whether they had the paper that was meant."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.bench.questions import Question

Ask: TypeAlias = Callable[[str], list[str]]
"""From a query to the ids found, best first."""

_TIMES = (0.5, 0.95, 0.99)
HEAD = (
    f"{'ms; of them processor time':34}"
    + "".join(f"{f'p{share * 100:.0f}':>9}" for share in _TIMES)
    + "".join(f"{f'cpu p{share * 100:.0f}':>9}" for share in _TIMES)
    + f"{'@1':>7}{'@5':>7}{'MRR':>7}"
)


@dataclass(frozen=True, slots=True)
class Answers:
    """How long each question took, in seconds, and where in the answer the paper meant was.

    Processor time is told as well: it says the same on a machine that others keep busy.
    """

    kinds: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)

    def at(self, share: float) -> float:
        return at(self.seconds, share)

    def recall(self, first: int, kind: str | None = None) -> float:
        places = self._of(kind)
        return sum(place is not None and place < first for place in places) / len(places)

    def mrr(self, kind: str | None = None) -> float:
        places = self._of(kind)
        return sum(1 / (place + 1) for place in places if place is not None) / len(places)

    def times(self) -> str:
        """In milliseconds, with the processor time of them."""
        return "".join(
            f"{at(taken, share) * 1e3:9.2f}"
            for taken in (self.seconds, self.cpu)
            for share in _TIMES
        )

    def row(self, name: str) -> str:
        found = f"{self.recall(1):7.3f}{self.recall(5):7.3f}{self.mrr():7.3f}"
        return f"{name:34}{self.times()}{found}"

    def _of(self, kind: str | None) -> list[int | None]:
        both = zip(self.places, self.kinds, strict=True)
        return [place for place, of in both if kind in (None, of)]


def keep(questions: Sequence[Question], file: Path) -> None:
    file.write_text(json.dumps([asdict(one) for one in questions]), encoding="utf-8")


def kept(file: Path) -> list[Question]:
    return [Question(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def answered(ask: Ask, asked: Sequence[Question], longest: float = math.inf) -> Answers:
    """The answers to as many of the questions as can be asked in about ``longest`` seconds."""
    answers = Answers()
    for question in asked:
        if sum(answers.seconds) > longest:
            break
        start, cpu = time.perf_counter(), time.thread_time()
        ids = ask(question.text)
        answers.seconds.append(time.perf_counter() - start)
        answers.cpu.append(time.thread_time() - cpu)
        answers.kinds.append(question.kind)
        answers.places.append(ids.index(question.id) if question.id in ids else None)
    return answers


def together(ask: Callable[[str], object], texts: Sequence[str], callers: int, threads: int) -> str:
    """Ask for several callers at once, each of whom waits for a turn and an answer."""
    seconds: list[float] = []

    def one(text: str) -> None:
        start = time.perf_counter()
        pool.submit(ask, text).result()
        seconds.append(time.perf_counter() - start)

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(callers) as people:
        list(people.map(one, texts))
    rate = len(seconds) / (time.perf_counter() - start)
    shares = ", ".join(f"p{s * 100:.0f} {at(seconds, s) * 1e3:.2f} ms" for s in (0.5, 0.99))
    return f"{rate:,.0f} a second, {shares}"


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def memory() -> tuple[float, float]:
    """Private memory of this process and the files that it has mapped, in MB (Linux)."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return sizes["Anonymous"], sizes["Rss"] - sizes["Anonymous"]


def show(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
