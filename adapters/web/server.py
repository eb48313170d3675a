"""The playground's server: one page, its WebSocket, and the channel behind them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.base import DeliveryError, Finding, Handle, RenderAs
from adapters.server import Server
from adapters.web.channel import Channel, Post
from adapters.web.render import render
from adapters.web.session import Session
from commands.model import Arg, Call, Caller, Command, Reply
from storage.ids import ids_within
from storage.model import Payload, Standing, Target

HERE = Target("web", "local", "papers")
"""The one channel of the playground."""

EXAMPLES = ("today", "search diffusion models", "trending --limit 5")
LINE_LIMIT = 4_000
"""Longest line that a page may send, in characters."""
SOCKETS = 64
"""Most pages open at once."""
CALLS = 8
"""Most lines of one page that run at once."""
POLL = 0.5
"""Seconds between looks for posts of other processes."""

STATIC = Path(__file__).parent / "static"
FILES = {
    "/": "index.html",
    "/app.js": "app.js",
    "/style.css": "style.css",
    "/icon.svg": "icon.svg",
}
HEADERS = {
    # Thumbnails come from the papers' own sites; everything else is ours.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src https: 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class Line(BaseModel):
    """What a page sends: a typed line or a button's token, and how to answer it."""

    model_config = ConfigDict(frozen=True)

    id: int
    text: str = Field(max_length=LINE_LIMIT)
    mode: Literal["new", "update", "share"] = "new"
    zone: str = Field(default="", max_length=60)


