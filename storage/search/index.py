"""One index on the disk: the papers, their texts and the vocabulary, in one folder.

Everything that must agree travels in one commit of tantivy: the documents, the cursor reached and
how much of the texts is valid.  A process that dies leaves the state of the last commit.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import tantivy
from tantivy import Occur, Query

from storage.search import engine
from storage.search.documents import document, schema
from storage.search.text import initials, searched
from storage.search.texts import Extent, Texts, TextsWriter, checksum
from storage.search.vocabulary import Vocabulary

if TYPE_CHECKING:
    from storage.model import Searched

FORMAT = 5
"""Raise it where the schema, the folding of words or the texts change: old indexes are rebuilt."""

_REMEMBERED = 2_048  # words whose corrections and completions are kept, of each kind
_COMMON, _COMMON_SHARE = 20, 1 / 1_500  # papers that a common word stands in, at least
_STATE = "=state"  # the key of the document that holds the state; no paper's id begins so
_ID_BITS = 27  # of a hash; at three million papers one in fifty meets another's
_HEAP = 64_000_000  # bytes, taken as needed; with less, 5,000 papers make ten segments to merge


@dataclass(frozen=True, slots=True)
class State:
    """What an index has reached: of which catalogue, up to which change, with which texts."""

    catalogue: str
    cursor: int
    texts: Extent
    made_of: int = 0
    """How many papers it was filled with, from which it knows what words are common."""


class Index:
    """The index in ``folder``."""

    def __init__(self, folder: Path, papers: tantivy.Index, vocabulary: Vocabulary) -> None:
        self.folder = folder
        self._papers = papers
        self._vocabulary = vocabulary
        self.view = self._look()

    @classmethod
    def create(cls, folder: Path) -> Index:
        """An empty one, which can be written in bulk once and is then like any other."""
        papers = engine.create(folder / "papers", schema())
        (folder / "texts").touch()
        return cls(folder, papers, Vocabulary.create(folder / "words"))

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Raises ValueError or OSError where it is missing, damaged or of another format."""
        index = cls(folder, engine.open(folder / "papers"), Vocabulary.open(folder / "words"))
        if index.view.state is None:
            raise ValueError(f"the index in {folder} is not of format {FORMAT}")
        return index

    def reload(self) -> None:
        """See what was committed meanwhile, here or by another process."""
        self._papers.reload()
        self._vocabulary.reload()
        view = self._look()
        if view.state != self.view.state:  # else what the present one remembers is still right
            self.view = view

    def intact(self) -> bool:
        """Whether all that is committed still has its checksums; reads everything."""
        texts = self.view.state.texts if self.view.state else Extent()
        return (
            engine.intact(self.folder / "papers")
            and engine.intact(self.folder / "words")
            and checksum(self.folder / "texts", texts.size) == texts.checksum
        )

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Write to it; the caller holds the lock.  What is not committed is forgotten."""
        writer = Writer(self, self._papers, self._vocabulary)
        try:
            yield writer
        finally:
            writer.close()

    def _look(self) -> View:
        return View(self._papers, self._vocabulary, self.folder / "texts")


class View:
    """What is committed at one moment; it stays as it is while others write."""

    def __init__(self, index: tantivy.Index, vocabulary: Vocabulary, texts: Path) -> None:
        self.schema = index.schema
        self.searcher = index.searcher()
        self.vocabulary = vocabulary
        self.state = self._state()
        self.texts = Texts(texts, self.state.texts.size if self.state else 0)
        self.total = max(self.searcher.num_docs - 1, 1)
        """How many papers there are (at least 1, so that it divides)."""
        # Remembered, since people ask for the same words, and type them letter by letter.
        self.common = lru_cache(_REMEMBERED)(vocabulary.common)
        self.near = lru_cache(_REMEMBERED)(vocabulary.near)
        self.far = lru_cache(_REMEMBERED)(vocabulary.far)
        self.begun = lru_cache(_REMEMBERED)(vocabulary.begun)
        self.completions = lru_cache(_REMEMBERED)(self.searcher.terms_with_prefix)

    def frequency(self, word: str, field: str = "all") -> int:
        """In how many papers ``word`` stands."""
        return self.searcher.doc_freq(field, word)

    def numbers(self, field: str, papers: list[tantivy.DocAddress]) -> list[int]:
        """The ``place`` or ``rank`` of some papers."""
        return cast(list[int], self.searcher.fast_field_values(field, papers))

    def places(
        self, ids: Sequence[str], clauses: Sequence[tuple[Occur, Query]] = ()
    ) -> dict[str, int]:
        """Where the texts of those of these papers are that are known and pass the filters."""
        query = Query.term_set_query(self.schema, "key", list(ids))
        if clauses:
            query = Query.boolean_query([(Occur.Must, query), *clauses])
        hits = self.searcher.search(query, max(len(ids), 1), count=False).hits
        places = self.numbers("place", [address for _, address in hits])
        return {self.texts[place].rpartition(b"\n")[2].decode(): place for place in places}

    def _state(self) -> State | None:
        query = Query.term_query(self.schema, "key", _STATE, "basic")
        hits = self.searcher.search(query, 1, count=False).hits
        if not hits:
            return None
        stored = json.loads(str(self.searcher.doc(hits[0][1]).get_first("state")))
        if stored.pop("format") != FORMAT:
            return None
        return State(**stored | {"texts": Extent(**stored["texts"])})


class Writer:
    """Applies changes; nothing of it is seen before ``commit``.

    A new index is filled in one go, then committed once.
    """

    def __init__(self, index: Index, papers: tantivy.Index, vocabulary: Vocabulary) -> None:
        self._index = index
        self._vocabulary = vocabulary
        state = index.view.state
        self._new = state is None
        self._made_of = state.made_of if state else 0
        self._documents = papers.writer(_HEAP, num_threads=1)
        # What a process left that died in its commit is in the way of the next one.
        self._documents.garbage_collect_files()
        self._texts = TextsWriter(index.folder / "texts", state.texts if state else Extent())
        self._seen: set[str] = set()
        self._old: dict[str, int] = {}
        self._put = _Ids()
        self._initials = set(string.ascii_lowercase)

    def expect(self, ids: Sequence[str]) -> None:
        """These papers are put or removed next; looks up at once where their texts are."""
        self._old = {} if self._new else self._index.view.places(ids)

    def put(self, paper: Searched) -> None:
        """Add a paper, in place of an earlier state of it."""
        title, authors, others = searched(paper)
        others.append(" ".join(map(initials, authors)))
        rest = " ".join(authors + others)
        shown = " ".join(paper.title.split())
        lines = f"{shown}\n {' '.join(title.split())} \n {rest} \n{paper.id}"
        text = lines.encode(errors="replace")
        if self._new:
            self._made_of += 1
            place = self._texts.append(text)
            if self._put.add(paper.id):  # it changed while others were put
                self._documents.delete_documents_by_term("key", paper.id)
            if not lines.isascii():
                self._initials.update(word[0] for word in f"{title} {rest}".split())
        else:
            place = self._place(paper.id, text)
            if place != self._old.get(paper.id):
                self._seen.update(title.split(), rest.split())
            self._documents.delete_documents_by_term("key", paper.id)
        self._documents.add_json(document(paper, title, authors, others, place))

    def remove(self, id: str) -> None:
        """Forget a paper; nothing happens where it is unknown."""
        if id in self._old:
            self._texts.discard(self._old[id])
        self._documents.delete_documents_by_term("key", id)

    def commit(self, catalogue: str, cursor: int) -> None:
        """Make it last.  New words come first: known too early they do no harm."""
        if self._seen:
            self._vocabulary.learn(self._seen)
            self._seen.clear()
        state = State(catalogue, cursor, self._texts.sync(), self._made_of)
        kept = tantivy.Document()
        kept.add_text("key", _STATE)
        kept.add_text("state", json.dumps(asdict(state) | {"format": FORMAT}))
        self._documents.delete_documents_by_term("key", _STATE)
        self._documents.add_document(kept)
        self._documents.commit()
        self._index.reload()
        if self._new:
            # Letter by letter: all of a large catalogue's words at once take much memory.
            view = self._index.view
            letters = sorted(self._initials)
            terms = (
                term for one in letters for term in view.searcher.terms_with_prefix("all", one)
            )
            self._vocabulary.fill(terms, max(_COMMON, round(view.total * _COMMON_SHARE)))
            self._new = False

    def close(self) -> None:
        """Let go of tantivy's lock."""
        self._documents.wait_merging_threads()
        self._texts.close()

    def _place(self, id: str, text: bytes) -> int:
        """Where ``text`` stands: where it was if it is unchanged (new votes change no text)."""
        old = self._old.get(id)
        if old is not None:
            if self._index.view.texts[old] == text:
                return old
            self._texts.discard(old)
        return self._texts.append(text)


class _Ids:
    """Remembers ids in little memory; seldom it takes one for known that is not."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << _ID_BITS >> 3)

    def add(self, id: str) -> bool:
        """Whether it was there, or another with its hash."""
        number = hash(id) & ((1 << _ID_BITS) - 1)
        place, bit = number >> 3, 1 << (number & 7)
        known = bool(self._bits[place] & bit)
        self._bits[place] |= bit
        return known
