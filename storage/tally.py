"""How many papers carry each of some names: keywords, categories, authors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.search.text import words


@dataclass(frozen=True, slots=True)
class Tally:
    """A name in its commonest spelling, and how many papers carry it."""

    name: str
    papers: int
    before: int
    """How many of the papers before carry it."""

    @property
    def change(self) -> int:
        return self.papers - self.before


def tally(now: Iterable[Sequence[str]], before: Iterable[Sequence[str]] = ()) -> list[Tally]:
    """The names of ``now``, those with most papers first; each item has the names of one paper.

    Spellings that differ in case, accents, hyphens or a plural's last letter are one name.
    """
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    earlier: Counter[str] = Counter()
    for own in map(_own, before):
        earlier.update(own.keys())
    for own in map(_own, now):
        for key, name in own.items():
            spellings[key][name] += 1
    found = []
    for key, names in spellings.items():
        name, _ = max(names.items(), key=lambda item: (item[1], item[0]))
        found.append(Tally(name, names.total(), earlier[key]))
    return sorted(found, key=lambda one: (-one.papers, -one.change, one.name))


def _own(names: Sequence[str]) -> dict[str, str]:
    return {key: name for name in names if (key := _key(name))}


def _key(name: str) -> str:
    text = " ".join(words(name))
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) else text
