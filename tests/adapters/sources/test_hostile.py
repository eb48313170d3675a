"""Servers that mean harm: what they cost in memory and time, and that nothing is lost by them."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from adapters.base import Source, SourceError
from adapters.sources.arxiv import Arxiv
from adapters.sources.huggingface import HuggingFace
from tests.adapters.sources.conftest import Clock
from tests.adapters.sources.reading import MONDAY
from tests.adapters.sources.writing import lines, read, row, write
from tests.fakes import hub as faults
from tests.fakes.export import Export
from tests.fakes.hub import Hub, entry
from tests.fakes.server import Fault

ID = "2606.00001"
PATIENCE = 0.5  # seconds of one try


@dataclass
class Door:
    """A source at a server whose next answers can be chosen."""

    source: Source
    server: Hub | Export
    kind: str
    start: bytes

    def answers(self, body: bytes) -> Fault:
        return faults.body(body, self.kind)


@pytest.fixture(params=["huggingface", "arxiv"])
async def door(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Door]:
    timeout = ClientTimeout(total=PATIENCE)
    async with ClientSession() as session:
        if request.param == "huggingface":
            async with Hub(MONDAY) as hub:
                hub.days[MONDAY] = [entry(ID)]
                source: Source = HuggingFace(
                    session, hub.url, None, clock.now, sleep=clock.sleep, timeout=timeout
                )
                yield Door(source, hub, "application/json", b"[")
        else:
            async with Export() as export:
                export.add(ID)
                source = Arxiv(
                    session, export.url, [], clock.now, sleep=clock.sleep, timeout=timeout
                )
                yield Door(source, export, "application/atom+xml", b"<feed>")


def packed(kind: str, members: int) -> Fault:
    """100 MB of nothing as gzip, in one piece or in many."""
    body = b"".join(gzip.compress(bytes(100_000_000 // members)) for _ in range(members))

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
        return web.Response(body=body, headers=headers)

    return answer


def dripping(kind: str, start: bytes, length: int | None) -> Fault:
    """A byte every hundredth of a second, for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        response.content_length = length
        await response.prepare(request)
        await response.write(start)
        while True:
            await asyncio.sleep(0.01)
            await response.write(b" ")

    return answer


BOMBS: dict[str, Callable[[Door], Fault]] = {
    "lists": lambda door: door.answers(b"[" + b"[]," * 1_600_000 + b"[]]"),
    "objects": lambda door: door.answers(b"[" + b"{}," * 1_600_000 + b"{}]"),
    "nested": lambda door: door.answers(b"[" * 4_900_000),
    "a number": lambda door: door.answers(b"[" + b"9" * 4_900_000 + b"]"),
    "elements": lambda door: door.answers(b"<a/>" * 1_200_000),
    "nested elements": lambda door: door.answers(b"<a>" * 1_600_000),
    "one text": lambda door: door.answers(b'["' + b"a" * 4_900_000),
    "gzip": lambda door: packed(door.kind, 1),
    "gzip of gzips": lambda door: packed(door.kind, 50),
    "endless": lambda door: faults.endless(),
    "drip": lambda door: dripping(door.kind, door.start, None),
    "drip with a length": lambda door: dripping(door.kind, door.start, 4_000_000),
    "silence": lambda door: faults.silence(),
    "too short": lambda door: faults.cut_off(door.start, 9_000),
    "too long": lambda door: faults.overlong(door.start, 3),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_costs_little_and_loses_nothing(door: Door, bomb: str) -> None:
    door.server.faults.extend([BOMBS[bomb](door)] * 3)
    tracemalloc.start()
    try:
        async with asyncio.timeout(60):
            with pytest.raises(SourceError) as caught:
                await door.source.get(ID)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "http://127.0.0.1:" in str(caught.value)
    assert len(str(caught.value)) < 400
    assert peak < 80_000_000
    assert door.server.asked[0].headers["Accept-Encoding"] == "identity"
    door.server.faults.clear()
    assert await door.source.get(ID)


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'{"a":[]},', b"1,"], ids=bytes.decode)
def test_a_file_of_brackets_takes_little_memory(tmp_path: Path, piece: bytes) -> None:
    bomb = b"[" + piece * (15_000_000 // len(piece)) + piece[:-1] + b"]"
    line = b'{"id": [' + piece * (900_000 // len(piece)) + piece[:-1] + b"]}\n"
    files = [
        write(tmp_path, bomb, "2026-06-15.json"),
        write(tmp_path, line + lines([row()]), "dump.jsonl"),
        write(tmp_path, json.dumps([entry(ID)]), "2026-06-16.json"),
    ]
    del bomb, line
    tracemalloc.start()
    try:
        papers, problems = read(*files)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [paper.id for paper in papers] == ["0704.00001", ID]
    assert problems[0].message == "JSON of more than 500,000 values"
    assert len(problems) == 2
    assert peak < 80_000_000
