"""The filters of a query as questions to the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import tantivy
from tantivy import FieldType, Occur

from storage.search.documents import CODE, DAY_BITS, EVERY, author_tags, category_tag
from storage.search.index import View
from storage.search.query import Query
from storage.search.text import INITIAL, called

Clauses: TypeAlias = list[tuple[Occur, tantivy.Query]]

_NAMES = 48  # words near to an unknown name, among which an author's is looked for


def filters(view: View, query: Query) -> tuple[Clauses, list[tuple[str, str]]]:
    """What a paper must and must not have, and the names that were corrected for it."""
    clauses = [(Occur.Must, _phrase(view, phrase)) for phrase in query.phrases]
    clauses += [(Occur.MustNot, _phrase(view, phrase)) for phrase in query.without]
    corrected = []
    for name in query.authors:
        parts = {part: _known_name(view, part) for part in name.split()}
        clauses += [(Occur.Must, clause) for clause in _author(view, [*parts.values()])]
        corrected += [(typed, read) for typed, read in parts.items() if typed != read]
    if query.categories:
        either = [(Occur.Should, _tag(view, category_tag(name))) for name in query.categories]
        clauses.append((Occur.Must, tantivy.Query.boolean_query(either)))
    if query.has_code:
        clauses.append((Occur.Must, _tag(view, CODE)))
    if query.after or query.before:
        first = query.after.toordinal() if query.after else None
        end = query.before.toordinal() - 1 if query.before else None
        clauses.append((Occur.Must, _between(view, "day", first, end)))
    if query.min_votes:
        clauses.append((Occur.Must, _between(view, "rank", query.min_votes << DAY_BITS, None)))
    return clauses, corrected


def everything(view: View) -> tantivy.Query:
    """All papers."""
    return _tag(view, EVERY)


def itself(view: View, id: str) -> tantivy.Query:
    """The paper ``id`` alone."""
    return tantivy.Query.term_query(view.schema, "key", id, "basic")


def _known_name(view: View, part: str) -> str:
    """``part`` if an author is called that, else the nearest name that one is called."""
    if view.frequency(f"author:{part}", "tags"):
        return part
    near = {word: view.frequency(f"author:{word}", "tags") for word in view.near(part, _NAMES)}
    best = max(near, key=near.__getitem__, default=part)
    return best if near.get(best) else part


def _author(view: View, name: Sequence[str]) -> list[tantivy.Query]:
    """What a paper has of which an author is called that; "Y. LeCun" is Yann LeCun, too."""
    whole = [part for part in name if len(part) > 1] or name
    firsts = [either for either in called(" ".join(name)) if INITIAL in either[0]]
    return [_tag(view, tag) for tag in author_tags(whole)] + [
        tantivy.Query.term_set_query(view.schema, "all", either) for either in firsts
    ]


def _tag(view: View, tag: str) -> tantivy.Query:
    return tantivy.Query.term_query(view.schema, "tags", tag, "basic")


def _phrase(view: View, phrase: str) -> tantivy.Query:
    parts = phrase.split()
    if len(parts) == 1:
        return tantivy.Query.term_query(view.schema, "all", parts[0], "freq")
    return tantivy.Query.phrase_query(view.schema, "all", list(parts))


def _between(view: View, field: str, first: int | None, last: int | None) -> tantivy.Query:
    return tantivy.Query.range_query(view.schema, field, FieldType.Integer, first, last)
