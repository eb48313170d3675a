"""The folder of the index on the disk, and who may write there.

A file names the generation that counts.  A rebuild makes the next one beside it and then replaces
that file: readers, here and in other processes, keep the old one until they look again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.search.engine import no_panic
from storage.search.index import Index

log = logging.getLogger(__name__)

_POINTER = "current"
_ROOM = 4 << 20
"""Bytes: a disk with fewer left is full."""


class Generations:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: str | None = None

    @contextmanager
    def lock(self, wait: bool) -> Iterator[bool]:
        """Hold the right to write; gives False where another holds it and we do not ``wait``.

        The system takes it back from a process that dies.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True

    def full(self) -> bool:
        """Whether the disk is; what tantivy says of that does not always tell."""
        return shutil.disk_usage(self._folder).free < _ROOM

    def current(self) -> str | None:
        """The name of the generation that counts; None where there is none yet."""
        try:
            name = (self._folder / _POINTER).read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
        return name if name.isdecimal() else None

    def open(self) -> Index | None:
        """The index that counts; None where there is none, or it is damaged or of old format."""
        while name := self.current():
            try:
                with no_panic():
                    return Index.open(self._folder / name)
            except Exception as error:
                if name == self.current():  # else it was replaced and removed meanwhile
                    if name != self._told:  # everyone who asks comes here until it is rebuilt
                        self._told = name
                        log.warning("the search index cannot be opened and is made anew: %s", error)
                    return None
        return None

    def create(self) -> Index:
        """A new generation, which does not count yet.  Removes all but the one that does."""
        current = self.current()
        names = [path.name for path in self._folder.iterdir() if path.is_dir()]
        for name in names:
            if name != current:
                shutil.rmtree(self._folder / name)
        newest = max((int(name) for name in names if name.isdecimal()), default=0)
        return Index.create(self._folder / str(newest + 1))

    def publish(self, index: Index) -> None:
        """Let ``index`` count from now on, and remove the one before."""
        before = self.current()
        draft = self._folder / f"{_POINTER}.new"
        with draft.open("w", encoding="ascii") as file:
            file.write(index.folder.name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / _POINTER)
        if before:
            shutil.rmtree(self._folder / before, ignore_errors=True)
