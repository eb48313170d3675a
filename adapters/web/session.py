"""One open page: what it says goes to a hearer, what it is told is queued."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeAlias

from aiohttp import WSCloseCode, WSMsgType, web

MESSAGE_LIMIT = 64 * 1024
"""Longest message of a page, in bytes; a longer one closes its socket."""
BACKLOG = 1_000
"""Messages that wait for a slow page; one more and it has to connect anew."""

Hear: TypeAlias = Callable[["Session", str, int], Coroutine[Any, Any, None]]
"""Takes a message, and how many earlier ones of the page are still being answered."""


class Session:
    """A WebSocket; ``run`` serves it until it closes."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._socket = web.WebSocketResponse(
            max_msg_size=MESSAGE_LIMIT, heartbeat=30, timeout=0.2, compress=True
        )
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, message: dict[str, Any]) -> None:
        """Queue a message.  A page that does not take them is cut off; it will come back."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            if transport := self._request.transport:
                transport.abort()

    async def run(self, hello: dict[str, Any], hear: Hear) -> web.WebSocketResponse:
        self.tell(hello)
        await self._socket.prepare(self._request)
        self._spawn(self._write())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._spawn(hear(self, message.data, len(self._tasks) - 1))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        return self._socket

    async def close(self) -> None:
        if self._socket.prepared:
            await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"paperbot stops")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self) -> None:
        with suppress(ConnectionError):  # the page is gone; the reading side notices, too
            while True:
                message = await self._queue.get()
                await self._socket.send_str(json.dumps(message))
