"""The three questions that are asked of an index."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import tantivy
from tantivy import Occur

from storage.search.filters import Clauses, everything, filters
from storage.search.index import View
from storage.search.query import LONGEST, Query
from storage.search.rank import Match, Ranked, matches, ranked
from storage.search.terms import (
    Fields,
    Reading,
    Term,
    affordable,
    idf,
    question,
    taken_for,
    understand,
)
from storage.search.text import searched, words

if TYPE_CHECKING:
    from storage.model import Paper

_CANDIDATES = 100
_SURE = 0.6  # a score: all words as typed, though not one in the title
_LONG = 100_000  # entries of lists; to join as many takes a millisecond
_WORTH = 0.5  # of the index's best score: candidates below it have little hope
_MANY = 10  # hopeful candidates; who asks so broadly may want to see the others, too
_FEW = 10  # filtered candidates; fewer are not enough to choose from
_SUGGESTED = 40  # candidates for autocomplete
_DEEPEST = 1_000  # results that can be paged through
_LEAST = 0.4  # of the best one's score; below that a hit only shares a common word
_TELLING = 16  # words of a paper by which others are related
_TITLE_COUNTS = 3  # times, beside the abstract

_Hit: TypeAlias = tuple[Any, tantivy.DocAddress]

_ANYWHERE = (("all", 1.0), ("title", 0.25))  # where to ask, and what a match there is worth
_IN_TITLE = (("title", 1.0),)


@dataclass(frozen=True, slots=True)
class Hit:
    """One paper found; ``score`` is about 0 to 1."""

    id: str
    score: float
    title: str


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, best first."""

    hits: tuple[Hit, ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()
    """Unknown words and what they were taken for, to say "showing results for ..."."""
    meant: bool = False
    """Whether papers are among them that mean the same in other words."""


def find(view: View, query: Query, limit: int, offset: int) -> Results:
    """See ``Search.find``."""
    clauses, names = filters(view, query)
    offset = max(offset, 0)
    end = min(offset + max(limit, 0), _DEEPEST)
    typed = _typed(query)
    if not typed:
        return Results(_hits(_listed(view, clauses, end)[offset:]), tuple(names))
    terms = understand(view, typed)
    found = _best(view, terms, _ANYWHERE, clauses, end)
    corrected = taken_for(terms, found[0].text) if found else []
    return Results(_hits(found[offset:end]), (*names, *corrected))


def explain(view: View, query: Query, id: str) -> tuple[Match, ...]:
    """See ``Search.explain``."""
    typed = _typed(query)
    places = view.places([id])
    if not places or not typed:
        return ()
    return matches(understand(view, typed), view.texts[places[id]])


def related(view: View, paper: Paper, limit: int, clauses: Clauses) -> tuple[Hit, ...]:
    """Papers that share the most telling words of this one and pass the filters."""
    title, _, others = searched(paper)
    counts = Counter(" ".join([*others, *[title] * _TITLE_COUNTS]).split())
    terms = []
    for word, count in counts.items():
        frequency = view.frequency(word)
        if len(word) > 2 and frequency > 1:
            weight = math.log1p(count) * idf(frequency, view.total)
            terms.append(Term(word, (Reading(word, 1.0, frequency),), weight=weight))
    terms = sorted(terms, key=lambda term: -term.weight)[:_TELLING]
    return _hits(_candidates(view, terms, _ANYWHERE, clauses, limit)[:limit])


def suggest(view: View, text: str, limit: int) -> tuple[Hit, ...]:
    """See ``Search.suggest``."""
    typed = list(dict.fromkeys(words(text[:LONGEST])))
    terms = understand(view, typed, "title")
    return _hits(_best(view, terms, _IN_TITLE, [], limit, _SUGGESTED)[:limit])


def having(view: View, text: str, clauses: Clauses, most: int) -> list[int]:
    """Where the papers are that pass the filters and have most of a sentence's words (BM25)."""
    any_word = [
        (Occur.Should, tantivy.Query.term_query(view.schema, "all", word, "freq"))
        for word in dict.fromkeys(words(text[:LONGEST]))
    ]
    asked = tantivy.Query.boolean_query(any_word)
    asked = tantivy.Query.boolean_query([(Occur.Must, asked), *clauses])
    hits = view.searcher.search(asked, most, count=False).hits
    return view.numbers("place", [address for _, address in hits])


def _typed(query: Query) -> list[str]:
    """The words that a paper is to have, each once."""
    typed = [*query.words, *(word for phrase in query.phrases for word in phrase.split())]
    return list(dict.fromkeys(typed))


def _listed(view: View, clauses: Clauses, end: int) -> list[Ranked]:
    """The papers with most votes, the newest of them first."""
    asked = tantivy.Query.boolean_query([(Occur.Must, everything(view)), *clauses])
    hits = view.searcher.search(asked, max(end, 1), count=False, order_by_field="rank").hits
    places = view.numbers("place", [address for _, address in hits])
    return [Ranked(1.0, 0, view.texts[place]) for place in places][:end]


def _best(
    view: View,
    terms: Sequence[Term],
    fields: Fields,
    clauses: Clauses,
    end: int,
    at_once: int = _CANDIDATES,
) -> list[Ranked]:
    """The papers with any of the telling words; where their lists are long, with every one.

    To find where lists meet takes a fifth of the time that joining them does, but leaves out what
    has some of the words only.
    """
    if sum(term.postings for term in affordable(terms)) >= _LONG:
        found = _candidates(view, terms, fields, clauses, end, at_once, every=True)
        if found and (found[0].score >= _SURE or len(terms) == 1):
            return found
    return _candidates(view, terms, fields, clauses, end, at_once)


def _candidates(
    view: View,
    terms: Sequence[Term],
    fields: Fields,
    clauses: Clauses,
    end: int,
    at_once: int = _CANDIDATES,
    every: bool = False,
) -> list[Ranked]:
    """The index's best, ``end`` or more, put in order part by part.

    The parts depend on nothing else, so that a page is the same at any limit.
    """
    most = -(-end // at_once) * at_once
    hits = _asked(view, question(view, affordable(terms), fields, every), clauses, most)
    if not every and len(hits) < (_FEW if clauses else 1):  # the filters left nothing rare
        hits = _asked(view, question(view, terms, fields, every), clauses, most)
    found: list[Ranked] = []
    for part in _parts(hits, at_once):
        addresses = [address for _, address in part]
        places, ranks = view.numbers("place", addresses), view.numbers("rank", addresses)
        more = ranked(view, terms, places, ranks)
        least = _LEAST * (found or more)[0].score
        found += [one for one in more if one.score >= least]
        if len(found) >= end:
            break
    return found


def _parts(hits: Sequence[_Hit], at_once: int) -> Iterator[Sequence[_Hit]]:
    """The hopeful ones first, which are enough mostly; where they are few, nothing else."""
    least = _WORTH * hits[0][0] if hits else 0.0
    hopeful = sum(score >= least for score, _ in hits[:at_once])
    starts = [0, hopeful]
    if hopeful >= _MANY:
        starts += [*range(at_once, len(hits), at_once), len(hits)]
    return (hits[start:end] for start, end in pairwise(starts) if start < end)


def _asked(view: View, asked: tantivy.Query, clauses: Clauses, most: int) -> list[_Hit]:
    if clauses:
        asked = tantivy.Query.boolean_query([(Occur.Must, asked), *clauses])
    return view.searcher.search(asked, max(most, 1), count=False).hits


def _hits(found: Sequence[Ranked]) -> tuple[Hit, ...]:
    return tuple(Hit(one.id, one.score, one.title) for one in found)
