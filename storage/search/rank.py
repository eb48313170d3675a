"""Puts candidates in order by how well they cover the query."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from storage.search.documents import DAY_BITS
from storage.search.index import View
from storage.search.terms import Term
from storage.search.text import INITIAL

_ELSEWHERE = 0.8  # what a word is worth outside of the title
_TITLE_SHARE = 0.11
_IN_ORDER = 0.17
_AT_START = 0.05
_PER_LOG_VOTE = 0.01
_STEPS = 200  # of a score: a word more or less in a long title makes no better match
_BEST = 1 + _TITLE_SHARE + _IN_ORDER + _AT_START

# A term: its weight, and what to look for, the likest first.
_Weighed: TypeAlias = tuple[float, list[tuple[bytes, float]]]


class Ranked(NamedTuple):
    """One candidate: how well it covers the query (0 to about 1), its rank field, its text."""

    score: float
    rank: int
    text: bytes

    @property
    def title(self) -> str:
        return self.text.split(b"\n", 1)[0].decode()

    @property
    def id(self) -> str:
        return self.text.split(b"\n", 3)[3].decode()


class Match(NamedTuple):
    """A word of a query and how a paper has it."""

    typed: str
    read: str | None
    """The word that it was found as; None where the paper has nothing like it."""
    in_title: bool


def ranked(
    view: View, terms: Sequence[Term], places: Sequence[int], ranks: Sequence[int]
) -> list[Ranked]:
    """The candidates, best first; equal ones by votes, then by date."""
    needles = [(term.weight, _needles(term)) for term in terms]
    whole = sum(term.weight for term in terms) or 1.0
    pairs = max(len(terms) - 1, 1)
    found = []
    for place, rank in zip(places, ranks, strict=True):
        text = view.texts[place]
        votes = rank >> DAY_BITS
        score = _covered(text, needles, whole, pairs) + _PER_LOG_VOTE * math.log1p(votes)
        found.append(Ranked(round(score / _BEST * _STEPS) / _STEPS, rank, text))
    found.sort(key=lambda one: (one.score, one.rank), reverse=True)
    return found


def matches(terms: Sequence[Term], text: bytes) -> tuple[Match, ...]:
    """How a candidate's text has each word of the query, as ``ranked`` sees it."""
    start = text.index(b"\n")
    end = text.index(b"\n", start + 1)
    found = []
    for term in terms:
        places = ((text.find(needle, start), needle) for needle, _ in _needles(term))
        at, needle = next((one for one in places if one[0] >= 0), (-1, b""))
        typed = term.part_of or term.typed
        if at < 0:
            found.append(Match(typed, None, in_title=False))
        else:
            read = text[at + 1 : text.index(b" ", at + len(needle.rstrip()))]
            found.append(Match(typed, read.decode().replace(INITIAL, " "), 0 <= at < end))
    return tuple(found)


def _needles(term: Term) -> list[tuple[bytes, float]]:
    """What to look for in a folded text, the likest first."""
    needles = [(f" {reading.word} ".encode(), reading.likeness) for reading in term.readings]
    if term.completions:
        needles.append((f" {term.typed}".encode(), term.completions[0].likeness))
        needles.sort(key=lambda needle: -needle[1])
    return needles


def _covered(text: bytes, needles: Sequence[_Weighed], whole: float, pairs: int) -> float:
    """How much of the query a text has, and how well its title keeps to it."""
    start = text.index(b"\n")  # the folded title begins behind it, with a blank
    end = text.index(b"\n", start + 1)
    covered = 0.0
    in_order = 0
    places = set()
    previous = -1
    unfinished = False
    for weight, choices in needles:
        at = -1
        for needle, likeness in choices:
            at = text.find(needle, start)
            if at >= 0:
                covered += weight * likeness * (1 if at < end else _ELSEWHERE)
                break
        if 0 <= at < end:
            places.add(at)
            in_order += 0 <= previous < at
            previous = at
            unfinished = not needle.endswith(b" ")
        else:
            previous = -1
            unfinished = False
    at_start = start + 1 in places
    share = len(places) / max(text.count(b" ", start, end) - 1, 1)
    if unfinished and at_start and in_order == len(needles) - 1:
        share = 1.0  # who types a title is on the way: what is still to come is not known
    return (
        covered / whole + _TITLE_SHARE * share + _IN_ORDER * in_order / pairs + _AT_START * at_start
    )
