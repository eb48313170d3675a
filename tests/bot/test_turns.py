"""Turns at arXiv, over two processes on one database."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from adapters.base import SourceError
from bot.turns import LONGEST, Turns
from storage.store import Store
from tests.factories import NOON

GAP = timedelta(seconds=3)


class Clock:
    """Time that only sleepers move; all who sleep wake at the earliest end."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        until = self.time + timedelta(seconds=seconds)
        while self.time < until:
            await asyncio.sleep(0.001)
            self.time += timedelta(seconds=0.1)


async def test_over_all_processes_turns_are_single_and_apart(store: Store) -> None:
    clock = Clock()
    held: list[tuple[datetime, datetime]] = []
    with ThreadPoolExecutor(4) as pool:

        def process(name: str) -> Turns:
            return Turns(store.leases, "arXiv", name, GAP, pool, clock.now, clock.sleep)

        async def ask(turns: Turns) -> None:
            async with turns():
                began = clock.now()
                await clock.sleep(2)
                held.append((began, clock.now()))

        one, two = process("one"), process("two")
        await asyncio.gather(*(ask(turns) for turns in (one, two) * 3))
    assert len(held) == 6
    for (_, ended), (began, _) in pairwise(held):
        assert began - ended >= GAP


async def test_the_turn_of_a_process_that_died_ends(store: Store) -> None:
    clock = Clock()
    store.leases.hold("arXiv", "died-1", clock.now(), LONGEST)
    with ThreadPoolExecutor(1) as pool:
        turns = Turns(store.leases, "arXiv", "one", GAP, pool, clock.now, clock.sleep)
        async with turns():
            assert clock.now() - NOON >= LONGEST
        with pytest.raises(RuntimeError):
            async with turns():
                raise RuntimeError
        async with turns():  # a failure gives the turn back
            pass
    assert clock.now() - NOON < LONGEST + 3 * GAP


async def test_too_many_are_turned_away(store: Store) -> None:
    clock = Clock()
    with ThreadPoolExecutor(1) as pool:
        turns = Turns(store.leases, "arXiv", "one", GAP, pool, clock.now, clock.sleep)

        async def ask() -> None:
            async with turns():
                pass

        asked = await asyncio.gather(*(ask() for _ in range(15)), return_exceptions=True)
    refused = [one for one in asked if isinstance(one, SourceError)]
    assert len(refused) == 5
    assert str(refused[0]) == "10 questions to arXiv wait already."
