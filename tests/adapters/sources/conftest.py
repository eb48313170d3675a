"""A source at a fake Hub, and a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, ClientTimeout

from adapters.sources.huggingface import HuggingFace
from tests.adapters.sources.reading import MONDAY
from tests.fakes.hub import Hub


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = datetime(2026, 6, 15, 9, tzinfo=UTC)
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub(today=MONDAY) as hub:
        yield hub


@pytest.fixture
async def connect(hub: Hub, clock: Clock) -> AsyncIterator[Callable[..., HuggingFace]]:
    async with ClientSession() as session:

        def make(
            endpoint: str = hub.url, token: str | None = None, seconds: float = 10
        ) -> HuggingFace:
            return HuggingFace(
                session,
                endpoint,
                token,
                clock.now,
                sleep=clock.sleep,
                random=lambda: 0.5,
                timeout=ClientTimeout(total=seconds),
            )

        yield make


@pytest.fixture
def source(connect: Callable[..., HuggingFace]) -> HuggingFace:
    return connect()
