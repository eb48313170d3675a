"""Joins what words find with what meaning finds, and puts both in order by their nearest words.

Rankings with no common scale (a paper's relatives, further words) are joined by reciprocal rank
fusion (Cormack, Clarke and Büttcher 2009): a paper's worth is the sum over the lists of
1 / (10 + its place there).  Their 60 is for many long lists; of two, the first places must count
for more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tantivy import Occur

from storage.search import answers
from storage.search.answers import Hit, Results
from storage.search.filters import Clauses, filters, itself
from storage.search.index import View
from storage.search.meaning import Meaning, MeaningError
from storage.search.query import Query
from storage.search.rank import Ranked
from storage.search.text import meant

if TYPE_CHECKING:
    from storage.model import Paper

_K = 10
_DEEP = 100  # papers of a list
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
            near = _meant(view, meaning, text, filters(view, query)[0])
            if near:
                met = {hit.id for hit in near}
                others = (hit for hit in results.hits if hit.id not in met)
                results = replace(results, hits=(*near, *others), meant=True)
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
        lists: list[Sequence[Hit]] = [_meant(view, meaning, base, clauses)]
    else:
        clauses = [*clauses, (Occur.MustNot, itself(view, base.id))]
        lists = [answers.related(view, base, _DEEP, clauses)]
        if meaning.on:
            with suppress(MeaningError):
                places = _near(view, meaning, meant(base), clauses)
                lists.append([_hit(view.texts[place]) for place in places])
    if query.words:
        lists.append(answers.find(view, query, _DEEP, 0).hits)
    return Results(_fused(*lists)[max(offset, 0) : max(offset, 0) + limit], tuple(names))


def _unsure(query: Query, results: Results) -> bool:
    if len(query.words) + len(query.phrases) < _SENTENCE:
        return False
    if results.corrected:  # who mistypes a word has it in mind
        return False
    return not results.hits or results.hits[0].score < _UNSURE


def _meant(view: View, meaning: Meaning, text: str, clauses: Clauses) -> tuple[Hit, ...]:
    """Papers near to ``text``, and some that have its words: who says most of it comes first.

    None where no vector is near.
    """
    near = _near(view, meaning, text, clauses)
    if not near:
        return ()
    places = [*dict.fromkeys((*near, *answers.having(view, text, clauses, _DEEP)))]
    texts = [view.texts[place] for place in places]
    folded = [b" ".join(one.split(b"\n", 3)[1:3]).decode() for one in texts]
    scores = meaning.closeness(text, folded)
    most = max(scores) or 1.0
    order = sorted(zip(texts, scores, strict=True), key=lambda one: -one[1])
    return tuple(_hit(text, score / most) for text, score in order)


def _near(view: View, meaning: Meaning, text: str, clauses: Clauses) -> list[int]:
    """Where the papers nearest to ``text`` are that pass the filters, nearest first."""
    ids = [id for id, _ in meaning.near(text, _FILTERED if clauses else _DEEP)]
    places = view.places(ids, clauses)
    return [places[id] for id in ids if id in places][:_DEEP]


def _hit(text: bytes, score: float = 0.0) -> Hit:
    one = Ranked(score, 0, text)
    return Hit(one.id, one.score, one.title)


def _fused(*lists: Sequence[Hit]) -> tuple[Hit, ...]:
    """All hits, those first that stand high in many lists."""
    worth: dict[str, float] = defaultdict(float)
    for hits in lists:
        for place, hit in enumerate(hits, 1):
            worth[hit.id] += 1 / (_K + place)
    most = len(lists) / (_K + 1)
    found = {hit.id: replace(hit, score=worth[hit.id] / most) for hits in lists for hit in hits}
    return tuple(sorted(found.values(), key=lambda hit: -hit.score))
