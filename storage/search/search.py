"""The search: answers from the index, and keeps the index in step with the database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from storage.search import answers, fusion
from storage.search.answers import Hit, Results
from storage.search.catalogue import Catalogue, Progress
from storage.search.engine import DamageError, no_panic
from storage.search.generations import Generations
from storage.search.index import Index, View, Writer
from storage.search.meaning import Meaning
from storage.search.query import Query
from storage.search.rank import Match

if TYPE_CHECKING:
    from storage.model import Paper
    from storage.papers import Change

log = logging.getLogger(__name__)

_BATCH = 1_000  # changes read at once
_COMMIT = 20_000  # changes in one commit
_PATIENCE = 0.05  # seconds between looks at a database that is being filled
_GROWN, _MADE_OF = 2, 500  # times; papers, of which fewer tell nothing about words
_WASTE = 64 << 20  # bytes of outdated texts that do not matter


class Search:
    """Fuzzy search over the catalogue.

    Answers come from what ``refresh`` has indexed; there are none before its first time.  Any
    number of threads may ask while one refreshes, and so may other processes; one process at a
    time writes, whichever comes first.
    """

    def __init__(self, folder: Path, papers: Catalogue, meaning: Meaning | None = None) -> None:
        """Reads nothing yet.  Without ``meaning`` papers are found by words alone."""
        self.meaning = meaning or Meaning(folder, "")
        self._home = Generations(folder)
        self._papers = papers
        self._index: Index | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._trusted: Index | None = None
        """The index whose checksums were right, or that this process has made."""
        self._percent: int | None = None
        """How much of a new index this process has made so far, while it makes one."""

    # -- answers ------------------------------------------------------------------------------

    def find(self, query: Query, limit: int, offset: int = 0) -> Results:
        """The papers that pass the filters, by how well they cover the words.

        Where no paper has most of them, those that mean the same join in, if there is a model.
        Without words: by votes, then date.  At most 1,000 results can be paged through.
        """
        with self._look() as view:
            return fusion.find(view, self.meaning, query, limit, offset) if view else Results()

    def like(self, base: Paper | str, query: Query, limit: int, offset: int = 0) -> Results:
        """Papers that are about the same as a paper or a sentence and pass the filters.

        By meaning, and by the most telling words; without a model by the words of a paper alone.
        The paper need not be indexed.  Raises MeaningError for a sentence where there is no model.
        """
        with self._look() as view:
            return (
                fusion.like(view, self.meaning, base, query, limit, offset) if view else Results()
            )

    def explain(self, query: Query, id: str) -> tuple[Match, ...]:
        """How the paper has each word of the query: why it was found, and why no higher up."""
        with self._look() as view:
            return answers.explain(view, query, id) if view else ()

    def related(self, paper: Paper, limit: int) -> tuple[Hit, ...]:
        """Papers that are about the same as this one, which need not be indexed."""
        return self.like(paper, Query(), limit).hits

    def suggest(self, text: str, limit: int) -> tuple[Hit, ...]:
        """Papers whose titles have these words, the last of which may be unfinished."""
        with self._look() as view:
            return answers.suggest(view, text, limit) if view else ()

    def unbuilt(self) -> str:
        """What to say where nothing can be found yet, since there is no index; else empty."""
        with self._look() as view:
            if view or not self._papers.cursor():
                return ""
        if self._percent is None:
            return "There is no search index yet; `paperbot run` builds it, in a minute or so."
        return f"The search index is being built, {self._percent} % so far. Ask again in a minute."

    @contextmanager
    def _look(self) -> Iterator[View | None]:
        """What is indexed at this moment."""
        index = self._index
        with self._doubting():
            if index is None:
                with self._opening:
                    index = self._index = self._index or self._home.open()
            yield index.view if index else None

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """After any error the next refresh looks for damage."""
        try:
            with no_panic():
                yield
        except Exception:
            self._trusted = None
            raise

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._home.full():
                raise OSError("the search index has no room to grow: the disk is full") from error
            raise

    # -- following the database ---------------------------------------------------------------

    def refresh(
        self, progress: Progress | None = None, done: Callable[[], bool] | None = None
    ) -> int:
        """Follow the database, and rebuild the index where it is missing, stale or damaged.

        Returns the number of changes applied.  While another process writes, this one only
        looks at what that has done so far.  ``progress`` gets (done, of how many).  With ``done``
        it goes on, beside a process that fills the database, until that says so.  Raises OSError
        where the disk is full; the index stays as it is.
        """
        with self._writing, self._doubting(), self._home.lock(wait=False) as ours, self._room():
            index = self._reopen()
            if not ours:
                return 0
            if index is not None and self._usable(index):
                try:
                    with no_panic():
                        return self._follow(index, progress, done)
                except (DamageError, ValueError):  # as tantivy raises them
                    if self._home.full():
                        raise
                    log.exception("the search index in %s cannot be written", index.folder)
            return self._rebuild(progress, done)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Index everything anew, beside the index in use; waits for another process to finish."""
        with self._writing, self._doubting(), self._home.lock(wait=True), self._room():
            return self._rebuild(progress)

    def learn(
        self,
        seconds: float | None = None,
        progress: Progress | None = None,
        anew: bool = False,
    ) -> int:
        """Follow the database by meaning too, for about so many seconds; see ``Meaning.follow``.

        Returns the number of changes taken in: none without a model.  Raises MeaningError.
        """
        if not self.meaning.on:
            return 0
        follow = self.meaning.rebuild if anew else self.meaning.follow
        return follow(self._papers, seconds, progress)

    def close(self) -> None:
        """Let go of the files."""
        self.meaning.close()
        with self._opening:
            self._index = self._trusted = None

    def _reopen(self) -> Index | None:
        index = self._index
        if index is not None and index.folder.name == self._home.current():
            try:
                with no_panic():
                    index.reload()
            except Exception:
                log.exception("the search index in %s cannot be read any more", index.folder)
                index = None
        else:
            index = self._home.open()
        self._index = index
        return index

    def _usable(self, index: Index) -> bool:
        state = index.view.state
        if state is None or state.catalogue != str(self._papers.catalogue()):
            return False
        if state.cursor > self._papers.cursor():  # the database is an older copy
            return False
        if index.view.total > _GROWN * max(state.made_of, _MADE_OF):
            return False
        if state.texts.waste > max(_WASTE, state.texts.size // 2):
            return False
        if index is not self._trusted and not index.intact():
            log.warning("the search index in %s is damaged and is rebuilt", index.folder)
            return False
        self._trusted = index
        return True

    def _rebuild(self, progress: Progress | None, done: Callable[[], bool] | None = None) -> int:
        def made(done: int, of: int) -> None:
            self._percent = 100 * done // of
            if progress:
                progress(done, of)

        self._percent = 0
        try:
            index = self._home.create()
            applied = self._follow(index, made, done)
            applied += self._follow(index, None)  # what changed meanwhile
            self._home.publish(index)
            self._index = self._trusted = index
        finally:
            self._percent = None
        return applied

    def _follow(
        self, index: Index, progress: Progress | None, done: Callable[[], bool] | None = None
    ) -> int:
        """Apply the changes that there are until ``done``; a new index takes them in one commit."""
        state = index.view.state
        catalogue = str(self._papers.catalogue())
        start = after = state.cursor if state else 0
        if done is None and state and after == self._papers.cursor():
            return 0
        applied = committed = 0
        with index.write() as writer:
            while True:
                last = done is None or done()
                newest = self._papers.cursor()
                for batch in self._batches(after, newest):
                    writer.expect([change.id for change in batch])
                    for change in batch:
                        _apply(writer, change)
                    applied += len(batch)
                    if state and applied - committed >= _COMMIT:
                        writer.commit(catalogue, batch[-1].cursor)
                        committed = applied
                    if progress:
                        progress(batch[-1].cursor - start, newest - start)
                if last:
                    break
                if newest == after:
                    time.sleep(_PATIENCE)
                after = newest
            writer.commit(catalogue, newest)
        return applied

    def _batches(self, after: int, newest: int) -> Iterator[Sequence[Change]]:
        while after < newest:
            batch = [
                change for change in self._papers.changes(after, _BATCH) if change.cursor <= newest
            ]
            if not batch:  # the rest has changed again since
                return
            yield batch
            after = batch[-1].cursor


def _apply(writer: Writer, change: Change) -> None:
    if change.paper is None:
        writer.remove(change.id)
        return
    try:
        writer.put(change.paper)
    except (TypeError, ValueError) as error:
        if "writer was killed" in str(error):  # by an earlier one's, or by a full disk
            raise
        log.exception("paper %r cannot be indexed and is left out of the search", change.id)
