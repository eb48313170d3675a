"""The timers over a real application: the playground, and a Hub that answers, hangs or is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from adapters.server import Server
from bot.app import App, build
from bot.run import subscribe_playground
from bot.schedule import Schedule
from bot.settings import Settings
from storage.database import StorageError
from storage.deliveries import Deliveries
from tests.fakes import hub as faults
from tests.fakes.hub import Hub, entry

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub(TODAY) as hub:
        hub.days[TODAY] = [entry(f"2606.{number:05}", on=TODAY) for number in range(1, 4)]
        yield hub


async def posted(app: App, enough: Callable[[str], bool]) -> str:
    """What stands in the playground's channel, once there is enough of it."""
    file = app.settings.data_dir / "playground" / "papers.jsonl"
    for _ in range(300):
        text = file.read_text() if file.exists() else ""
        if enough(text):
            return text
        await asyncio.sleep(0.05)
    raise AssertionError("it was never posted")


async def test_the_first_lists_come_before_the_first_post(settings: Settings, hub: Hub) -> None:
    settings.hf.endpoint = hub.url
    async with build(settings, Server()) as app:
        subscribe_playground(app)
        schedule = Schedule(app)
        await schedule.start()
        text = await posted(app, lambda text: "Part 2606.00003" in text)
        assert "sample" not in text
        await schedule.stop()


async def test_without_the_hub_the_sample_is_posted(settings: Settings) -> None:
    async with build(settings, Server()) as app:
        subscribe_playground(app)
        schedule = Schedule(app)
        await schedule.start()
        assert "bundled sample" in await posted(app, lambda text: "cards" in text)
        await schedule.stop()


async def test_stopping_does_not_wait_for_a_source_that_hangs(settings: Settings, hub: Hub) -> None:
    settings.hf.endpoint = hub.url
    hub.faults.extend([faults.silence()] * 20)
    async with build(settings, Server()) as app:
        schedule = Schedule(app)
        starting = asyncio.create_task(schedule.start())
        while not hub.asked:  # noqa: ASYNC110 - another process would not tell either
            await asyncio.sleep(0.01)
        async with asyncio.timeout(5):  # a tenth of what the source would take
            starting.cancel()
            await schedule.stop()


async def test_a_timer_that_fails_comes_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = Deliveries.expire
    calls = 0

    def failing(self: Deliveries, now: datetime) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("the network hiccuped")
        if calls == 2:
            raise StorageError("the disk is full")
        return expired(self, now)

    monkeypatch.setattr(Deliveries, "expire", failing)
    with capture_logs() as logs:
        await _post(settings)
    failed = [log for log in logs if log["event"] == "a timer failed"]
    # What says all is told without its traceback: it may come each second.
    assert [log.get("error") for log in failed] == [None, "the disk is full"]
    assert [bool(log.get("exc_info")) for log in failed] == [True, False]
    assert calls > 2


async def _post(settings: Settings) -> None:
    async with build(settings, Server()) as app:
        subscribe_playground(app)
        schedule = Schedule(app)
        await schedule.start()
        await posted(app, lambda text: "cards" in text)
        await schedule.stop()
