"""What a supervisor and Prometheus hear, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import aiohttp
import pytest
import sqlalchemy as sa

from adapters.probes import add_probes
from adapters.server import Server
from bot.app import App, build
from bot.health import faults, metrics
from bot.metrics import CONTENT_TYPE
from bot.run import subscribe_playground
from bot.settings import Settings
from commands.model import Call, Caller
from storage.model import Target
from tests.factories import NOON, paper


@dataclass
class Watched:
    app: App
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self.url + path, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def watched(settings: Settings) -> AsyncIterator[Watched]:
    server = Server(port=0)
    async with build(settings, server, lambda: NOON) as app, aiohttp.ClientSession() as session:
        add_probes(server, partial(faults, app), partial(metrics, app), CONTENT_TYPE)
        await server.start()
        try:
            yield Watched(app, server.url.rstrip("/"), session)
        finally:
            await app.stop()
            await server.stop()


async def test_it_says_which_part_is_missing(watched: Watched) -> None:
    assert await watched.get("/healthz") == (200, "ok\n")
    status, told = await watched.get("/readyz")
    assert status == 503
    assert '"ready": false' in told
    assert '"database": "ok"' in told
    assert '"web": "not connected"' in told
    assert (await watched.get("/"))[0] == 503
    await watched.app.start()
    status, told = await watched.get("/readyz")
    assert (status, '"ready": true' in told) == (200, True)
    assert (await watched.get("/"))[0] == 200
    watched.app.store.papers.save([paper(1)], NOON)
    status, told = await watched.get("/readyz")
    assert (status, '"index": "not built yet"' in told) == (503, True)
    watched.app.store.search.refresh()
    assert (await watched.get("/readyz"))[0] == 200
    with watched.app.store.db.write() as tx:
        tx.execute(sa.text("DROP TABLE meta"))
    status, told = await watched.get("/readyz")
    assert status == 503
    assert '"database": "OperationalError"' in told


async def test_it_counts_what_was_done_and_names_nobody(watched: Watched) -> None:
    app = watched.app
    await app.start()
    app.store.papers.save([paper(1)], NOON)
    app.store.search.refresh()
    subscribe_playground(app)
    await app.deliver()
    target = Target("web", "local", "secret-channel")
    await app.dispatch(Call(caller=Caller("U-secret"), target=target, text="search widgets"))
    await app.dispatch(Call(caller=Caller("U-secret"), target=target, text="nonsense-secret"))
    status, told = await watched.get("/metrics")
    assert status == 200
    for line in (
        "paperbot_planned_total 1.0",
        'paperbot_sent_total{chat="web"} 2.0',
        'paperbot_deliveries{state="unknown"} 0.0',
        'paperbot_command_seconds_count{command="search"} 1.0',
        "paperbot_search_seconds_count 1.0",
        "paperbot_expired_total 0.0",
    ):
        assert line in told.splitlines()
    for name in ("looked_up", "retried", "unknown", "late", "failed", "found"):
        assert f"# TYPE paperbot_{name}_total counter" in told
    assert "secret" not in told
    assert "local" not in told


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_what_came_through_a_proxy_is_told_nothing(watched: Watched, header: str) -> None:
    for path in ("/metrics", "/readyz"):
        assert (await watched.get(path, **{header: "for=203.0.113.9"}))[0] == 404
    assert (await watched.get("/healthz", **{header: "203.0.113.9"}))[0] == 200
