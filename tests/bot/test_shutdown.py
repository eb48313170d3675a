"""SIGTERM while a platform does not answer: a real process, and the one after it."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.server import Server
from adapters.slack.manifest import SCOPES
from bot.app import build, open_store
from bot.outbox import TIMEOUT
from bot.settings import Settings
from storage.calendar import Days
from tests.contracts.slack import HERE, settings_for
from tests.factories import paper
from tests.fakes.hub import Hub
from tests.fakes.slack import Workspace
from tests.processes import DEADLINE, RUN, environment

PROMISED = 10.0
"""Seconds that SIGTERM may take: the one time that a test may wait for."""


async def start(slack: Workspace, hub: Hub, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *RUN,
        cwd=folder,
        env=environment(
            folder / "data",
            HF__ENDPOINT=hub.url,
            SLACK__BOT_TOKEN=slack.bot_token,
            SLACK__APP_TOKEN=slack.app_token,
            SLACK__API_URL=slack.api_url,
        ),
        stderr=asyncio.subprocess.DEVNULL,
    )


async def test_sigterm_hands_back_what_has_no_answer(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url="", timezone="UTC")
    store = open_store(settings)
    now = datetime.now(UTC)
    store.papers.save([paper(1, listed_on=now.date())], now)
    store.subscriptions.add(
        HERE,
        "trending",
        at=time(9),
        zone=ZoneInfo("UTC"),
        days=Days.of(range(7)),
        layout="compact",
        quiet="line",
        next_due_at=now - timedelta(seconds=1),
        made_by="U1",
        now=now,
    )
    async with Workspace() as slack, Hub(now.date()) as hub:
        slack.teams["T1"].scopes = set(SCOPES)
        slack.add_user("U1")
        slack.add_channel("C1")
        slack.faults.script("stored_then_hang", method="chat.postMessage", seconds=60)
        process = await start(slack, hub, tmp_path)
        await slack.until(lambda: slack.seen("U1", "C1"), within=DEADLINE)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PROMISED):
            assert await process.wait() == 0
        (entry,) = store.ledger.entries()
        assert (entry.state, entry.attempt) == ("sending", 1)
        assert "stopped while it was on its way" in (entry.error or "")
        settings.slack = settings_for(slack)
        async with build(settings, Server(), lambda: datetime.now(UTC) + TIMEOUT) as app:
            try:
                await app.start()
                assert await app.deliver() == 1
            finally:
                await app.stop()
        assert store.ledger.entries()[0].state == "sent"
        assert len(slack.seen("U1", "C1")) == 1
    store.close()
