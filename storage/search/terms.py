"""What the words of a query may have meant, and what is asked of the index for them.

The steps and their numbers were chosen by measuring; ``tests/bench/search_bench.py`` repeats it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from tantivy import Occur, Query

from storage.search.index import View
from storage.search.text import INITIAL, initial

MOST_WORDS = 16
_NEAR, _FAR, _BEGUN = 0.5, 0.6, 0.9  # likeness: one edit, two edits, a beginning
_DOUBTFUL, _DOUBTFUL_SHARE = 20, 1 / 5_000  # papers: a rarer word may itself be a typo
_RARER = 70  # then it is joined by a correction that is so many times as frequent
_ONE_OF_MANY = 0.5  # what a completion is worth to the index, for a paper may have several
_CORRECTIONS = 6
_COMPLETIONS = 16
_SHORTEST_TYPO = 4  # letters
_SHORTEST_FAR = 5
_SHORTEST_SPLIT = 6
_SHORTEST_BEGUN = 2  # bytes: one ideograph says enough
_FAR_LOOKUPS = 2  # in one query: each takes a millisecond
_FREQUENT_HALF = 1 / 10_000  # of all papers have it
_LETTER = 0.5  # likeness of a lone letter to itself where it may be an initial
_POSTINGS = 200_000
_SHARE = 0.8


Fields: TypeAlias = Sequence[tuple[str, float]]
"""Fields of the index to ask in, with what a match there is worth."""


class Reading(NamedTuple):
    """A word that a typed one may stand for."""

    word: str
    likeness: float
    frequency: int
    """In how many papers it stands."""


class Term(NamedTuple):
    """One word of the query and all that it may stand for, the likest first."""

    typed: str
    readings: tuple[Reading, ...] = ()
    completions: tuple[Reading, ...] = ()
    """The most frequent words that begin with it, where it may be unfinished."""
    part_of: str = ""
    """The typed word that it is one half of."""
    weight: float = 0.0

    @property
    def known(self) -> bool:
        return any(reading.word == self.typed for reading in self.readings)

    @property
    def frequency(self) -> int:
        """In how many papers it stands, about: as the most frequent word that it may be."""
        return max((reading.frequency for reading in self.all()), default=0)

    @property
    def postings(self) -> int:
        """How long the lists are that a question for it reads."""
        return sum(reading.frequency for reading in self.all())

    def all(self) -> tuple[Reading, ...]:
        return self.readings + self.completions


def understand(view: View, typed: Sequence[str], field: str = "all") -> list[Term]:
    """The rarest words of ``typed``, in order, with corrections, splits, joins and completions."""
    terms = [_corrected(view, field, word) for word in typed]
    terms[-1:] = [_completed(view, field, term) for term in terms[-1:]]
    terms = _joined(view, field, terms)
    terms = _initials(view, field, terms)
    terms = [part for term in terms for part in _split(view, field, term)]
    unknown = [term.typed for term in terms if not term.all()]
    far = sorted(unknown, key=len, reverse=True)[:_FAR_LOOKUPS]
    terms = [_far(view, field, term) if term.typed in far else term for term in terms]
    terms = [term if term.all() else _completed(view, field, term) for term in terms]
    if len(terms) > MOST_WORDS:
        order = sorted(range(len(terms)), key=lambda number: _use(terms[number]))
        terms = [terms[number] for number in sorted(order[:MOST_WORDS])]
    return [term._replace(weight=idf(term.frequency, view.total)) for term in terms]


def _use(term: Term) -> tuple[bool, int]:
    """Sorts rare words first, and those that stand for nothing last."""
    return not term.all(), term.frequency


def idf(frequency: int, total: int) -> float:
    """How telling a word is that stands in ``frequency`` of ``total`` papers (as in BM25).

    Above zero even where papers that were replaced since are still counted in ``frequency``.
    """
    frequency = min(frequency, total)
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def _read(view: View, field: str, words: Sequence[str], likeness: float) -> list[Reading]:
    found = [Reading(word, likeness, view.frequency(word, field)) for word in words]
    return [reading for reading in found if reading.frequency]


def _corrected(view: View, field: str, word: str) -> Term:
    """The word as it is, and frequent words near to it where it is unknown or next to it.

    The common ones are asked first, and mostly enough.
    """
    known = _read(view, field, [word], 1.0)
    frequency = known[0].frequency if known else 0
    doubtful = frequency <= max(_DOUBTFUL, view.total * _DOUBTFUL_SHARE)
    if not doubtful or len(word) < _SHORTEST_TYPO or not word.isalpha():
        return Term(word, tuple(known))
    least = max(frequency * _RARER, 1)
    others = view.common(word, least, _CORRECTIONS)
    if not others and not known:  # a rarer one would be as doubtful as a known word
        others = view.near(word, _CORRECTIONS)
    near = _read(view, field, others, _NEAR)
    return Term(word, (*known, *(reading for reading in near if reading.frequency >= least)))


def _split(view: View, field: str, term: Term) -> list[Term]:
    """Two terms where an unknown word is two without the blank, more frequent than its readings."""
    word = term.typed
    sure = term.completions or any(reading.likeness == 1 for reading in term.readings)
    if sure or len(word) < _SHORTEST_SPLIT:
        return [term]
    best, parts = max(term.frequency, view.total * _FREQUENT_HALF), None
    for cut in range(2, len(word) - 1):
        left, right = word[:cut], word[cut:]
        rarer = view.frequency(left, field)
        if rarer > best:
            rarer = min(rarer, view.frequency(right, field))
            if rarer > best:
                best, parts = rarer, (left, right)
    if parts is None:
        return [term]
    halves = [Term(part, term.readings, part_of=word) for part in parts]
    return [_with(half, _read(view, field, [half.typed], 1.0)) for half in halves]


def _joined(view: View, field: str, terms: list[Term]) -> list[Term]:
    """Two neighbours may also stand for the one word that they make together."""
    terms = list(terms)
    for number in range(len(terms) - 1):
        first, second = terms[number], terms[number + 1]
        if joined := _read(view, field, [first.typed + second.typed], 1.0):
            terms[number] = _with(first, joined)
            terms[number + 1] = _with(second, joined)
    return terms


def _initials(view: View, field: str, terms: list[Term]) -> list[Term]:
    """A lone letter beside an author's name may also stand for a first name."""
    found = list(terms)
    for number, term in enumerate(terms):
        if len(term.typed) == 1 and term.typed.isalpha():
            beside = [*terms[number + 1 : number + 2], *terms[max(number - 1, 0) : number]]
            names = [reading.word for other in beside for reading in other.readings]
            names = [initial(term.typed, name) for name in names if len(name) > 1]
            if first := _read(view, field, names, 1.0):
                plain = [reading._replace(likeness=_LETTER) for reading in term.readings]
                found[number] = term._replace(readings=(*first, *plain))
    return found


