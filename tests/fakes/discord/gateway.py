"""Discord's gateway: sessions that outlive their connections, events in order, and its mishaps.

events/gateway.mdx.  Payloads are sent as text, without the compression that clients offer.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from tests.fakes.discord.model import APP_ID, Json, iso
from tests.fakes.mishaps import cut

if TYPE_CHECKING:
    from tests.fakes.discord.platform import Discord

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, MEMBERS, INVALID_SESSION, HELLO, ACK = 7, 8, 9, 10, 11
GUILDS, GUILD_MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = GUILD_MEMBERS | PRESENCES | MESSAGE_CONTENT
ALL_INTENTS = (1 << 26) - 1
PAYLOAD_BYTES = 4096
PAYLOADS, PAYLOAD_SECONDS = 120, 60.0
KEPT_EVENTS = 10_000


@dataclass(slots=True)
class Session:
    """What survives a dropped connection.  ``events``: the last ones, each with its ``s``."""

    id: str
    intents: int
    seq: int = 0
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))


class Connection:
    """One WebSocket.  What is sent goes through a queue, so that events keep their order."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.request = request
        self.socket = socket
        self.session: Session | None = None
        self.received: deque[float] = deque()
        self._outbox: asyncio.Queue[Json | int] = asyncio.Queue()

    def send(self, payload: Json) -> None:
        self._outbox.put_nowait(payload)

    def close(self, code: int) -> None:
        """Close after what is still to be sent."""
        self._outbox.put_nowait(code)

    async def write(self) -> None:
        while True:
            payload = await self._outbox.get()
            if isinstance(payload, int):
                await self.socket.close(code=payload)
                return
            try:
                await self.socket.send_json(payload)
            except ConnectionError:
                return


class Gateway:
    """All sessions of the bot.

    ``identifies``, ``resumes`` and ``heartbeats`` count what clients sent; ``closed`` lists the
    codes that the gateway closed connections with.  ``privileged``: the intents switched on in the
    portal.
    """

    def __init__(self, discord: Discord, heartbeat_ms: int) -> None:
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.closed: list[int] = []
        self.privileged = 0
        self.sessions: dict[str, Session] = {}
        self._discord = discord
        self._heartbeat_ms = heartbeat_ms
        self._connections: set[Connection] = set()
        self._dropping: asyncio.Task[None] | None = None

    @property
    def live(self) -> list[Connection]:
        """The connections with a session."""
        return [one for one in self._connections if one.session]

    async def connected(self, sessions: int = 1) -> None:
        """Wait until so many connections have a session."""
        await self._discord.until(lambda: len(self.live) >= sessions)

    # Mishaps

    async def drop(self) -> None:
        """Reset every connection without a word, and wait until all of them are gone."""
        gone = set(self._connections)
        for connection in gone:
            cut(connection.request)
        await self._discord.until(lambda: not gone & self._connections)

    def drop_every(self, seconds: float | None) -> None:
        """Drop all connections again and again; None ends it."""
        if self._dropping:
            self._dropping.cancel()
        self._dropping = asyncio.create_task(self._drop_on(seconds)) if seconds else None

    async def _drop_on(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.drop()

    def reconnect(self) -> None:
        """Ask every client to come back at once (op 7)."""
        for connection in self.live:
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every client that its session is invalid (op 9)."""
        for connection in self.live:
            connection.send({"op": INVALID_SESSION, "d": resumable})
        if not resumable:
            self.forget()

    def forget(self) -> None:
        """Lose all sessions: who resumes has to identify again."""
        self.sessions.clear()

    def close(self, code: int) -> None:
        """Close every connection with ``code``."""
        for connection in self.live:
            self._close(connection, code)

    async def stop(self) -> None:
        self.drop_every(None)
        for connection in list(self._connections):
            await connection.socket.close()

    # Events

    def tell(self, event: str, data: Json, intents: int = 0) -> None:
        """Send to every session that asked for one of ``intents``; 0 goes to all."""
        for session in self.sessions.values():
            if not intents or session.intents & intents:
                self._dispatch(session, event, data)

    def _dispatch(self, session: Session, event: str, data: Json) -> None:
        session.seq += 1
        payload = {"op": DISPATCH, "t": event, "s": session.seq, "d": data}
        session.events.append(payload)
        for connection in self._connections:
            if connection.session is session:
                connection.send(payload)

    # Connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection from its hello to its end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(request, socket)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            if request.query.get("v") != "10":
                self._close(connection, 4012)
            connection.send({"op": HELLO, "d": {"heartbeat_interval": self._heartbeat_ms}})
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(connection, message.data)
        finally:
            writer.cancel()
            self._connections.discard(connection)
            self._discord.changed()
        return socket

    def _take(self, connection: Connection, text: str) -> None:
        now, received = self._discord.clock(), connection.received
        received.append(now)
        while received[0] <= now - PAYLOAD_SECONDS:
            received.popleft()
        if len(received) > PAYLOADS:
            self._close(connection, 4008)
            return
        if len(text.encode()) > PAYLOAD_BYTES:
            self._close(connection, 4002)
            return
        payload = json.loads(text)
        op, data = payload.get("op"), payload.get("d")
        if op == HEARTBEAT:
            self.heartbeats += 1
            connection.send({"op": ACK})
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif op not in (PRESENCE, VOICE, MEMBERS):
            self._close(connection, 4001)
        elif connection.session is None:
            self._close(connection, 4003)
        self._discord.changed()

    def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies += 1
        intents = data.get("intents", 0)
        if connection.session:
            self._close(connection, 4005)
        elif data.get("token") != self._discord.token:
            self._close(connection, 4004)
        elif not 0 <= intents <= ALL_INTENTS:
            self._close(connection, 4013)
        elif intents & PRIVILEGED & ~self.privileged:
            self._close(connection, 4014)
        elif not self._discord.throttle.may_identify():
            connection.send({"op": INVALID_SESSION, "d": False})
        else:
            session = Session(self._discord.new_id(), intents)
            self.sessions[session.id] = connection.session = session
            self._welcome(session)

    def _welcome(self, session: Session) -> None:
        here = [guild for guild in self._discord.guilds.values() if guild.installed]
        ready = {
            "v": 10,
            "user": self._discord.bot.to_json(),
            "guilds": [{"id": guild.id, "unavailable": True} for guild in here],
            "session_id": session.id,
            "resume_gateway_url": self._discord.gateway_url,
            "application": {"id": APP_ID, "flags": 0},
            "private_channels": [],
        }
        self._dispatch(session, "READY", ready)
        for guild in here if session.intents & GUILDS else []:
            known = self._discord.events.guild_create(guild) | {"unavailable": False}
            self._dispatch(session, "GUILD_CREATE", known)

    def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes += 1
        session = self.sessions.get(data.get("session_id") or "")
        if data.get("token") != self._discord.token:
            self._close(connection, 4004)
        elif session is None:
            connection.send({"op": INVALID_SESSION, "d": False})
        elif not 0 <= (data.get("seq") or 0) <= session.seq:
            self._close(connection, 4007)
        else:
            for other in self._connections:
                if other.session is session:
                    other.session = None
            for event in [one for one in session.events if one["s"] > (data.get("seq") or 0)]:
                connection.send(event)
            connection.session = session
            self._dispatch(session, "RESUMED", {"at": iso(self._discord.clock())})

    def _close(self, connection: Connection, code: int) -> None:
        self.closed.append(code)
        connection.close(code)
