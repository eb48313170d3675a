"""The vocabulary: finds the words that a misspelt one may have meant.

Each word is a small document, so that tantivy does the mapping into memory, the commits and the
additions; its automata find the words within one edit or two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from storage.search import engine

_SHORTEST, _LONGEST = 3, 24  # letters of the words that are kept
_CANDIDATES = 48
_EDITS = 2  # of words that are far
_USUAL = (15_000_000, 1)  # bytes of heap, threads; tantivy takes no less
_BULK = (64_000_000, 1)


def _schema() -> tantivy.Schema:
    build = tantivy.SchemaBuilder()
    build.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("common", "anchored", "tail"):
        build.add_text_field(field, tokenizer_name="raw", index_option="basic")
    build.add_integer_field("frequency", fast=True)
    return build.build()


def _can_be_misspelt(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and word.isalpha()


def _anchored(word: str) -> str:
    """The word with its first letter so often that two edits cannot change it.

    Words of other first letters are then not even looked at: a tenth of the time.
    """
    return word[0] * _EDITS + word


class Vocabulary:
    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def create(cls, folder: Path) -> Vocabulary:
        return cls(engine.create(folder, _schema()))

    @classmethod
    def open(cls, folder: Path) -> Vocabulary:
        """Raises ValueError or OSError where the files are missing or damaged."""
        return cls(engine.open(folder))

    def reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def fill(self, words: Iterable[tuple[str, int]], common: int) -> None:
        """Learn the first words, with their document frequencies: from ``common`` on they are so.

        Whoever fills or teaches it holds the write lock of the whole index.
        """
        kept = ((word, count) for word, count in words if _can_be_misspelt(word))
        self._add(kept, common, _BULK)

    def learn(self, words: Iterable[str]) -> None:
        """Learn the words that are new."""
        known = self._searcher.doc_freq
        new = [(word, 1) for word in words if _can_be_misspelt(word) and not known("word", word)]
        if new:
            self._add(new, 2, _USUAL)

    def _add(self, words: Iterable[tuple[str, int]], common: int, size: tuple[int, int]) -> None:
        writer = self._index.writer(*size)
        for word, frequency in words:
            anchored = _anchored(word)
            first = f'"common":"{word}",' if frequency >= common else ""
            writer.add_json(
                f'{{{first}"word":"{word}","anchored":"{anchored}","tail":"{word[1:]}",'
                f'"frequency":{frequency}}}'
            )
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def common(self, word: str, least: int, most: int) -> list[str]:
        """As ``near``, of the words that were common when learnt, in a third of the time.

        None of those that stood in fewer than ``least`` papers then.
        """
        alike = Query.fuzzy_term_query(self._schema, "common", word, distance=1)
        return self._others(word, alike, least, most)

    def begun(self, beginning: str, most: int) -> list[str]:
        """``most`` of the common words that begin so, frequent first; fewer where there are not.

        Looking through all words that begin with two letters takes twenty times as long.
        """
        query = Query.fuzzy_term_query(self._schema, "common", beginning, distance=0, prefix=True)
        return list(islice(self._words(query, 1), most))

    def near(self, word: str, most: int) -> list[str]:
        """``most`` of the words one edit away (a letter more, less, other, or two swapped).

        Frequent ones first.
        """
        alike = Query.fuzzy_term_query(self._schema, "anchored", _anchored(word), distance=1)
        # Where the first letter is one too few, another, one too many, or swapped:
        exact = [("tail", word), ("tail", word[1:])]
        exact += [("word", word[1:]), ("word", word[1::-1] + word[2:])]
        queries = [alike, *(Query.term_query(self._schema, *one, "basic") for one in exact)]
        either = Query.boolean_query([(Occur.Should, query) for query in queries])
        return self._others(word, either, 1, most)

    def far(self, word: str, most: int) -> list[str]:
        """Known words two edits away that begin alike, frequent first; the slower way."""
        query = Query.fuzzy_term_query(self._schema, "anchored", _anchored(word), distance=_EDITS)
        return list(islice(self._words(query, 1), most))

    def _others(self, word: str, query: Query, least: int, most: int) -> list[str]:
        return list(islice((other for other in self._words(query, least) if other != word), most))

    def _words(self, query: Query, least: int) -> Iterator[str]:
        searcher = self._searcher
        hits = searcher.search(query, _CANDIDATES, count=False, order_by_field="frequency").hits
        for frequency, address in hits:
            if frequency < least:
                break
            yield str(searcher.doc(address).get_first("word"))
