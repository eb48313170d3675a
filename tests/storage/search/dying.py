"""Refreshes an index again and again and is killed each time: run by ``test_crash``.

``python -m tests.storage.search.dying FOLDER STEP``: every process forked here works in its own
copy of FOLDER/start and dies by SIGKILL, at its first step, its second, and so on (a step is the
call of, or the return from, something that writes), until one lives through it.  Prints how many
died.  With ``random`` for STEP it dies at random instants instead.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from storage.search import Search
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.shelf import GAN, PAPERS, made_up

_WRITES = frozenset(("commit", "fsync", "pwrite", "truncate", "rename", "rmdir", "unlink", "mkdir"))


def catalogue(step: int) -> FakePapers:
    """The database as it is before (0) and after (1) the refresh that is interrupted."""
    papers = FakePapers([*PAPERS, *made_up(30)])
    if step:
        papers.save([replace(GAN, title="Xylographers against each other", upvotes=41)])
        papers.save(made_up(20, seed=2))  # other papers under the same ids
        papers.remove("2000.00025")
    return papers


def die_at(number: int) -> None:
    """Die by the ``number``-th call of, or return from, something that writes."""
    left = number

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if event.startswith("c_") and argument.__name__ in _WRITES:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def _dies(folder: Path, name: str, papers: FakePapers, step: int | None) -> bool:
    shutil.copytree(folder / "start", folder / name)
    child = os.fork()
    if child == 0:
        search = Search(folder / name, papers)
        if step is not None:
            die_at(step)
        search.refresh()
        os._exit(0)
    if step is None:
        time.sleep(random.Random(name).random() * 0.1)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main() -> None:
    folder, papers = Path(sys.argv[1]), catalogue(1)
    if sys.argv[2] == "random":
        died = sum(_dies(folder, f"random{number}", papers, None) for number in range(12))
    else:
        died = next(step for step in count() if not _dies(folder, f"step{step}", papers, step))
    print(died)  # noqa: T201


if __name__ == "__main__":
    main()
