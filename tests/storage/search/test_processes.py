"""Several processes share one index: one writes at a time, all read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from storage.database import Database
from storage.papers import Papers
from storage.search import Query, Search
from tests.factories import NOON
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.shelf import ATTENTION, GAN, made_up

_HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def _started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has said its first word."""
    with subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def _ids(search: Search) -> set[str]:
    return {hit.id for hit in search.find(Query.parse("min:0"), 1_000).hits}


def test_while_another_process_writes_this_one_reads(tmp_path: Path) -> None:
    papers = FakePapers([ATTENTION])
    search = Search(tmp_path, papers)
    search.refresh()
    papers.save([GAN])
    with _started("-c", _HOLD, str(tmp_path / "lock")) as writer:
        assert search.refresh() == 0
        assert _ids(search) == {ATTENTION.id}
        assert Search(tmp_path, papers).refresh() == 0
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert search.refresh() == 1
    assert _ids(search) == {ATTENTION.id, GAN.id}


def test_what_another_search_wrote_is_seen(tmp_path: Path) -> None:
    papers = FakePapers([ATTENTION])
    writer, reader = Search(tmp_path, papers), Search(tmp_path, papers)
    writer.refresh()
    assert reader.refresh() == 0
    assert _ids(reader) == {ATTENTION.id}
    papers.save([GAN])
    writer.refresh()
    assert _ids(reader) == {ATTENTION.id}  # until it looks
    reader.refresh()
    assert _ids(reader) == {ATTENTION.id, GAN.id}
    papers.save([replace(GAN, title="Against each other")])
    writer.rebuild()
    assert reader.find(Query.parse("adversarial"), 1).hits[0].title == GAN.title
    reader.refresh()
    assert reader.find(Query.parse("against"), 1).hits[0].title == "Against each other"


def test_two_processes_follow_one_database(tmp_path: Path, db: Database, database_url: str) -> None:
    papers = Papers(db)
    folder = tmp_path / "index"
    search = Search(folder, papers)
    fillers = list(made_up(300))
    reading = ("-m", "tests.storage.search.reading", str(folder), database_url)
    with _started(*reading) as reader:
        for number in range(15):
            papers.save(fillers[number * 20 :][:20], NOON)
            search.refresh()
            if number % 5 == 4:
                search.rebuild()
        out, _ = reader.communicate("stop", timeout=60)
        assert reader.returncode == 0
    seen = json.loads(out)
    assert seen == sorted(seen)
    assert seen[-1] == 300
    search.refresh()
    assert len(_ids(search)) == 300


def test_importing_the_search_does_not_load_the_database() -> None:
    check = "import sys, storage.search; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
