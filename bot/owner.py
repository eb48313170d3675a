"""Who this process is to the others, and whose place in its data folder it takes."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, as leases and claims know it."""

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    predecessor: str | None = None
    """The one before in the same folder, which is surely dead: what it held need not run out."""


@contextmanager
def settled(folder: Path) -> Iterator[Owner]:
    """Live in ``folder`` until the end, and succeed whoever lived there.

    A lock tells who lives: the system takes it from a process that was killed, but not from one
    that is frozen.  Beside a living one, ours has no predecessor, and leaves none.
    """
    with (folder / "owner").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield Owner()
            return
        file.seek(0)
        owner = Owner(predecessor=file.read() or None)
        file.truncate(0)
        file.write(owner.name)
        file.flush()
        yield owner
