"""The channel's memory: an append-only file of JSON lines, shared between processes."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import FileIO
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from adapters.base import DeliveryError
from storage.model import Payload

ROOTS = 500
"""How many of the newest threads are kept in memory; the file keeps all."""

log = logging.getLogger(__name__)


class Post(BaseModel):
    """One message in the channel; ``parent`` is the ref of the thread's first message."""

    model_config = ConfigDict(frozen=True)

    ref: str
    key: str
    parent: str | None
    at: AwareDatetime
    payload: Payload


class Channel:
    """Posts that survive ``kill -9``: each is one line, written under a lock and fsynced.

    A last line without its end was cut off in the writing and never acknowledged: readers skip it,
    the next writer removes it.  Methods block; they may be called from any thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._posts: dict[str, Post] = {}
        self._keys: dict[str, tuple[str, datetime]] = {}
        self._news: deque[Post] = deque()
        self._lock = threading.Lock()

    @property
    def posts(self) -> list[Post]:
        """The posts in memory, oldest first."""
        return list(self._posts.values())

    def news(self) -> Iterator[Post]:
        """The posts that came into memory since this was last asked, whoever made them."""
        while self._news:
            yield self._news.popleft()

    def grew(self) -> bool:
        """Whether there is something to ``read``.  Cheap."""
        return self._path.exists() and self._path.stat().st_size != self._offset

    def read(self) -> None:
        """Take in what other processes wrote."""
        if self._path.exists():
            with self._lock, self._path.open("rb", buffering=0) as file:
                self._take(file)

    def add(self, key: str, parent: str | None, payload: Payload, at: datetime) -> str:
        """Append a post, unless there is one with this key; the ref of it either way.

        Raises DeliveryError where nothing was posted: ``parent`` is unknown, the disk is full.
        """
        with self._lock, self._exclusive() as file:
            self._take(file)
            if known := self._keys.get(key):
                return known[0]
            if parent is not None and parent not in self._posts:
                raise DeliveryError(f"There is no message {parent} to answer.", permanent=True)
            post = Post(ref=secrets.token_hex(8), key=key, parent=parent, at=at, payload=payload)
            self._append(file, post.model_dump_json().encode() + b"\n")
            self._take(file)
            return post.ref

    def find(self, key: str, since: datetime) -> str | None:
        """The ref of the post with this key made at or after ``since``; ``read`` first."""
        ref, at = self._keys.get(key, (None, since))
        return ref if at >= since else None

    def repair(self) -> None:
        """Remove a torn last line, keep the newest ROOTS threads in memory."""
        with self._lock, self._exclusive() as file:
            self._take(file)
            file.truncate(self._offset)
            roots = [post.ref for post in self._posts.values() if post.parent is None]
            kept = set(roots[-ROOTS:])
            self._posts = {
                ref: post for ref, post in self._posts.items() if (post.parent or ref) in kept
            }

    @contextmanager
    def _exclusive(self) -> Iterator[FileIO]:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
            _sync_folder(self._path.parent)
        with self._path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _append(self, file: FileIO, line: bytes) -> None:
        """Write all of a line or nothing, in place of a torn one."""
        file.truncate(self._offset)
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError as error:
            file.truncate(self._offset)
            raise DeliveryError(f"{self._path} cannot be written: {error.strerror}.") from error

    def _take(self, file: FileIO) -> None:
        """Read on from where the last read ended, up to the last whole line."""
        if file.seek(0, os.SEEK_END) < self._offset:  # somebody emptied the file
            self._offset = 0
            self._posts.clear()
            self._keys.clear()
        file.seek(self._offset)
        data = file.read()
        data = data[: data.rfind(b"\n") + 1]
        self._offset += len(data)
        for line in data.splitlines():
            try:
                post = Post.model_validate_json(line)
            except ValidationError:
                log.warning("%s has a line that is no post; it is left out", self._path)
                continue
            self._posts[post.ref] = post
            self._keys[post.key] = (post.ref, post.at)
            self._news.append(post)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
