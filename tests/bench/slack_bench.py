"""Measures how soon a slash command is answered, beside an app of the same SDK that only acks.

    python -m tests.bench.slack_bench [--papers FILE.jsonl.gz] [--seconds N]

Both apps run in a process of their own, on one core, behind signed HTTP requests.  While paperbot
is measured, its source hangs, and one request in twenty asks for a paper that only the source could
have.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from adapters.server import Server
from adapters.slack import Slack
from adapters.sources.files import read
from adapters.sources.huggingface import connected
from bot.app import THREADS, open_store, utc_now
from bot.dispatch import Dispatch
from bot.ingest import batches
from bot.run import spare_heap
from bot.settings import Settings
from commands import COMMANDS
from storage.model import Paper
from tests.bench.answers import show
from tests.bench.corpora import MADE_UP
from tests.bench.questions import questions
from tests.bench.serving import in_memory, serve, served
from tests.fakes.slack import Workspace
from tests.storage.search.shelf import made_up

SECRET = "bench"
RATE = 50
"""Commands a second in the open-loop run."""
AT_ONCE = 16
MISSING = 20
"""One request in so many asks for a paper that only the source could have."""
LATE = "/late"
_ids = count()


def main() -> None:
    options = _options()
    if options.serve:
        asyncio.run(_serve(options))
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = fill(Path(folder), options)
        with in_memory(Path(folder)):
            asyncio.run(_measure(folder, lines, options))


def fill(folder: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    """A store with all the papers; returns lines to ask, of each kind."""
    store = open_store(_settings(folder))
    found = read([Path(options.papers)], lambda _: None) if options.papers else made_up(MADE_UP)
    papers = [paper for paper in found if isinstance(paper, Paper)]
    for batch in batches(papers, 2_000):
        store.papers.save(batch, utc_now())
    store.search.refresh()
    store.close()
    show(f"{len(papers):,} papers")
    asked = questions(papers, 2_000, seed=71)
    lines = {
        "search": [f"search {question.text}" for question in asked],
        "show": [f"show {question.id}" for question in asked],
    }
    both = chain.from_iterable(zip(lines["search"], lines["show"], strict=True))
    return lines | {"both in turn": list(both)}


def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, database_url="", timezone="UTC")


# -- the measured processes ---------------------------------------------------------------------


async def _serve(options: argparse.Namespace) -> None:
    server = Server("127.0.0.1", 0)
    async with contextlib.AsyncExitStack() as stack:
        if options.serve == "ack":
            _only_ack(server)
        else:
            await stack.enter_async_context(_paperbot(server, options))
        server.app.router.add_post(LATE, _take)
        await server.start()
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        spare_heap()
        await serve(server.url)
        await server.stop()


async def _take(_: web.Request) -> web.Response:
    """Answers that came too late for the acknowledgement."""
    return web.Response()


def _only_ack(server: Server) -> None:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_id="B1", bot_user_id="U0")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.command("/papers")
    async def papers(ack: AsyncAck) -> None:
        await ack("ok")

    async def take(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server.app.router.add_post("/slack/events", take)


@asynccontextmanager
async def _paperbot(server: Server, options: argparse.Namespace) -> AsyncIterator[None]:
    store = open_store(_settings(Path(options.folder)))
    slack = Slack(
        None,
        bot_token=options.token,
        app_token=None,
        signing_secret=SECRET,
        api_url=options.api,
        web=server.app,
    )
    with ThreadPoolExecutor(THREADS) as pool:
        async with connected(options.source, None, utc_now) as source:
            dispatch = Dispatch(store, COMMANDS, [source], pool, ZoneInfo("UTC"), utc_now)
            await slack.start(COMMANDS, dispatch)
            yield
            await slack.stop()
    store.close()


# -- the load -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that each acknowledgement took, and the run as a whole."""

    acks: list[float]
    whole: float

    def at(self, share: float) -> float:
        """Milliseconds."""
        return sorted(self.acks)[int(share * (len(self.acks) - 1))] * 1e3

    @property
    def rate(self) -> float:
        return len(self.acks) / self.whole


