"""What is most often done instead of a search like ours, to measure beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import tantivy
from rapidfuzz import fuzz, process, utils

from storage.model import Paper
from storage.search.generations import Generations
from storage.search.text import words
from tests.bench.answers import Ask


def rapidfuzz_titles(papers: Iterable[Paper]) -> Ask:
    """The likest of all titles."""
    titles = {paper.id: paper.title for paper in papers}

    def ask(text: str) -> list[str]:
        near = process.extract(
            text, titles, scorer=fuzz.WRatio, processor=utils.default_process, limit=5
        )
        return [id for _, _, id in near]

    return ask


def sqlite_fts5(papers: Iterable[Paper], file: Path) -> Ask:
    """SQLite's full-text search: any of the words, ranked by BM25."""
    db = sqlite3.connect(file)
    db.execute("PRAGMA synchronous = OFF")
    if not db.execute("SELECT name FROM sqlite_master").fetchone():
        db.execute("BEGIN")  # so that it is there whole or not at all
        db.execute("CREATE VIRTUAL TABLE papers USING fts5(id UNINDEXED, title, rest)")
        db.executemany("INSERT INTO papers VALUES (?, ?, ?)", _rows(papers))
        db.commit()

    def ask(text: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in words(text))
        found = db.execute(
            "SELECT id FROM papers WHERE papers MATCH ? ORDER BY rank LIMIT 5", [query]
        )
        return [row[0] for row in found]

    return ask


def tantivy_bm25(folder: Path) -> Ask:
    """Our own index, asked for the words as they were typed, ranked by BM25."""
    index = Generations(folder).open()
    assert index
    view = index.view

    def ask(text: str) -> list[str]:
        typed = [tantivy.Query.term_query(view.schema, "all", word) for word in words(text)]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in typed])
        hits = view.searcher.search(query, 5, count=False).hits
        places = view.numbers("place", [address for _, address in hits])
        return [view.texts[place].split(b"\n", 3)[3].decode() for place in places]

    return ask


def _rows(papers: Iterable[Paper]) -> Iterator[tuple[str, str, str]]:
    for paper in papers:
        yield paper.id, paper.title, " ".join((*paper.authors, paper.abstract or ""))