class Web:
    """A chat channel in the browser, for one person or a trusted few; see ``adapters.base.Chat``.

    ``folder`` keeps the posts.  Its routes on ``server`` are closed to other hosts and origins
    (DNS rebinding, cross-site WebSockets); without a server it can only be posted to.  What
    ``banner`` says when a page opens is shown above the channel.
    """

    name = "web"
    pace = timedelta(0)

    def __init__(
        self,
        folder: Path,
        server: Server | None = None,
        *,
        banner: Callable[[], str] = str,
        examples: Sequence[str] = EXAMPLES,
    ) -> None:
        if server:
            for path in FILES:
                server.app.router.add_get(path, self._guarded(server, _file))
            server.app.router.add_get("/socket", self._guarded(server, self._socket))
        self._banner = banner
        self._examples = list(examples)
        self._channel = Channel(folder / "papers.jsonl")
        self._sessions: set[Session] = set()
        self._poller: asyncio.Task[None] | None = None
        self._commands: list[Payload] = []
        self._handle: Handle

    @property
    def connected(self) -> bool:
        return self._poller is not None and not self._poller.done()

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        self._commands = [_described(command) for command in commands]
        self._handle = handle
        await asyncio.to_thread(self._channel.repair)
        self._poller = asyncio.create_task(self._poll())

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        return render(reply, layout)

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        """Post one message.  A key that is there already gives the ref of its message."""
        if target != HERE:
            raise DeliveryError(
                f"The playground has only #{HERE.channel}, not {target.channel}.", permanent=True
            )
        now = datetime.now(UTC)
        try:
            return await asyncio.to_thread(self._channel.add, key, parent, payload, now)
        finally:
            self._publish()

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        await asyncio.to_thread(self._channel.read)
        self._publish()
        return self._channel.find(key, since) if target == HERE else None

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        await asyncio.to_thread(self._channel.read)
        return [
            Standing(key=post.key, ref=post.ref, at=post.at, papers=ids_within(post.payload))
            for post in self._channel.posts
            if post.at >= since and target == HERE
        ]

    async def tell(self, team: str, person: str, text: str) -> None:
        """Post it: whoever opens the playground is the person."""
        [payload] = render(Reply(title="", text=text), "answer")
        await self.send(HERE, payload, None, f"tell-{secrets.token_hex(8)}")

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        try:
            await asyncio.to_thread(self._channel.read)
        except OSError as error:
            return [Finding("playground", f"its posts cannot be read ({error})", "Mend the file.")]
        return [Finding("playground")]

    async def stop(self) -> None:
        if self._poller:
            self._poller.cancel()
        await asyncio.gather(*(session.close() for session in self._sessions))

    # ---- what the pages hear

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            try:
                if self._channel.grew():
                    await asyncio.to_thread(self._channel.read)
            except OSError:
                log.exception("the channel's file cannot be read")
            self._publish()

    def _publish(self) -> None:
        for post in self._channel.news():
            for session in self._sessions:
                session.tell({"type": "post", "post": _shown(post)})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sessions) >= SOCKETS:
            return web.Response(status=503, text=f"{SOCKETS} pages are open; close one of them.\n")
        session = Session(request)
        self._sessions.add(session)
        try:
            posts = [_shown(post) for post in _after(self._channel.posts, request.query)]
            banner = await asyncio.to_thread(self._banner)
            greeting = {"banner": banner, "examples": self._examples}
            hello = {**greeting, "type": "hello", "commands": self._commands, "posts": posts}
            return await session.run(hello, self._hear)
        finally:
            self._sessions.discard(session)

    # ---- what the pages say

    async def _hear(self, session: Session, text: str, running: int) -> None:
        try:
            line = Line.model_validate_json(text)
        except ValidationError:
            session.tell({"type": "refused", "text": "That line could not be read."})
            return
        if running >= CALLS:
            payloads = render(Reply(title="One moment: your other lines still run."), "answer")
        else:
            payloads = await self._answer(line)
        session.tell({"type": "answer", "id": line.id, "payloads": payloads})

    async def _answer(self, line: Line) -> list[Payload]:
        """Messages for the asker alone; none where the answer was posted for all to see."""
        caller = Caller("local", "you", _zone(line.zone))
        try:
            reply = await self._handle(Call(caller=caller, target=HERE, text=line.text))
            payloads = render(reply, "answer")
            if line.mode == "share" and not reply.refused:
                await self._share(payloads)
                return []
        except DeliveryError as error:
            return render(Reply(title="That could not be shared", text=str(error)), "answer")
        except Exception:
            log.exception("a line from the playground failed")
            reply = Reply(title="That did not work", text="It is paperbot's fault; see its log.")
            return render(reply, "answer")
        return payloads

    async def _share(self, payloads: list[Payload]) -> None:
        """Post an answer: its first message, the others into a thread under it."""
        mark = secrets.token_hex(8)
        parent = None
        for part, payload in enumerate(payloads):
            ref = await self.send(HERE, {**payload, "by": "you"}, parent, f"share-{mark}-{part}")
            parent = parent or ref

    # ---- who may come in

    def _guarded(self, server: Server, handler: Handler) -> Handler:
        """Only for pages of our own address: against DNS rebinding and cross-site WebSockets."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            if request.host.lower() not in server.hosts:
                text = f"This is not {server.url}; the address is set by PAPERBOT_HTTP__HOST.\n"
                response: web.StreamResponse = web.Response(status=403, text=text)
            elif origin is not None and origin.lower() != f"http://{request.host.lower()}":
                response = web.Response(status=403, text="Other sites may not use this one.\n")
            elif not self.connected:
                response = web.Response(status=503, text="paperbot is starting.\n")
            else:
                response = await handler(request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return guarded


async def _file(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / FILES[request.path])


def _zone(name: str) -> ZoneInfo | None:
    with suppress(KeyError, ValueError, OSError):
        return ZoneInfo(name)
    return None


def _after(posts: list[Post], query: Any) -> list[Post]:
    """The posts after the one that the page knows already."""
    known = query.get("after")
    for index, post in enumerate(posts, 1):
        if post.ref == known:
            return posts[index:]
    return posts


def _shown(post: Post) -> Payload:
    shown: Payload = post.model_dump(mode="json", exclude={"key"})
    return shown


def _described(command: Command) -> Payload:
    """What the page needs to complete a command and to explain it."""
    return {
        "name": command.name,
        "help": command.help,
        "example": command.examples[0] if command.examples else command.name,
        "args": [_described_arg(arg, arg == command.rest) for arg in command.args],
    }


def _described_arg(arg: Arg, rest: bool) -> Payload:
    default = "" if arg.default in (None, False) else str(arg.default)
    return {
        "name": arg.name,
        "help": arg.help,
        "required": arg.required,
        "default": default[:5] if arg.kind == "time" else default,  # 09:00
        "choices": list(arg.choices),
        "word": arg.word,
        "rest": rest,
        "complete": arg.complete,
    }
