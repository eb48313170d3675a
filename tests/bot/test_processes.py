"""Real processes: started, killed, looked at from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from bot.app import open_store
from bot.cli import cli
from bot.settings import Settings
from tests.bot.crashing import die_posting
from tests.fakes.hub import Hub
from tests.processes import DEADLINE, FORKED, NOWHERE, ROOT, RUN, environment


class Machine:
    """A folder with the bot's data, and the processes started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = environment(folder / "data", TIMEZONE="UTC")
        self.settings = Settings(data_dir=folder / "data", database_url="", timezone="UTC")
        self.settings.hf.endpoint = self.settings.arxiv.api_url = NOWHERE
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            arguments,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def paperbot(self, *arguments: str) -> str:
        """A command in a process of its own."""
        process = self.start(sys.executable, "-m", "bot", *arguments)
        output, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, errors
        return output

    def here(self, *arguments: str) -> str:
        """A command in this process, where its imports are done already."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def say(self, line: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.here("say", "--json", line))
        return answer

    def count(self) -> int:
        """How many papers the index and the database agree on."""
        reply = self.say("search before:2030 --limit 50")
        assert reply["cards"]
        store = open_store(self.settings)
        count = store.papers.count()
        store.close()
        return count

    def serve(self) -> tuple[subprocess.Popen[str], str]:
        """Start ``paperbot run``; the process and its address."""
        process = self.start(*RUN)
        assert process.stderr
        for line in process.stderr:
            if "http://" in line:
                return process, "http://" + line.split("http://")[1].split("/")[0]
        raise AssertionError("it ended before it served")

    def stop_all(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.communicate()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.stop_all()


async def posts(url: str, enough: Callable[[list[Any]], bool]) -> list[dict[str, Any]]:
    """What the playground shows, once there is enough of it."""
    async with aiohttp.ClientSession() as session:
        for _ in range(int(DEADLINE * 5)):
            async with session.ws_connect(f"{url}/socket") as socket:
                while (said := await socket.receive_json())["type"] != "hello":
                    pass  # a post was quicker
            found: list[dict[str, Any]] = said["posts"]
            if enough(found):
                return found
            await asyncio.sleep(0.2)
    raise AssertionError("the playground never showed it")


def whole(shown: list[Any]) -> bool:
    """A header, and all ten papers of the sample's list in its thread."""
    return sum(len(post["payload"].get("cards", ())) for post in shown) >= 10


async def test_a_fresh_machine_serves_posts_answers_and_ends_cleanly(machine: Machine) -> None:
    process, url = machine.serve()
    header, *thread = await posts(url, whole)
    assert header["payload"]["kind"] == "header"
    assert {post["parent"] for post in thread} == {header["ref"]}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/socket") as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"id": 1, "text": "search atention is all you ned"})
        answer = await socket.receive_json(timeout=DEADLINE)
        assert "Attention Is All You Need" in json.dumps(answer)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize("step", ["planned", "claimed", "sent"])
async def test_kill_9_on_the_way_to_a_post_loses_nothing_and_doubles_nothing(
    machine: Machine, step: str
) -> None:
    crashed = FORKED.Process(target=die_posting, args=(machine.settings, step))
    crashed.start()
    crashed.join(DEADLINE)
    assert crashed.exitcode == -signal.SIGKILL
    async with Hub(datetime.now(UTC).date()) as hub:  # with no list: the sample stays
        machine.environment["PAPERBOT_HF__ENDPOINT"] = hub.url
        _, url = machine.serve()
        await posts(url, whole)
        shown = await posts(url, whole)
    headers = [post for post in shown if post["payload"]["kind"] == "header"]
    titles = [card["title"] for post in shown for card in post["payload"].get("cards", ())]
    assert len(headers) == 1
    assert len(titles) == len(set(titles)) == 10


def dump(path: Path, count: int, padding: str = "") -> None:
    """Papers in the shape of arXiv's metadata dump."""
    with path.open("w") as file:
        for number in range(count):
            row = {
                "id": f"2401.{number:05}",
                "title": f"On the widget of order {number}",
                "authors_parsed": [["Example", "Ada", ""]],
                "abstract": f"We study the widget of order {number} and count its parts.{padding}",
                "categories": "cs.CL math.CO",
                "versions": [{"version": "v1", "created": "Mon, 2 Jan 2024 10:00:00 GMT"}],
            }
            file.write(json.dumps(row) + "\n")


def test_a_large_import_into_a_fresh_folder_leaves_every_paper_to_be_found(
    machine: Machine,
) -> None:
    file = machine.folder / "all.jsonl"
    dump(file, 700, " A gear, a lever and a spring." * 500)
    assert file.stat().st_size > 10_000_000  # large enough to be indexed by a second process
    machine.paperbot("import", "all.jsonl")
    last_page = machine.say("search before:2030 --limit 50 --page 14")
    assert len(last_page["cards"]) == 50
    assert machine.say('search "order 699"')["cards"][0]["paper_id"] == "2401.00699"


@pytest.mark.parametrize("seed", range(2))
def test_kill_9_during_an_import_loses_nothing_that_was_there(machine: Machine, seed: int) -> None:
    dump(machine.folder / "first.jsonl", 10)
    machine.here("import", "first.jsonl")
    # More than 10 MB: large enough to be indexed by a second process.
    dump(machine.folder / "all.jsonl", 8_000, " A gear, a lever and a spring." * 40)
    process = machine.start(sys.executable, "-m", "bot", "import", "all.jsonl")
    time.sleep(random.Random(seed).uniform(0.5, 3))
    process.kill()
    process.communicate()
    assert machine.say("search widget order 7")["cards"]
    assert machine.count() >= 10
    machine.paperbot("import", "all.jsonl")
    assert machine.count() == 8_000
    assert machine.say('search "order 7999"')["cards"][0]["paper_id"] == "2401.07999"


@pytest.mark.parametrize("seed", range(2))
def test_kill_9_during_an_index_rebuild_leaves_a_working_search(
    machine: Machine, seed: int
) -> None:
    dump(machine.folder / "all.jsonl", 6_000)
    machine.here("import", "all.jsonl")
    process = machine.start(sys.executable, "-m", "bot", "index", "rebuild")
    time.sleep(random.Random(seed).uniform(0.3, 2))
    process.kill()
    process.communicate()
    assert machine.say('search "order 5999"')["cards"][0]["paper_id"] == "2401.05999"
    machine.here("index", "rebuild")
    assert machine.say('search "order 17"')["cards"][0]["paper_id"] == "2401.00017"


def test_deliver_works_without_the_playground(machine: Machine) -> None:
    copy = machine.folder / "code"
    for name in ("bot", "adapters", "commands", "storage"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.rmtree(copy / "adapters" / "web")
    machine.environment["PYTHONPATH"] = str(copy)
    dump(machine.folder / "papers.jsonl", 3)
    machine.paperbot("import", "papers.jsonl")
    made = json.loads(machine.paperbot("say", "--json", "subscribe trending at 09:00 on daily"))
    assert made["title"] == "Subscription 1 is set"
    due = made["text"].split("First post: ")[1]
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
    posted = machine.paperbot("deliver", "--at", f"{tomorrow}T09:00")
    assert due
    assert "There is no daily list yet" in posted
