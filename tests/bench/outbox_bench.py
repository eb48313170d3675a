"""Measures planning and posting at ten thousand channels.

    python -m tests.bench.outbox_bench [--channels N]

Planning: that many due subscriptions of fifty distinct lines.  Posting: one message to each
channel, of a thousand Slack workspaces over HTTP to a server that only takes them (a process of
its own), beside the same posts made by Slack's SDK alone; then of Discord servers, over HTTP to
the fake Discord, in an event loop whose clock skips what nobody waits for.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import sqlalchemy as sa
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import Chat, RenderAs
from adapters.discord.meter import RATE
from adapters.slack import Slack
from adapters.slack.api import Api, new_session
from adapters.slack.render import render
from bot.app import THREADS, open_store
from bot.outbox import Outbox
from bot.plan import Planner
from bot.run import spare_heap
from bot.settings import Settings
from commands import COMMANDS
from commands.model import Reply
from storage import tables
from storage.model import Payload, Target
from storage.store import Store
from tests.bench.answers import show
from tests.bench.serving import serve, served
from tests.bench.skipping import Inline, run_skipping
from tests.contracts.discord import started
from tests.factories import NOON, paper
from tests.fakes.discord import Discord

LINES = 50
WORKSPACES = 1_000
AT_ONCE = 50
TOKEN = "xoxb-bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=10_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_take_posts())
        return
    for measure in (slack, discord):
        with tempfile.TemporaryDirectory() as folder:
            store = filled(Path(folder), measure.__name__, options.channels)
            measure(store, options.channels)
            store.close()


def filled(folder: Path, chat: str, channels: int) -> Store:
    """A store with papers of a day, and a subscription due at NOON for each channel."""
    store = open_store(Settings(data_dir=folder, database_url="", timezone="UTC"))
    store.papers.save([paper(number, upvotes=number) for number in range(1, 201)], NOON)
    store.search.refresh()
    rows = [
        {
            "chat": chat,
            "team": f"T{number % WORKSPACES}",
            "channel": f"C{number}",
            "line": f"trending --limit 10 --days {1 + number % LINES}",
            "at": "12:00",
            "zone": "UTC",
            "days": "everyday",
            "layout": "compact",
            "quiet": "none",
            "next_due_at": NOON,
            "paused": None,
            "made_by": "U1",
            "private": False,
        }
        for number in range(channels)
    ]
    with store.db.write() as tx:
        tx.execute(sa.insert(tables.subscriptions), rows)
    return store


def plan(store: Store, chat: Chat, channels: int) -> None:
    planner = Planner(store, COMMANDS, {chat.name: chat}, ZoneInfo("UTC"))
    start = time.perf_counter()
    planned = planner.plan(NOON)
    assert planned == channels, planned
    took = time.perf_counter() - start
    show(f"plan {channels:,} due subscriptions of {LINES} lines: {took:.2f} s")


# -- Slack --------------------------------------------------------------------------------------


class Workspaces:
    """Slack as the outbox sees it, with the adapter's calls for each of many workspaces."""

    name = "slack"
    pace = Slack.pace

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._apis = {f"T{number}": Api(session, url, TOKEN) for number in range(WORKSPACES)}

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        return render(reply, layout)

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        return await self._apis[target.team].post(target.channel, payload, thread=parent, key=key)


def slack(store: Store, channels: int) -> None:
    asyncio.run(_slack(store, channels))


async def _slack(store: Store, channels: int) -> None:
    async with served("tests.bench.outbox_bench", "--serve") as url, new_session() as session:
        chat: Any = Workspaces(session, url)
        spare_heap()
        plan(store, chat, channels)
        alone = await _sdk_alone(session, url, channels)
        chats = {chat.name: chat}
        with ThreadPoolExecutor(THREADS) as pool:
            outbox = Outbox(store, chats, pool, "bench", _ticking())
            start = time.perf_counter()
            async with _watched() as seen:
                sent = await outbox.drain()
            took = time.perf_counter() - start
        async with session.get(f"{url}taken") as response:
            taken = int(await response.text())
        assert sent == taken == channels, (sent, taken)
    show(
        f"Slack, {channels:,} channels of {WORKSPACES:,} workspaces: {took:.1f} s, "
        f"{channels / took:,.0f} a second, {alone / took:.2f} of Slack's SDK alone "
        f"({channels / alone:,.0f} a second)"
    )
    show(_said(seen))


