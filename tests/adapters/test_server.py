"""paperbot's own server against requests that are meant to hurt it."""

from __future__ import annotations

import asyncio
import gzip
import logging
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from adapters.server import MOST_BODIES, Server

POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(port=0, patience=0.3, idle=0.5)
    server.app.router.add_post("/echo", echo)
    await server.start()
    yield server
    await server.stop()


async def raw(server: Server, sent: bytes) -> bytes:
    """All that comes back for these bytes until the server closes the connection."""
    host, port = server.url.removeprefix("http://").strip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def post(server: Server, body: bytes, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        ClientSession() as session,
        session.post(f"{server.url}echo", data=body, headers=named) as response,
    ):
        return response.status, await response.text()


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + b"Content-Length: 900\r\n\r\n{", b"408"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"408"),
        (POST + b"Content-Length: 2000000\r\n\r\n" + bytes(2_000_000), b"413"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{\r\n", b"400"),
        (POST + b"Content-Length: -5\r\n\r\n{", b"400"),
        (POST + b"X: " + b"a" * 20_000, b"400"),
        (POST + b"Content-Length: 9\r\nContent-Encoding: gzip\r\n\r\nnot gzip!", b"400"),
        (POST + b"X: ", b""),
        (b"", b""),
    ],
    ids=["stalls", "drips", "long", "lies", "negative", "header", "not gzip", "begins", "silent"],
)
async def test_a_hostile_request_is_refused_and_its_connection_closed(
    server: Server, caplog: pytest.LogCaptureFixture, sent: bytes, status: bytes
) -> None:
    caplog.set_level(logging.INFO)
    answer = await raw(server, sent)
    assert answer[9:12] == status
    assert await post(server, b"{}") == (200, "2")
    assert caplog.text.count("Traceback") == 0


async def test_a_sender_that_leaves_is_no_news(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = server.url.removeprefix("http://").strip("/").split(":")
    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(POST + b"Content-Length: 900\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
    assert await post(server, b"{}") == (200, "2")
    assert caplog.text.count("Traceback") == 0


async def test_a_body_that_is_packed_is_bounded_unpacked(server: Server) -> None:
    assert await post(server, gzip.compress(b"{}" * 9), Content_Encoding="gzip") == (200, "18")
    packed = bomb(200)
    tracemalloc.start()
    try:
        status, _ = await post(server, packed, Content_Encoding="gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 413
    assert peak < 20_000_000


async def test_only_so_many_bodies_arrive_at_once(server: Server) -> None:
    slow = POST + b"Content-Length: 900\r\n\r\n{"
    answers = await asyncio.gather(*(raw(server, slow) for _ in range(MOST_BODIES + 6)))
    statuses = [answer[9:12] for answer in answers]
    assert (statuses.count(b"408"), statuses.count(b"503")) == (MOST_BODIES, 6)
    assert await post(server, b"{}") == (200, "2")
