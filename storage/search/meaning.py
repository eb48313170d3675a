"""Search by meaning, where a model of it is set; see ``Meaning``."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from storage.search.catalogue import Catalogue, Progress, Reached
from storage.search.engine import DamageError
from storage.search.text import meant

if TYPE_CHECKING:
    from storage.papers import Change
    from storage.search.embedding import Embedding
    from storage.search.vectors import Vectors, Writer

log = logging.getLogger(__name__)

EXAMPLE = "minishlab/potion-retrieval-32M"
"""A model that fits, by its name on Hugging Face."""

ALONE = "catalogue"
"""In place of a model's name: what the catalogue teaches by itself."""

_BATCH = 512  # papers in one commit
_GROWTH = 4  # times as many changes: then the lexicon is learnt anew
_RETRY = 300.0  # seconds until a model that could not be loaded is tried again


class MeaningError(Exception):
    """The meaning of words cannot be compared; the text says why and what to do."""


class Meaning:
    """Finds papers by what their title and abstract mean.

    What words mean is learnt from the papers.  ``model`` is the folder or the name of a model2vec
    model, which knows other words too, or ``ALONE``; an empty one turns this off.  Vectors are kept
    in ``folder``, follow the catalogue as the index does, and can be made anew at any time.  The
    model is loaded when it is first needed.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model
        self._loading = threading.Lock()
        self._loaded: tuple[Embedding, Vectors] | None = None
        self._fault = ""
        self._failed_at = 0.0

    @property
    def on(self) -> bool:
        """Whether a model is set; it may yet fail to load."""
        return bool(self._model)

    def count(self) -> int:
        """How many papers can be found.  Raises MeaningError."""
        return self._open()[1].count()

    def near(self, text: str, most: int) -> list[tuple[str, float]]:
        """The ids of the ``most`` papers nearest to ``text`` and their likeness, best first.

        Raises MeaningError.
        """
        embedding, vectors = self._open()
        with self._explaining():
            view = vectors.look()
            if view is None:
                return []
            return vectors.near(view, view.lexicon.of([text], embedding.of)[0], most)

    def closeness(self, text: str, others: Sequence[str]) -> list[float]:
        """How near each of some folded texts comes to saying all that ``text`` does, from 0 on.

        Raises MeaningError.
        """
        embedding, vectors = self._open()
        with self._explaining():
            view = vectors.look()
            if view is None:
                return [0.0] * len(others)
            return view.lexicon.closeness(text, others, embedding.of)

    def follow(
        self, papers: Catalogue, seconds: float | None = None, progress: Progress | None = None
    ) -> int:
        """Make the vectors of what changed since, for about so many seconds.

        Returns how many changes were taken in; goes on from there another time, also after a
        crash.  ``progress`` gets (done, of how many).  Raises MeaningError.
        """
        embedding, vectors = self._open()
        with self._explaining():
            if vectors.reached()[0] == Reached(
                embedding.identity, str(papers.catalogue()), papers.cursor()
            ):
                return 0
        end = None if seconds is None else time.monotonic() + seconds
        start: int | None = None
        taken = 0
        while True:
            newest = papers.cursor()
            with self._explaining():
                before, after, count = _step(embedding, vectors, papers)
            taken += count
            start = before if start is None else start
            if progress and newest > start:
                progress(min(after, newest) - start, newest - start)
            if after >= newest or (end is not None and time.monotonic() >= end):
                return taken

    def rebuild(
        self, papers: Catalogue, seconds: float | None = None, progress: Progress | None = None
    ) -> int:
        """Forget all vectors, then ``follow``.  Raises MeaningError."""
        _, vectors = self._open()
        with self._explaining(), vectors.write() as writer:
            writer.clear()
        return self.follow(papers, seconds, progress)

    def close(self) -> None:
        """Let go of the files."""
        with self._loading:
            if self._loaded:
                self._loaded[1].close()
            self._loaded = None

    def _open(self) -> tuple[Embedding, Vectors]:
        with self._loading:
            if self._loaded is None:
                if self._fault and time.monotonic() < self._failed_at + _RETRY:
                    raise MeaningError(self._fault)
                try:
                    self._loaded = _load(self._folder, self._model)
                except MeaningError as error:
                    self._fault, self._failed_at = str(error), time.monotonic()
                    raise
            return self._loaded

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Raises MeaningError for what befell the files; damaged ones are removed."""
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.ProgrammingError, OSError) as error:
            # Busy, closed meanwhile, or the disk is full.
            raise MeaningError(f"The papers' vectors cannot be used now: {error}.") from error
        except (sqlite3.DatabaseError, DamageError) as error:
            self.close()
            _discard(self._folder, error)
            raise MeaningError("The papers' vectors were damaged and are made anew.") from error


