"""Slack's end of Socket Mode: up to ten WebSockets of one app, each envelope to one of them.

Messages as in docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Literal, TypeAlias

from aiohttp import WSMsgType, web

from tests.fakes.mishaps import cut
from tests.fakes.slack.events import Kind, UndeliveredError
from tests.fakes.slack.model import APP_ID, Json

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace

Reason: TypeAlias = Literal["warning", "refresh_requested", "link_disabled"]

MOST_CONNECTIONS = 10


class SocketMode:
    """The connections and what they carry.

    ``opened`` counts all connections so far; ``envelopes`` is every envelope sent, in order.
    """

    def __init__(self, slack: Workspace) -> None:
        self.opened = 0
        self.envelopes: list[Json] = []
        self._slack = slack
        self._tickets: set[str] = set()
        self._connections: dict[web.WebSocketResponse, web.Request] = {}
        self._retiring: set[web.WebSocketResponse] = set()
        self._acks: dict[str, asyncio.Future[Json]] = {}
        self._turn = itertools.count()

    @property
    def active(self) -> list[web.WebSocketResponse]:
        """The connections that get envelopes."""
        return [one for one in self._connections if one not in self._retiring and not one.closed]

    def new_ticket(self) -> str:
        ticket = self._slack.new_id("ticket")
        self._tickets.add(ticket)
        return ticket

    async def connected(self, opened: int = 1) -> None:
        """Wait until so many connections have ever been opened and one of them is active."""
        await self._slack.until(lambda: self.opened >= opened and self.active)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection from its hello to its end.  A ticket opens one connection."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401)
        self._tickets.remove(ticket)
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        if len(self.active) >= MOST_CONNECTIONS:
            await connection.send_json(_farewell("too_many_websockets"))
            await connection.close()
            return connection
        self._connections[connection] = request
        self.opened += 1
        await connection.send_json(self._hello())
        self._slack.changed()
        try:
            async for message in connection:
                if message.type is WSMsgType.TEXT:
                    self._take(json.loads(message.data))
        finally:
            del self._connections[connection]
            self._retiring.discard(connection)
            self._slack.changed()
        return connection

    async def deliver(self, kind: Kind, payload: Json, retry: int, reason: str) -> Json:
        """Send one envelope to one connection, in turn, and wait for its acknowledgement."""
        envelope: Json = {
            "envelope_id": self._slack.new_id("envelope-"),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        return await self._send(envelope)

    async def repeat(self) -> Json:
        """Send the last envelope a second time, as it was."""
        return await self._send(self.envelopes[-1])

    async def disconnect(self, reason: Reason = "refresh_requested") -> None:
        """Announce the end to every connection; after a mere warning they still get envelopes."""
        for connection in self.active:
            if reason != "warning":
                self._retiring.add(connection)
            await connection.send_json(_farewell(reason))

    async def close(self) -> None:
        """Close every connection in order."""
        for connection in list(self._connections):
            await connection.close()

    async def drop(self) -> None:
        """Reset every connection without a word, and wait until all of them are gone."""
        gone = list(self._connections)
        for request in self._connections.values():
            cut(request)
        await self._slack.until(lambda: not set(gone) & set(self._connections))

    async def stop(self) -> None:
        await self.close()
        for future in self._acks.values():
            future.cancel()

    async def _send(self, envelope: Json) -> Json:
        active = self.active
        if not active:
            raise UndeliveredError("dispatch_failed")
        self.envelopes.append(envelope)
        connection = active[next(self._turn) % len(active)]
        future = asyncio.get_running_loop().create_future()
        self._acks[envelope["envelope_id"]] = future
        try:
            await connection.send_json(envelope)
            async with asyncio.timeout(self._slack.ack_seconds):
                return dict(await future)
        except (TimeoutError, ConnectionError):
            raise UndeliveredError("operation_timeout") from None
        finally:
            self._acks.pop(envelope["envelope_id"], None)

    def _take(self, acknowledgement: Json) -> None:
        future = self._acks.get(acknowledgement.get("envelope_id", ""))
        if future and not future.done():
            future.set_result(acknowledgement.get("payload") or {})

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.active),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "applink-fake", "approximate_connection_time": 3600},
        }


def _farewell(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-fake"}}
