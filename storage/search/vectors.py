"""Vectors of papers in a folder, and the search among them.

A row of ``vectors.N`` has a paper's vector in bytes, a row of ``signs.N`` the same in bits.  A
question looks at all bits and then at the bytes of the nearest.  A bit is the sign of a coordinate
after the common part of all vectors is taken away and the axes are turned at random, so that each
tells as much (as in RaBitQ, Gao and Long 2024).  Both files are mapped into memory.

``words.N`` is the lexicon that they were made with.  ``rows.db`` says which row is whose and how
far the catalogue was followed.  It is committed after the files are on the disk: a process that
dies loses what it had not committed and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.search.catalogue import Reached
from storage.search.embedding import Matrix, unit
from storage.search.engine import DamageError
from storage.search.lexicon import Lexicon

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS rows (row INTEGER PRIMARY KEY, id TEXT UNIQUE, text INTEGER);
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""
_PATIENCE = 10.0  # seconds to wait for another process's commit
_BLOCK = 16_384  # rows whose bits are looked at together: they stay in the processor's cache
_LEAST, _SHARE = 2_000, 100  # rows whose bytes are looked at: at least, and one in so many
_GROWTH = 4  # times as many vectors: then their common part is measured anew
_MEASURED = 20_000  # of them, evenly spread


@dataclass(frozen=True, slots=True)
class View:
    """What is committed at one moment; later writers only change rows in it, never its shape."""

    lexicon: Lexicon
    vectors: NDArray[np.int8]
    signs: NDArray[np.uint64]
    centre: Matrix
    turn: Matrix

    def rows(self, vector: Matrix) -> tuple[list[int], list[float]]:
        """The rows that may be nearest, best first, with their likeness."""
        centre = self.centre[0]
        asked = unit((vector - centre).reshape(1, -1))[0]
        # Not by matrix products: their library would start threads, for so little work.
        turned = np.einsum("i,ij->j", asked, self.turn)
        rows = _nearest(self.signs, _bits(turned.reshape(1, -1))[0])
        found = self.vectors[rows].astype(np.float32)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", found, found) + 1e-9)
        to_asked = np.einsum("ij,j->i", found, asked) * scale - centre @ asked
        to_centre = np.einsum("ij,j->i", found, centre) * scale
        length = np.sqrt(np.maximum(1 - 2 * to_centre + centre @ centre, 1e-9))  # without centre
        likeness = (to_asked / length).astype(float)
        order = np.argsort(-likeness, kind="stable")
        return rows[order].tolist(), likeness[order].tolist()


class Vectors:
    """The vectors in ``folder``.

    Any number of threads and processes may ask while one writes.
    """

    def __init__(self, folder: Path) -> None:
        """Raises sqlite3.DatabaseError or OSError where the folder cannot be used."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._asking = threading.Lock()
        self._db = _connect(folder)
        self._db.executescript(_SCHEMA)
        self._seen = -1
        self._view: View | None = None
        self._shelf = _Shelf(folder)

    def close(self) -> None:
        with self._asking:
            self._db.close()

    def reached(self) -> tuple[Reached, int]:
        """How far they are, and how far the catalogue had come when the lexicon was learnt."""
        with self._asking:
            facts = _facts(self._db)
        return _reached(facts), facts.get("learnt", 0)

    def count(self) -> int:
        """How many papers have a vector."""
        with self._asking:
            return int(self._db.execute("SELECT count(id) FROM rows").fetchone()[0])

    def look(self) -> View | None:
        """What there is now.  Raises DamageError where files are missing or too short."""
        with self._asking:
            return self._look()

    def near(self, view: View, vector: Matrix, most: int) -> list[tuple[str, float]]:
        """The ``most`` nearest papers and their likeness (a cosine, -1 to 1), best first."""
        if not vector.any():
            return []
        rows, likeness = view.rows(vector)
        with self._asking:
            ids = _ids(self._db, rows[:most])
        pairs = zip(rows[:most], likeness[:most], strict=True)
        return [(ids[row], like) for row, like in pairs if row in ids]

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction, after that of any other process; forgotten if it raises."""
        with closing(_connect(self._folder)) as db:
            db.execute("BEGIN IMMEDIATE")
            writer = Writer(self._folder, db, self._shelf)
            yield writer
            writer.finish()
            db.execute("COMMIT")
        writer.tidy()

    def _look(self) -> View | None:
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen:
            self._view = self._open()
            self._seen = version
        return self._view

    def _open(self) -> View | None:
        facts = _facts(self._db)
        if "signs" not in facts:
            return None
        try:
            return _view(self._folder, facts, self._shelf)
        except DamageError:  # or replaced and removed since
            return _view(self._folder, _facts(self._db), self._shelf)


class _Shelf:
    """Keeps the lexicon that was read last: it takes longer to read than to ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[int, Lexicon] | None = None

    def lexicon(self, number: int) -> Lexicon:
        """Raises DamageError."""
        held = self._held
        if held is None or held[0] != number:
            held = self._held = (number, Lexicon.load(self._folder / f"words.{number}"))
        return held[1]