async def _measure(folder: str, lines: dict[str, list[str]], options: argparse.Namespace) -> None:
    rows: dict[str, Times] = {}
    async with Workspace() as slack, _hanging_source() as source:
        slack.add_user("U1")
        slack.add_channel("C1")
        arguments = ["--folder", folder, "--source", source]
        arguments += ["--api", slack.api_url, "--token", slack.bot_token]
        for app in ("ack", "paperbot"):
            async with (
                served("tests.bench.slack_bench", "--serve", app, *arguments) as url,
                aiohttp.ClientSession() as session,
            ):
                load = Load(session, f"{url}slack/events", f"{url}{LATE[1:]}", app == "paperbot")
                for kind in lines if app == "paperbot" else ["show"]:
                    await load.at_rate(lines[kind][:RATE], 1)
                    name = f"paperbot, {kind}" if app == "paperbot" else "only ack"
                    rows[f"{name}, {RATE} a second"] = await load.at_rate(
                        lines[kind], options.seconds
                    )
                    rows[f"{name}, {AT_ONCE} at once"] = await load.at_once(
                        lines[kind], options.seconds
                    )
    baseline = rows[f"only ack, {AT_ONCE} at once"].rate
    show(f"{'':32}{'p50 ms':>9}{'p99 ms':>9}{'per s':>9}{'of only ack':>13}")
    for name, times in rows.items():
        share = f"{times.rate / baseline:13.2f}" if "at once" in name else ""
        show(f"{name:32}{times.at(0.5):9.2f}{times.at(0.99):9.2f}{times.rate:9,.0f}{share}")


class Load:
    """Sends signed slash commands."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, response_url: str, missing: bool
    ) -> None:
        self._session = session
        self._url = url
        self._response_url = response_url
        self._verifier = SignatureVerifier(SECRET)
        self._missing = missing

    async def at_rate(self, lines: list[str], seconds: float) -> Times:
        """RATE commands a second, whether they are answered or not."""
        start = time.perf_counter()
        tasks = []
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            if self._missing and number % MISSING == 0:
                asyncio.create_task(self._ask(f"show 2401.{number:05}"))  # noqa: RUF006
            tasks.append(asyncio.create_task(self._ask(lines[number % len(lines)])))
        acks = await asyncio.gather(*tasks)
        return Times(list(acks), time.perf_counter() - start)

    async def at_once(self, lines: list[str], seconds: float) -> Times:
        """As many as are answered, AT_ONCE under way."""
        start = time.perf_counter()
        acks: list[float] = []

        async def person(first: int) -> None:
            for number in count(first, AT_ONCE):
                if time.perf_counter() - start > seconds:
                    return
                acks.append(await self._ask(lines[number % len(lines)]))

        await asyncio.gather(*(person(number) for number in range(AT_ONCE)))
        return Times(acks, time.perf_counter() - start)

    async def _ask(self, text: str) -> float:
        command = {
            "command": "/papers",
            "text": text,
            "team_id": "T1",
            "user_id": "U1",
            "channel_id": "C1",
            "channel_name": "papers",
            "trigger_id": f"bench-{next(_ids)}",
            "response_url": self._response_url,
        }
        body = urlencode(command)
        stamp = str(int(time.time()))
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": self._verifier.generate_signature(timestamp=stamp, body=body)
            or "",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        start = time.perf_counter()
        async with self._session.post(self._url, data=body, headers=headers) as response:
            assert response.status == 200, response.status
            await response.read()
        return time.perf_counter() - start


@asynccontextmanager
async def _hanging_source() -> AsyncIterator[str]:
    """A Hub that takes connections and never answers."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", default="", help="papers in the shape of arXiv's dump")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each run takes")
    for name in ("serve", "folder", "api", "token", "source"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
