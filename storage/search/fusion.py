"""Joins what words find with what meaning finds, and has the nearest words put both in order.

By reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): a paper's worth is the sum over the
lists of 1 / (10 + its place there), which needs no common scale of scores.  Their 60 is for many
long lists; of two, the first places must count for more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import tantivy
from tantivy import Occur

from storage.search import answers
from storage.search.answers import Hit, Results
from storage.search.filters import Clauses, filters, itself
from storage.search.index import View
from storage.search.meaning import Meaning, MeaningError
from storage.search.query import Query
from storage.search.rank import Ranked
from storage.search.text import meant, words

if TYPE_CHECKING:
    from storage.model import Paper

_K = 10
_DEEP = 100  # places of a list that count
_FILTERED = 1_000  # nearest papers among which those are looked for that pass the filters
_UNSURE = 0.5  # of a best hit's score: below it, no paper has most of the words
_SENTENCE = 4  # words; fewer are a name or a topic, and not a thought


def find(view: View, meaning: Meaning, query: Query, limit: int, offset: int) -> Results:
    """By words, and by meaning too where no paper has most of the words."""
    end = max(offset, 0) + limit
    results = answers.find(view, query, end, 0)
    if meaning.on and _unsure(query, results):
        text = " ".join((*query.words, *query.phrases))
        with suppress(MeaningError):  # `paperbot doctor` tells it; the words' answer stands
            near = _near(view, meaning, text, filters(view, query)[0])
            if near:
                by_words = answers.find(view, query, max(end, _DEEP), 0).hits
                closest = _closest(view, meaning, text, by_words[:_DEEP], near)
                results = replace(results, hits=_fused(by_words, near, closest), meant=True)
    return replace(results, hits=results.hits[max(offset, 0) : end])


def like(
    view: View, meaning: Meaning, base: Paper | str, query: Query, limit: int, offset: int
) -> Results:
    """Papers about the same as a paper or a sentence, among those that pass the filters.

    Further words of the query count as much again.  Raises MeaningError where a sentence is
    given and there is no model; a paper's own words find others all the same.
    """
    clauses, names = filters(view, query)
    if isinstance(base, str):
        lists = [_near(view, meaning, base, clauses)]
        spoken = replace(query, words=tuple(dict.fromkeys(words(base))))
        lists.append(answers.find(view, spoken, _DEEP, 0).hits)
        lists.append(_closest(view, meaning, base, *lists))
    else:
        clauses = [*clauses, (Occur.MustNot, itself(view, base.id))]
        lists = [answers.related(view, base, _DEEP, clauses)]
        if meaning.on:
            with suppress(MeaningError):
                lists.append(_near(view, meaning, meant(base), clauses))
    if query.words:
        lists.append(answers.find(view, query, _DEEP, 0).hits)
    return Results(_fused(*lists)[max(offset, 0) : max(offset, 0) + limit], tuple(names))


def _unsure(query: Query, results: Results) -> bool:
    if len(query.words) + len(query.phrases) < _SENTENCE:
        return False
    if results.corrected:  # who mistypes a word has it in mind
        return False
    return not results.hits or results.hits[0].score < _UNSURE


def _near(view: View, meaning: Meaning, text: str, clauses: Clauses) -> tuple[Hit, ...]:
    """The papers nearest to ``text`` that are indexed and pass the filters, nearest first."""
    near = meaning.near(text, _FILTERED if clauses else _DEEP)
    ids = tantivy.Query.term_set_query(view.schema, "key", [id for id, _ in near])
    asked = tantivy.Query.boolean_query([(Occur.Must, ids), *clauses])
    hits = view.searcher.search(asked, max(len(near), 1), count=False).hits
    texts = (view.texts[place] for place in view.numbers("place", [hit[1] for hit in hits]))
    passed = {one.id: one.title for one in (Ranked(0.0, 0, text) for text in texts)}
    return tuple(Hit(id, score, passed[id]) for id, score in near if id in passed)[:_DEEP]


def _closest(view: View, meaning: Meaning, text: str, *lists: Sequence[Hit]) -> tuple[Hit, ...]:
    """All hits, those first that say most of ``text`` in words as near as may be."""
    hits = {hit.id: hit for one in lists for hit in one}
    places = view.places([*hits])
    known = [id for id in hits if id in places]
    texts = [view.texts[places[id]].decode().split("\n", 3) for id in known]
    scores = meaning.closeness(text, [f"{title} {rest}" for _, title, rest, _ in texts])
    order = sorted(zip(known, scores, strict=True), key=lambda one: -one[1])
    return tuple(hits[id] for id, _ in order)


def _fused(*lists: Sequence[Hit]) -> tuple[Hit, ...]:
    """All hits, those first that stand high in many lists; beyond the 100th place as they come."""
    worth: dict[str, float] = defaultdict(float)
    for hits in lists:
        for place, hit in enumerate(hits[:_DEEP], 1):
            worth[hit.id] += 1 / (_K + place)
    most = len(lists) / (_K + 1)
    found = {hit.id: replace(hit, score=worth[hit.id] / most) for hits in lists for hit in hits}
    return tuple(sorted(found.values(), key=lambda hit: -hit.score))