def _discard(folder: Path, error: Exception) -> None:
    log.warning("the vectors in %s are damaged and are made anew: %s", folder, error)
    shutil.rmtree(folder, ignore_errors=True)


def _load(folder: Path, model: str) -> tuple[Embedding, Vectors]:
    if not model:
        raise MeaningError(
            "Search by meaning is off: install paperbot[semantic] and set "
            f"PAPERBOT_SEARCH__EMBEDDINGS to `{ALONE}` or a model, such as {EXAMPLE}."
        )
    # Read when NumPy is loaded: more threads for one question would only be in others' way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        # The extra may be missing; where it is there, it takes a third of a second.
        from storage.search.embedding import Embedding  # noqa: PLC0415
        from storage.search.vectors import Vectors  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MeaningError(
            f"PAPERBOT_SEARCH__EMBEDDINGS is set, but {error.name} is not installed: "
            "install paperbot[semantic]."
        ) from error
    try:
        embedding = Embedding("" if model == ALONE else model)
    except Exception as error:
        raise MeaningError(
            f"The model {model} of PAPERBOT_SEARCH__EMBEDDINGS cannot be loaded ({error}). Give "
            f"the folder of a model2vec model, or its name on Hugging Face, such as {EXAMPLE}, or "
            f"`{ALONE}`."
        ) from error
    try:
        try:
            return embedding, Vectors(folder)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            _discard(folder, error)
            return embedding, Vectors(folder)
    except (sqlite3.Error, OSError) as error:
        raise MeaningError(f"The papers' vectors cannot be kept in {folder}: {error}.") from error


def _step(embedding: Embedding, vectors: Vectors, papers: Catalogue) -> tuple[int, int, int]:
    """Take in one batch of changes.

    Returns the cursor before and after it, and how many changes it had.
    """
    from storage.search.learning import learn  # noqa: PLC0415 - as above

    here = Reached(embedding.identity, str(papers.catalogue()), papers.cursor())
    lexicon = None
    if _outdated(*vectors.reached(), here):  # learnt before others have to wait
        lexicon = learn(papers, embedding.of)
    with vectors.write() as writer:
        reached, _ = writer.reached
        if _outdated(*writer.reached, here):
            if lexicon is None:
                return reached.cursor, reached.cursor, 0
            writer.begin(lexicon, here.cursor)
        before = writer.reached[0].cursor
        newest = papers.cursor()
        changes = papers.changes(before, _BATCH)
        _apply(embedding, writer, changes)
        after = changes[-1].cursor if changes else newest
        writer.reach(replace(here, cursor=after))
    return before, after, len(changes)


def _outdated(reached: Reached, learnt: int, here: Reached) -> bool:
    """Whether a lexicon learnt anew would be another one, or much better."""
    if replace(reached, cursor=0) != replace(here, cursor=0) or reached.cursor > here.cursor:
        return True
    return here.cursor >= _GROWTH * learnt


def _apply(embedding: Embedding, writer: Writer, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.paper is None:
            writer.remove(change.id)
    texts = {change.id: meant(change.paper) for change in changes if change.paper}
    numbers = {id: _number(text) for id, text in texts.items()}
    known = writer.known([*texts])
    new = {id: number for id, number in numbers.items() if known.get(id) != number}
    if new:
        writer.put(new, writer.lexicon.of([texts[id] for id in new], embedding.of))


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
