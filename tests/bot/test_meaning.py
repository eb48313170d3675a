"""Search by meaning from the command line and beside the timers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("model2vec", reason="the extra `semantic` is not installed")

from bot import schedule
from bot.app import build
from bot.cli import cli
from bot.schedule import Schedule
from bot.settings import SearchSettings, Settings
from tests.factories import NOON
from tests.fakes.hub import Hub
from tests.storage.search.tiny import ADAPTERS, HOUND, tiny_model


def paperbot(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def model(tmp_path: Path) -> str:
    return tiny_model(tmp_path / "model")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str, elsewhere: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERBOT_HF__ENDPOINT", elsewhere)
    monkeypatch.setenv("PAPERBOT_ARXIV__API_URL", elsewhere)
    monkeypatch.setenv("PAPERBOT_SEARCH__EMBEDDINGS", model)
    rows = [{"id": one.id, "title": one.title, "abstract": ""} for one in (ADAPTERS, HOUND)]
    Path("papers.jsonl").write_text("\n".join(map(json.dumps, rows)))


@pytest.mark.usefixtures("machine")
def test_what_is_imported_is_found_by_meaning() -> None:
    assert paperbot("import", "papers.jsonl")[0] == 0
    line = 'search like:"merging adapters"'
    _, shown, _ = paperbot("say", "--json", "search which puppy upon a picture")
    assert "some here mean the same" in json.loads(shown)["text"]
    _, shown, _ = paperbot("say", "--json", line)
    assert json.loads(shown)["cards"][0]["paper_id"] == ADAPTERS.id
    assert "✓ search by meaning, 2 of 2 papers" in paperbot("doctor")[1]
    code, _, told = paperbot("index", "rebuild")
    assert (code, "2 papers are indexed" in told) == (0, True)
    _, shown, _ = paperbot("say", "--json", line)
    assert json.loads(shown)["cards"][0]["paper_id"] == ADAPTERS.id


@pytest.mark.usefixtures("machine")
def test_the_doctor_tells_why_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERBOT_SEARCH__EMBEDDINGS", str(Path("nothing").absolute()))
    assert paperbot("import", "papers.jsonl")[0] == 0
    assert "✗ search by meaning: The model" in paperbot("doctor")[1]
    monkeypatch.delenv("PAPERBOT_SEARCH__EMBEDDINGS")
    assert "✓ search by meaning: off" in paperbot("doctor")[1]


async def test_the_timers_follow_by_meaning(
    settings: Settings, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "LEARN_EVERY", timedelta(seconds=1))
    wanted = settings.model_copy(update={"search": SearchSettings(embeddings=model)})
    async with Hub(NOON.date()) as hub:
        wanted.hf.endpoint = hub.url
        async with build(wanted, now=lambda: NOON) as app:
            app.store.papers.save([replace(HOUND, listed_on=NOON.date())], NOON)
            timers = Schedule(app)
            await timers.start()
            async with asyncio.timeout(20):
                # The timer works in a thread, and would in another process.
                while not await asyncio.to_thread(app.store.search.meaning.count):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await timers.stop()
            assert app.store.search.meaning.near("puppy", 1)[0][0] == HOUND.id
