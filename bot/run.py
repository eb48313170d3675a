"""``paperbot run``: serve, post and answer until told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from datetime import datetime, time
from functools import partial

import structlog

from adapters.probes import add_probes
from adapters.server import Server
from adapters.web.server import HERE
from bot.allowance import Allowance
from bot.app import App, build, utc_now
from bot.health import faults, metrics
from bot.metrics import CONTENT_TYPE
from bot.schedule import Schedule
from bot.settings import Settings
from bot.threads import in_thread
from storage.calendar import Days

_log = structlog.get_logger(__name__)


async def run(
    settings: Settings, ready: Callable[[str], None], now: Callable[[], datetime] = utc_now
) -> None:
    """Run until SIGINT or SIGTERM; ``ready`` is called with what to tell the operator."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = Server(settings.http.host, settings.http.port)
    async with build(settings, server, now, Allowance()) as app:
        spare_heap()
        _log.info("running", owner=app.owner)
        schedule = Schedule(app)
        add_probes(server, partial(faults, app), partial(metrics, app), CONTENT_TYPE)

        async def start() -> None:
            await app.start(patient=True)
            ready(_welcome(app, server.url))
            if "web" in app.chats:
                await in_thread(app.pool, subscribe_playground, app)
            await schedule.start()

        tasks = []
        try:
            await server.start()  # first: whoever watches sees what is not there yet
            tasks = [loop.create_task(start()), loop.create_task(stop.wait())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await schedule.stop()
            await app.stop()
            await server.stop()


def spare_heap() -> None:
    """Leave what there is by now, above all libraries, out of all later garbage collections.

    A whole one stops the event loop for 75 ms with it, and for 10 ms without.
    """
    gc.collect()
    gc.freeze()


def _welcome(app: App, url: str) -> str:
    if "web" in app.chats:
        return f"The playground is at {url}"
    names = [name for name in app.chats if name != "console"]
    return f"Connected to {', '.join(name + _missing(app, name) for name in names)}"


def _missing(app: App, name: str) -> str:
    if name in app.connections.online:
        return ""
    return " (another process is)" if app.connections.waits(name) else " (not yet)"


def subscribe_playground(app: App) -> None:
    """A new playground has one subscription, due at once, so that there is a thread to see."""
    if app.store.subscriptions.knows_team(HERE.team):
        return
    app.store.subscriptions.add(
        HERE,
        "today --limit 10",
        at=time(9),
        zone=app.settings.zone,
        days=Days.of(range(5)),
        layout="thread",
        quiet="line",
        next_due_at=app.now(),
        made_by="paperbot",
        now=app.now(),
    )
