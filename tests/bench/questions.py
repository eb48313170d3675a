"""Queries with a known answer, from a seeded generator: what people type, and how they mistype."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from storage.model import Paper
from storage.search.text import words
from tests.bench.typing import SLIPS, mistyped

TUNED_ON, HELD_OUT = 2, 71
"""Seeds: the search was tuned with questions of the first, and never with those of the second."""

_TRIES = 20_000  # papers, until one is fit for a kind of question
_ODD = re.compile(r"(?=\S*[A-Za-z])(?=\S*(?:\d|[a-z][A-Z]))[A-Za-z][\w.-]+")
_MATHS = re.compile(r"\$|\\|[α-ωΑ-Ω]")
_COMMON = frozenset(
    words(
        "about above after also based been between both from have here into more most over show "
        "some such than that their then there these this through under using very well were what "
        "when which while with within without your"
    )
)


_GREEK_LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "sigma": "σ", "mu": "μ"}

_Ask: TypeAlias = Callable[[random.Random, Paper], str | None]


@dataclass(frozen=True, slots=True)
class Question:
    kind: str
    text: str
    id: str
    """The paper that is meant."""


def questions(papers: Sequence[Paper], count: int, seed: int) -> list[Question]:
    """About ``count`` of them, each kind equally often.

    A kind that hardly any paper is fit for is left out.
    """
    rng = random.Random(seed)
    of_each = -(-count // len(KINDS))
    asked = [list(_of_kind(kind, papers, of_each, rng)) for kind in KINDS]
    return [question for kind in asked for question in kind]


def _of_kind(
    kind: str, papers: Sequence[Paper], count: int, rng: random.Random
) -> Iterator[Question]:
    for _ in range(count):
        for _ in range(_TRIES):
            paper = rng.choice(papers)
            text = KINDS[kind](rng, paper)
            if text:
                yield Question(kind, text, paper.id)
                break
        else:
            return


def _exact(rng: random.Random, paper: Paper) -> str | None:
    return paper.title


def _slips(slip: Callable[[random.Random, str], str]) -> _Ask:
    def ask(rng: random.Random, paper: Paper) -> str | None:
        """The title with a slip in every second word."""
        title = words(paper.title)
        return " ".join(slip(rng, word) if at % 2 else word for at, word in enumerate(title))

    return ask


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


def _initials(rng: random.Random, paper: Paper) -> str | None:
    """ "Y. LeCun", and a word."""
    told = [word for word in _telling(paper.title) if len(word) > 5]
    if not paper.authors or not told:
        return None
    names = rng.choice(paper.authors).split()
    if len(names) < 2 or len(names[-1]) < 3:
        return None
    return f"{names[0][0]}. {names[-1]} {rng.choice(told)}"


def _organization(rng: random.Random, paper: Paper) -> str | None:
    told = _picked(rng, _telling(paper.title), 2)
    return " ".join([paper.organization, *told]) if paper.organization and told else None


def _model(rng: random.Random, paper: Paper) -> str | None:
    """A name such as Qwen2.5-VL as people spell it, and a word."""
    names = _ODD.findall(paper.title)
    told = _telling(paper.title)
    if not names or len(told) < 2:
        return None
    name = rng.choice(names).rstrip(".-")
    apart = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|[-_.]", " ", name)
    spelt = rng.choice((re.sub(r"[-_]", "", name), apart, name.lower()))
    return " ".join([spelt, *_picked(rng, told, 2)])


def _accents(rng: random.Random, paper: Paper) -> str | None:
    """Names and words with accents, typed without them."""
    odd = [word for author in paper.authors for word in author.split() if not word.isascii()]
    odd += [word for word in paper.title.split() if not word.isascii() and word.isalpha()]
    told = _picked(rng, _telling(paper.title), 2)
    plain = words(rng.choice(odd)) if odd else []
    return " ".join([*plain, *told]) if plain and told else None


def _maths(rng: random.Random, paper: Paper) -> str | None:
    """A title with formulas, as the letters that one sees."""
    if not _MATHS.search(paper.title):
        return None
    title = words(paper.title)
    kept = _picked(rng, title, round(len(title) * 0.8))
    return " ".join(_GREEK_LETTERS.get(word, word) for word in kept)


KINDS: dict[str, _Ask] = {
    "exact title": _exact,
    **{f"slips: {slip.__name__}": _slips(slip) for slip in SLIPS},
    "few, typos": _few,
    "shuffled": _shuffled,
    "missing": _missing,
    "prefix": _prefix,
    "joined, split": _glued,
    "model names": _model,
    "accents": _accents,
    "Greek, LaTeX": _maths,
    "abstract": _abstract,
    "author, word": _author,
    "initials": _initials,
    "organisation": _organization,
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
    slips = set(rng.sample(range(len(picked)), count))
    return " ".join(
        mistyped(rng, word) if number in slips else word for number, word in enumerate(picked)
    )
