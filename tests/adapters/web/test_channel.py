"""The channel's file: what was acknowledged is there, whatever happens around it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.base import DeliveryError
from adapters.web.channel import ROOTS, Channel

PROJECT = Path(__file__).parents[3]
NOW = datetime(2026, 6, 30, 7, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "papers.jsonl"


def texts(channel: Channel) -> list[str]:
    return [post.payload["text"] for post in channel.posts]


def reopened(path: Path) -> Channel:
    channel = Channel(path)
    channel.repair()
    return channel


def script(body: str, path: Path) -> subprocess.Popen[str]:
    """Run code in a process of its own, with a channel to write to."""
    code = f"""
import resource
from datetime import UTC, datetime
from pathlib import Path
from adapters.base import DeliveryError
from adapters.web.channel import Channel
channel, now = Channel(Path({str(path)!r})), datetime.now(UTC)
{body}"""
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )


def test_posts_survive_a_restart_with_all_they_hold(path: Path) -> None:
    channel = Channel(path)
    root = channel.add("a", None, {"text": "über\u2028 “x”"}, NOW)
    reply = channel.add("b", root, {"text": "two"}, NOW)
    again = reopened(path)
    assert again.posts == channel.posts
    assert [post.parent for post in again.posts] == [None, root]
    assert again.find("b", NOW) == reply


def test_a_key_is_posted_once(path: Path) -> None:
    channel = Channel(path)
    first = channel.add("a", None, {"text": "one"}, NOW)
    assert channel.add("a", None, {"text": "other"}, NOW) == first
    assert reopened(path).add("a", None, {"text": "other"}, NOW) == first
    assert texts(channel) == ["one"]


def test_two_processes_share_the_file(path: Path) -> None:
    mine, theirs = Channel(path), Channel(path)
    root = mine.add("a", None, {"text": "one"}, NOW)
    reply = theirs.add("b", root, {"text": "two"}, NOW)
    assert mine.grew()
    mine.read()
    assert not mine.grew()
    assert texts(mine) == ["one", "two"]
    assert mine.add("b", root, {"text": "other"}, NOW) == reply
    assert [post.ref for post in mine.news()] == [root, reply]
    assert list(mine.news()) == []


def test_many_writers_lose_and_double_nothing(path: Path) -> None:
    channels = [Channel(path) for _ in range(4)]
    jobs = [(channel, f"key-{number}") for number in range(15) for channel in channels]
    with ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda job: job[0].add(job[1], None, {"text": job[1]}, NOW), jobs))
    assert len(set(refs)) == 15
    assert sorted(texts(reopened(path))) == sorted(f"key-{number}" for number in range(15))


def test_find_looks_from_an_instant_on(path: Path) -> None:
    channel = Channel(path)
    ref = channel.add("a", None, {"text": "one"}, NOW)
    assert channel.find("a", NOW - timedelta(hours=1)) == ref
    assert channel.find("a", NOW + timedelta(seconds=1)) is None
    assert channel.find("b", NOW) is None


def test_a_reply_needs_its_thread(path: Path) -> None:
    channel = Channel(path)
    with pytest.raises(DeliveryError, match="no message nowhere") as caught:
        channel.add("a", "nowhere", {"text": "one"}, NOW)
    assert caught.value.permanent
    assert reopened(path).posts == []


@pytest.mark.parametrize("torn", [b'{"ref": "cut o', b"\x00\x00\x00", b'{"ref":"x"}', b"\xff"])
def test_a_torn_last_line_is_skipped_then_removed(path: Path, torn: bytes) -> None:
    channel = Channel(path)
    channel.add("a", None, {"text": "one"}, NOW)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    reader = Channel(path)
    reader.read()
    assert texts(reader) == ["one"]
    assert texts(reopened(path)) == ["one"]
    assert path.read_bytes() == whole


def test_a_writer_removes_a_line_that_another_left_torn(path: Path) -> None:
    channel = Channel(path)
    channel.add("a", None, {"text": "one"}, NOW)
    with path.open("ab") as file:
        file.write(b'{"ref": "torn')
    channel.add("b", None, {"text": "two"}, NOW)
    assert texts(reopened(path)) == ["one", "two"]
    assert b"torn" not in path.read_bytes()


def test_a_spoilt_line_in_the_middle_costs_only_itself(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Channel(path).add("a", None, {"text": "one"}, NOW)
    with path.open("ab") as file:
        file.write(b'nonsense\n{"ref": 1}\n')
    Channel(path).add("b", None, {"text": "two"}, NOW)
    assert texts(reopened(path)) == ["one", "two"]
    assert "no post" in caplog.text


def test_an_emptied_file_is_a_new_beginning(path: Path) -> None:
    channel = Channel(path)
    channel.add("a", None, {"text": "one"}, NOW)
    path.write_bytes(b"")
    channel.add("b", None, {"text": "two"}, NOW)
    assert texts(channel) == ["two"]
    path.unlink()
    assert not channel.grew()
    channel.read()


def test_a_start_keeps_the_newest_threads_whole(path: Path) -> None:
    writer = Channel(path)
    root = writer.add("root-0", None, {"text": "0"}, NOW)
    writer.add("reply-0", root, {"text": "old reply"}, NOW)
    line = path.read_bytes().splitlines()[0].decode()
    with path.open("a") as file:
        for number in range(1, ROOTS + 1):
            file.write(line.replace(root, f"ref-{number}").replace("root-0", f"root-{number}"))
            file.write("\n")
    last = Channel(path)
    last.read()
    last.add("reply-1", f"ref-{ROOTS}", {"text": "new reply"}, NOW)
    channel = reopened(path)
    assert len(channel.posts) == ROOTS + 1
    assert root not in {post.ref for post in channel.posts}
    assert channel.posts[-1].payload == {"text": "new reply"}
    assert channel.find("root-0", NOW) == root


def test_what_was_acknowledged_survives_kill_9(path: Path) -> None:
    body = """
for number in range(10_000):
    print(channel.add(str(number), None, {"text": "x" * 5_000}, now), flush=True)
"""
    process = script(body, path)
    assert process.stdout
    refs = [process.stdout.readline().strip() for _ in range(5)]
    process.kill()
    refs += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    kept = [post.ref for post in reopened(path).posts]
    acknowledged = [ref for ref in refs if len(ref) == 16]
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1


def test_a_full_disk_is_said_and_leaves_whole_lines(path: Path) -> None:
    body = """
channel.add("a", None, {"text": "one"}, now)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
try:
    channel.add("b", None, {"text": "x" * 5_000}, now)
except DeliveryError as error:
    print(error, error.permanent)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
channel.add("c", None, {"text": "three"}, now)
"""
    process = script(body, path)
    said, _ = process.communicate()
    assert "papers.jsonl cannot be written" in said
    assert "False" in said
    assert process.returncode == 0
    assert texts(reopened(path)) == ["one", "three"]
