"""What a supervisor and Prometheus ask: alive, ready, and how much of what was done.

They tell counts and the names of parts, nothing of any team.  ``/readyz`` and ``/metrics`` are for
this network alone: what a proxy passes on from elsewhere is told that there is no such page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from adapters.server import Server

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def add_probes(
    server: Server,
    faults: Callable[[], Awaitable[Mapping[str, str]]],
    metrics: Callable[[], Awaitable[bytes]],
    content_type: str,
) -> None:
    """Give the server its three pages.

    ``faults``: each part by name with what is wrong with it, nothing where it is well.
    """

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        _not_from_afar(request)
        found = await faults()
        ready = not any(found.values())
        parts = {name: fault or "ok" for name, fault in found.items()}
        return web.json_response({"ready": ready, **parts}, status=200 if ready else 503)

    async def counts(request: web.Request) -> web.Response:
        _not_from_afar(request)
        return web.Response(body=await metrics(), headers={"Content-Type": content_type})

    for path, handler in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", counts)):
        server.app.router.add_get(path, handler)


def _not_from_afar(request: web.Request) -> None:
    if any(name in request.headers for name in _FORWARDED):
        raise web.HTTPNotFound
