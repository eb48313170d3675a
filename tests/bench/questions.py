"""Queries with a known answer, from a seeded generator: what people type, and how they mistype."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.model import Paper
from storage.search.text import words

_COMMON = frozenset(
    words(
        "about above after also based been between both from have here into more most over show "
        "some such than that their then there these this through under using very well were what "
        "when which while with within without your"
    )
)


@dataclass(frozen=True, slots=True)
class Question:
    kind: str
    text: str
    paper: Paper


def questions(papers: Sequence[Paper], count: int, seed: int) -> list[Question]:
    """About ``count`` of them, each kind equally often."""
    rng = random.Random(seed)
    asked: list[Question] = []
    while len(asked) < count:
        for kind, ask in KINDS.items():
            paper = rng.choice(papers)
            text = ask(rng, paper)
            while text is None:
                paper = rng.choice(papers)
                text = ask(rng, paper)
            asked.append(Question(kind, text, paper))
    return asked


def _exact(rng: random.Random, paper: Paper) -> str | None:
    return paper.title


def _typos(rng: random.Random, paper: Paper) -> str | None:
    title = words(paper.title)
    return " ".join(
        _mistyped(rng, word) if number % 2 else word for number, word in enumerate(title)
    )


def _few(rng: random.Random, paper: Paper) -> str | None:
    picked = _picked(rng, _telling(paper.title), rng.randint(3, 4))
    return _with_typos(rng, picked, rng.randint(1, 2)) if picked else None


def _shuffled(rng: random.Random, paper: Paper) -> str | None:
    title = words(paper.title)
    rng.shuffle(title)
    return " ".join(title)


def _prefix(rng: random.Random, paper: Paper) -> str | None:
    title = words(paper.title)[: rng.randint(3, 5)]
    if len(title) < 3 or len(title[-1]) < 4:
        return None
    title[-1] = title[-1][: rng.randint(2, len(title[-1]) - 1)]
    return " ".join(title)


def _abstract(rng: random.Random, paper: Paper) -> str | None:
    picked = _picked(rng, _telling(paper.abstract or ""), rng.randint(5, 7))
    return " ".join(picked) if picked else None


def _author(rng: random.Random, paper: Paper) -> str | None:
    told = [word for word in _telling(paper.title) if len(word) > 5]
    if not paper.authors or not told:
        return None
    name = words(rng.choice(paper.authors))
    return f"{name[-1]} {rng.choice(told)}" if name and len(name[-1]) > 2 else None


def _glued(rng: random.Random, paper: Paper) -> str | None:
    title = words(paper.title)
    if rng.random() < 0.5 and len(title) > 2:
        at = rng.randrange(len(title) - 1)
        title[at : at + 2] = [title[at] + title[at + 1]]
        return " ".join(title)
    long = [number for number, word in enumerate(title) if len(word) > 6]
    if not long:
        return None
    at = rng.choice(long)
    cut = rng.randint(3, len(title[at]) - 3)
    title[at : at + 1] = [title[at][:cut], title[at][cut:]]
    return " ".join(title)


def _missing(rng: random.Random, paper: Paper) -> str | None:
    title = words(paper.title)
    if len(title) < 5:
        return None
    return " ".join(_picked(rng, title, round(len(title) * rng.uniform(0.5, 0.7))))


def _mixed(rng: random.Random, paper: Paper) -> str | None:
    picked = _picked(rng, _telling(paper.title), rng.randint(4, 6))
    if not picked:
        return None
    rng.shuffle(picked)
    if rng.random() < 0.5:
        picked[-1] = picked[-1][: rng.randint(3, len(picked[-1]))]
    return _with_typos(rng, picked, rng.randint(1, 2))


KINDS: dict[str, Callable[[random.Random, Paper], str | None]] = {
    "exact title": _exact,
    "typos": _typos,
    "few, typos": _few,
    "shuffled": _shuffled,
    "prefix": _prefix,
    "abstract": _abstract,
    "author, word": _author,
    "joined, split": _glued,
    "missing": _missing,
    "mixed": _mixed,
}


def _telling(text: str) -> list[str]:
    found = dict.fromkeys(words(text))
    return [word for word in found if len(word) > 3 and word.isalpha() and word not in _COMMON]


def _picked(rng: random.Random, told: Sequence[str], count: int) -> list[str]:
    """``count`` of the words in their order; none where there are too few."""
    if len(told) < count:
        return []
    return [told[number] for number in sorted(rng.sample(range(len(told)), count))]


def _with_typos(rng: random.Random, picked: Sequence[str], count: int) -> str:
    mistyped = set(rng.sample(range(len(picked)), count))
    return " ".join(
        _mistyped(rng, word) if number in mistyped else word for number, word in enumerate(picked)
    )


def _mistyped(rng: random.Random, word: str) -> str:
    """One letter missing, doubled up, wrong or swapped with the next; short words stay."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word))
    letter = rng.choice(string.ascii_lowercase)
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + letter + word[at:]
        case 2:
            return word[:at] + letter + word[at + 1 :]
        case _:
            at = min(at, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