async def _sdk_alone(session: aiohttp.ClientSession, url: str, channels: int) -> float:
    """Seconds that the same number of posts takes with nothing around them."""
    client = AsyncWebClient(TOKEN, base_url=url, session=session, retry_handlers=[])
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 1_500}}]
    numbers = iter(range(channels))

    async def person() -> None:
        for number in numbers:
            await client.chat_postMessage(channel=f"C{number}", text="Papers", blocks=blocks)

    start = time.perf_counter()
    await asyncio.gather(*(person() for _ in range(AT_ONCE)))
    return time.perf_counter() - start


async def _take_posts() -> None:
    """Slack's chat.postMessage and nothing else.  ``taken`` counts the marks it has seen."""
    marks: set[str] = set()
    numbers = iter(range(10**9))

    async def post(request: web.Request) -> web.Response:
        body = await request.text()
        if found := re.search(r"pb-[\w.-]+", body):
            marks.add(found.group())
        ts = f"1700000000.{next(numbers):06}"
        return web.json_response({"ok": True, "ts": ts, "channel": "C", "message": {}})

    async def taken(_: web.Request) -> web.Response:
        return web.Response(text=str(len(marks)))

    app = web.Application()
    app.router.add_post("/chat.postMessage", post)
    app.router.add_get("/taken", taken)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await serve(f"http://127.0.0.1:{runner.addresses[0][1]}/")


# -- Discord ------------------------------------------------------------------------------------


def discord(store: Store, channels: int) -> None:
    run_skipping(_discord(store, channels))


async def _discord(store: Store, channels: int) -> None:
    with tempfile.TemporaryDirectory() as state:
        async with Discord() as fake:
            guild = fake.add_guild("lab")
            ids = [fake.add_channel(guild, f"c{number}").id for number in range(channels)]
            _move(store, guild.id, ids)
            async with started(fake, _nobody, Path(state)) as chat:
                plan(store, chat, channels)
                chats: Mapping[str, Chat] = {chat.name: chat}
                loop = asyncio.get_running_loop()
                base = loop.time()
                outbox = Outbox(
                    store, chats, Inline(), "bench", lambda: NOON + _after(loop.time() - base)
                )
                sent = await outbox.drain()
                took = loop.time() - base
            assert sent == channels, sent
            assert not fake.throttle.invalid
    allowed = channels / RATE
    show(
        f"Discord, {channels:,} channels: {took:.0f} s of its clock, {took / allowed:.3f} of the "
        f"{allowed:.0f} s that {RATE:.0f} requests a second allow; no 429"
    )


def _move(store: Store, team: str, channels: Sequence[str]) -> None:
    table = tables.subscriptions
    with store.db.write() as tx:
        tx.execute(
            sa.update(table)
            .where(table.c.channel == sa.bindparam("old"))
            .values(team=team, channel=sa.bindparam("new")),
            [{"old": f"C{number}", "new": id} for number, id in enumerate(channels)],
        )


async def _nobody(_: object) -> Reply:
    raise AssertionError("nobody asks here")


# -- what is watched ----------------------------------------------------------------------------


class Seen:
    """The longest time that the event loop stood, and the most private memory."""

    stood = 0.0
    memory = 0


@asynccontextmanager
async def _watched() -> AsyncIterator[Seen]:
    seen = Seen()

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            seen.stood = max(seen.stood, time.perf_counter() - start - 0.005)
            seen.memory = max(seen.memory, _private())

    task = asyncio.create_task(watch())
    yield seen
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _private() -> int:
    """Bytes that this process has for itself, files that it maps apart."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0


def _said(seen: Seen) -> str:
    return (
        f"  the event loop stood {seen.stood * 1e3:.0f} ms at most; "
        f"{seen.memory / 2**20:.0f} MB of private memory"
    )


def _ticking() -> Callable[[], datetime]:
    start = time.monotonic()
    return lambda: NOON + _after(time.monotonic() - start)


def _after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


if __name__ == "__main__":
    main()