def _with(term: Term, more: list[Reading]) -> Term:
    readings = sorted((*term.readings, *more), key=lambda reading: -reading.likeness)
    return term._replace(readings=tuple(readings))


def _far(view: View, field: str, term: Term) -> Term:
    word = term.typed
    if len(word) < _SHORTEST_FAR or not word.isalpha():
        return term
    found = _read(view, field, view.far(word, _CORRECTIONS), _FAR)
    return term._replace(readings=tuple(found))


def _completed(view: View, field: str, term: Term) -> Term:
    if field == "all" and len(term.typed.encode()) < _SHORTEST_BEGUN:
        return term  # a tenth of the dictionary begins with it
    found = _read(view, field, view.begun(term.typed, _COMPLETIONS), _BEGUN)
    if len(found) < _COMPLETIONS:  # then rarer words may be among the first
        most = view.completions(field, term.typed, None, _COMPLETIONS)
        found = [Reading(word, _BEGUN, frequency) for word, frequency in most]
    return term._replace(completions=tuple(one for one in found if one.word != term.typed))


def question(view: View, terms: Sequence[Term], fields: Fields, every: bool) -> Query:
    """Asks for every one of the words, or for any of them, in any of the fields.

    Where each must be there, the most common ones must be in the last field, the narrowest.
    """
    asked: list[tuple[Occur, Query]] = []
    for term in terms:
        places = fields[-1:] if every and term.postings > _POSTINGS else fields
        first, *others = [_wanted(view, term, field, part) for field, part in places]
        if every:
            either = Query.boolean_query([(Occur.Should, query) for query in first])
            asked.append((Occur.Must, either))
        else:
            others.append(first)
        asked += [(Occur.Should, query) for queries in others for query in queries]
    return Query.boolean_query(asked)


def _wanted(view: View, term: Term, field: str, part: float) -> list[Query]:
    """A question for each word that the term may stand for, with what it is worth."""
    wanted = []
    for readings, share in ((term.readings, 1.0), (term.completions, _ONE_OF_MANY)):
        for reading in readings:
            # Not the reading's own rarity counts: a rare correction is no better for it.
            rarity = idf(reading.frequency, view.total)
            worth = part * share * reading.likeness * min(term.weight / rarity, 1.0)
            query = Query.term_query(view.schema, field, reading.word, "freq")
            wanted.append(Query.boost_query(query, worth))
    return wanted


def affordable(terms: Sequence[Term]) -> list[Term]:
    """The rarest terms: at least two, until they tell most of what all tell.

    The common ones, whose lists are long, are left to the ranking.
    """
    rarest = sorted((term for term in terms if term.all()), key=lambda term: term.postings)
    enough = _SHARE * sum(term.weight for term in rarest)
    taken: list[Term] = []
    postings, told = 0, 0.0
    for term in rarest:
        if len(taken) >= 2 and (told >= enough or postings + term.postings > _POSTINGS):
            break
        taken.append(term)
        postings += term.postings
        told += term.weight
    return taken


def taken_for(terms: Sequence[Term], text: bytes) -> list[tuple[str, str]]:
    """The unknown words, and how the paper with this ``text`` reads them."""
    found: list[tuple[str, str]] = []
    for term in terms:
        begun = term.completions and f" {term.typed}".encode() in text
        if begun or (term.known and not term.part_of):
            continue
        read = next((r.word for r in term.readings if f" {r.word} ".encode() in text), None)
        if read is None or INITIAL in read:
            continue
        typed = term.part_of or term.typed
        before = found[-1] if found else ("", "")
        if before[0] == typed:  # the other half of a word that was split
            found[-1] = (typed, f"{before[1]} {read}")
        elif before[1] == read:  # two halves that were joined
            found[-1] = (f"{before[0]} {typed}", read)
        else:
            found.append((typed, read))
    return found
