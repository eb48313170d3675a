"""Measures how soon Discord hears from paperbot: deferring, completing a title, after a kill.

    python -m tests.bench.discord_bench [--papers FILE.jsonl.gz] [--seconds N]

``paperbot run`` is a process of its own; the fake Discord and the people are this one.  The times
hold what the gateway, discord.py and the fake take.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench.answers import show
from tests.bench.slack_bench import RATE, fill
from tests.fakes.discord import Discord
from tests.fakes.discord.seen import Seen
from tests.processes import RUN, environment

KILLS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", default="", help="papers in the shape of arXiv's dump")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each run takes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = fill(Path(folder), options)
        asyncio.run(_measure(folder, lines, options.seconds))


async def _measure(folder: str, lines: dict[str, list[str]], seconds: float) -> None:
    searches = [line.removeprefix("search ")[:100] for line in lines["search"]]
    async with Discord() as fake:
        guild = fake.add_guild("lab")
        channel = fake.add_channel(guild, "papers")
        people = [fake.add_user(f"person-{number}", guild) for number in range(RATE)]
        bot = _start(folder, fake)
        try:
            await fake.until(lambda: bool(fake.gateway.live) and bool(fake.commands), within=60)

            def slash(number: int) -> Awaitable[Seen]:
                query = searches[number % len(searches)]
                return fake.people.slash(
                    people[number % RATE], channel, "papers", "search", query=query
                )

            def complete(number: int) -> Awaitable[Seen]:
                typed = searches[number % len(searches)][:20]
                return fake.people.autocomplete(
                    people[number % RATE], channel, "papers", "show", "paper", typed
                )

            show(f"{'':26}{'p50 ms':>9}{'p99 ms':>9}{'unanswered':>12}")
            for name, ask in (("defer a search", slash), ("complete a title", complete)):
                await _at_rate(ask, 1)
                _row(name, await _at_rate(ask, seconds))
            times = []
            for number in range(KILLS):
                begun = time.perf_counter()
                bot.kill()
                bot = await _started_again(bot, folder, fake)
                await (await slash(number)).answer()
                times.append(f"{time.perf_counter() - begun:.2f}")
            show(f"from kill -9 to the first answered search, s: {', '.join(times)}")
        finally:
            bot.terminate()
            bot.wait(20)


async def _started_again(
    dead: subprocess.Popen[bytes], folder: str, fake: Discord
) -> subprocess.Popen[bytes]:
    dead.wait()
    await fake.until(lambda: not fake.gateway.live, within=60)
    shutil.rmtree(Path(folder, "discord"))  # as if the last start were longer ago
    bot = _start(folder, fake)
    await fake.until(lambda: bool(fake.gateway.live), within=60)
    return bot


async def _at_rate(ask: Callable[[int], Awaitable[Seen]], seconds: float) -> list[float]:
    """RATE a second; the seconds each took, infinite where none answered."""

    async def timed(number: int) -> float:
        start = time.perf_counter()
        seen = await ask(number)
        return float("inf") if seen.error else time.perf_counter() - start

    begun = time.perf_counter()
    tasks = []
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(timed(number)))
    return list(await asyncio.gather(*tasks))


def _row(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    cells = "".join(f"{ordered[int(share * (len(times) - 1))] * 1e3:9.2f}" for share in (0.5, 0.99))
    show(f"{name:26}{cells}{sum(one == float('inf') for one in times):12}")


def _start(folder: str, fake: Discord) -> subprocess.Popen[bytes]:
    env = environment(Path(folder), DISCORD__TOKEN=fake.token, DISCORD__API_URL=fake.api_url)
    return subprocess.Popen(RUN, env=env, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
