"""What the fake sources have in common: a server whose next answers can be faults."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDictProxy

Fault: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers one request in place of the server."""


@dataclass(frozen=True)
class Asked:
    """A request that came in: path with query, and headers."""

    path: str
    headers: CIMultiDictProxy[str]


class Server:
    """Serves ``app`` on 127.0.0.1; ``path`` is where clients begin.

    ``faults`` answer the next requests, ``most_at_once`` is how many were under way together.
    """

    def __init__(self, app: web.Application, path: str) -> None:
        self.faults: deque[Fault] = deque()
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._now_open = 0
        self._path = path
        app.middlewares.append(self._door)
        self._server = TestServer(app, host="127.0.0.1")

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url(self._path))

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]

    @web.middleware
    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(Asked(request.path_qs, request.headers))
        self._now_open += 1
        self.most_at_once = max(self.most_at_once, self._now_open)
        try:
            if self.faults:
                return await self.faults.popleft()(request)
            return await self._answer(request, handler)
        finally:
            self._now_open -= 1

    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Answer without a fault."""
        response: web.StreamResponse = await handler(request)
        return response