class Writer:
    """What one transaction changes.  Rows are rewritten in place, and those of removed papers
    are given to others."""

    def __init__(self, folder: Path, db: sqlite3.Connection, shelf: _Shelf) -> None:
        self._folder = folder
        self._shelf = shelf
        self._db = db
        self._facts = _facts(db)
        self._kept = dict(self._facts)
        self._changed: dict[int, NDArray[np.int8]] = {}

    @property
    def reached(self) -> tuple[Reached, int]:
        """See ``Vectors.reached``."""
        return _reached(self._facts), self._facts.get("learnt", 0)

    @property
    def lexicon(self) -> Lexicon:
        """What the vectors are made with.  Raises DamageError."""
        return self._shelf.lexicon(self._facts["vectors"])

    def begin(self, lexicon: Lexicon, newest: int) -> None:
        """Other vectors follow, made with this lexicon of a catalogue that had come so far."""
        self.clear()
        self._facts["learnt"] = newest
        lexicon.save(self._folder / f"words.{self._facts['vectors']}")

    def clear(self) -> None:
        """Forget everything: other vectors follow, in files of another name."""
        self._db.execute("DELETE FROM rows")
        self._db.execute("DELETE FROM facts")
        number = self._facts.get("vectors", 0) + 1
        self._facts, self._kept = {"vectors": number, "total": 0}, {}

    def known(self, ids: Sequence[str]) -> dict[str, int]:
        """The text, as a number, that the vector of each paper was made from."""
        marks = ",".join("?" * len(ids))
        query = f"SELECT id, text FROM rows WHERE id IN ({marks})"  # noqa: S608 - only marks
        return dict(self._db.execute(query, ids))

    def put(self, texts: Mapping[str, int], vectors: Matrix) -> None:
        """Keep the vectors (of length 1) of papers, by id with the number of the text."""
        scaled = vectors / np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9) * 127
        rows = np.round(scaled).astype(np.int8)
        self._facts["dimensions"] = rows.shape[1]
        for (id, text), vector in zip(texts.items(), rows, strict=True):
            row = self._row(id)
            self._db.execute("REPLACE INTO rows VALUES (?, ?, ?)", (row, id, text))
            self._changed[row] = vector

    def remove(self, id: str) -> None:
        """Forget a paper; nothing happens where it is unknown."""
        self._db.execute("UPDATE rows SET id = NULL WHERE id = ?", (id,))

    def reach(self, reached: Reached) -> None:
        """Note how far it has come."""
        self._facts |= asdict(reached)

    def finish(self) -> None:
        """Bring all to the disk, so that it can be committed."""
        if self._changed:
            self._write("vectors", self._changed)
            if self._facts["total"] >= _GROWTH * self._facts.get("measured", 0):
                self._measure()
            else:
                centre, turn = _axes(self._facts)
                signs = _signs(np.stack([*self._changed.values()]), centre, turn)
                self._write("signs", dict(zip(self._changed, signs, strict=True)))
        new = [(name, fact) for name, fact in self._facts.items() if self._kept.get(name) != fact]
        self._db.executemany("REPLACE INTO facts VALUES (?, ?)", new)

    def tidy(self) -> None:
        """Remove the files that do not count any more; who still reads them can go on."""
        numbers = {name: self._facts.get(name, 0) for name in ("vectors", "signs")}
        numbers["words"] = numbers["vectors"]
        for name, number in numbers.items():
            for path in self._folder.glob(f"{name}.*"):
                if int(path.suffix[1:]) < number:  # a higher one is what another begins with
                    path.unlink(missing_ok=True)

    def _row(self, id: str) -> int:
        query = "SELECT row FROM rows WHERE id = ? UNION ALL SELECT row FROM rows WHERE id IS NULL"
        found = self._db.execute(f"{query} LIMIT 1", (id,)).fetchone()
        if found:
            return int(found[0])
        self._facts["total"] += 1
        return int(self._facts["total"]) - 1

    def _write(self, name: str, rows: Mapping[int, NDArray[Any]]) -> None:
        """Put rows into a file, each in its place."""
        path = self._folder / f"{name}.{self._facts[name]}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            for number, row in rows.items():
                os.pwrite(file, row.tobytes(), number * row.nbytes)
            os.fsync(file)
        finally:
            os.close(file)

    def _measure(self) -> None:
        """Find the common part of all vectors, and make all signs anew by it."""
        facts = self._facts
        vectors = _mapped(self._folder, facts, "vectors", facts["dimensions"])
        some = vectors[:: max(len(vectors) // _MEASURED, 1)]
        centre = _floats(some).mean(axis=0, keepdims=True)
        if "turn" not in facts:
            facts["turn"] = _random_turn(vectors.shape[1]).tobytes()
        facts |= {"centre": centre.tobytes(), "measured": len(vectors)}
        facts["signs"] = facts.get("signs", 0) + 1
        path = self._folder / f"signs.{facts['signs']}"
        with path.open("wb") as file:
            for start in range(0, len(vectors), _BLOCK):
                signs = _signs(vectors[start : start + _BLOCK], *_axes(facts))
                file.write(signs.tobytes())
            file.flush()
            os.fsync(file.fileno())


def _connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        folder / "rows.db", timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )


def _facts(db: sqlite3.Connection) -> dict[str, Any]:
    return dict(db.execute("SELECT name, value FROM facts"))


def _reached(facts: Mapping[str, Any]) -> Reached:
    return Reached(**{name: facts.get(name, start) for name, start in asdict(Reached()).items()})


def _ids(db: sqlite3.Connection, rows: Sequence[int]) -> dict[int, str]:
    marks = ",".join("?" * len(rows))
    query = f"SELECT row, id FROM rows WHERE row IN ({marks}) AND id IS NOT NULL"  # noqa: S608
    return dict(db.execute(query, rows))


def _view(folder: Path, facts: Mapping[str, Any], shelf: _Shelf) -> View:
    vectors = _mapped(folder, facts, "vectors", facts["dimensions"])
    signs = _mapped(folder, facts, "signs", _words(facts["dimensions"]) * 8).view(np.uint64)
    return View(shelf.lexicon(facts["vectors"]), vectors, signs, *_axes(facts))


def _mapped(folder: Path, facts: Mapping[str, Any], name: str, width: int) -> NDArray[np.int8]:
    path = folder / f"{name}.{facts[name]}"
    try:
        mapped = np.memmap(path, dtype=np.int8, mode="r", shape=(facts["total"], width))
    except (FileNotFoundError, ValueError) as error:
        raise DamageError(f"{path} is missing or too short") from error
    return np.asarray(mapped)  # a plain array, which is quicker to cut


def _axes(facts: Mapping[str, Any]) -> tuple[Matrix, Matrix]:
    """The centre and the turn."""
    dimensions = facts["dimensions"]
    centre, turn = (np.frombuffer(facts[name], np.float32) for name in ("centre", "turn"))
    return centre.reshape(1, dimensions), turn.reshape(dimensions, dimensions)


def _random_turn(dimensions: int) -> Matrix:
    """An orthogonal matrix; kept, since another machine might compute another one."""
    turn, _ = np.linalg.qr(np.random.default_rng(dimensions).normal(size=(dimensions, dimensions)))
    return turn.astype(np.float32)


def _floats(vectors: NDArray[np.int8]) -> Matrix:
    return unit(vectors.astype(np.float32))


def _words(dimensions: int) -> int:
    """How many 64-bit words hold a bit for each dimension."""
    return -(-dimensions // 64)


def _signs(vectors: NDArray[np.int8], centre: Matrix, turn: Matrix) -> NDArray[np.uint64]:
    return _bits((_floats(vectors) - centre) @ turn)


def _bits(rows: NDArray[np.floating[Any]]) -> NDArray[np.uint64]:
    padding = _words(rows.shape[1]) * 64 - rows.shape[1]
    return np.packbits(np.pad(rows > 0, ((0, 0), (0, padding))), axis=1).view(np.uint64)


def _nearest(signs: NDArray[np.uint64], asked: NDArray[np.uint64]) -> NDArray[np.intp]:
    """The rows that differ from ``asked`` in the fewest bits, and those that tie with them."""
    most = max(_LEAST, len(signs) // _SHARE)
    if len(signs) <= most:
        return np.arange(len(signs), dtype=np.intp)
    apart = np.zeros(len(signs), np.uint16)
    for start in range(0, len(signs), _BLOCK):
        block = signs[start : start + _BLOCK]
        for word, bits in enumerate(asked):
            apart[start : start + _BLOCK] += np.bitwise_count(block[:, word] ^ bits)
    enough = np.searchsorted(np.cumsum(np.bincount(apart)), most)
    return np.flatnonzero(apart <= enough)
