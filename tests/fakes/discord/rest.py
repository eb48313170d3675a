"""The REST API: one door, tables of routes, and the checks that all calls pass."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.discord import accounts, channels, interactions, messages, threads
from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import Called
from tests.fakes.discord.throttle import Verdict
from tests.fakes.mishaps import Fault, cut

if TYPE_CHECKING:
    from tests.fakes.discord.platform import Discord

ROUTES = (
    *accounts.ROUTES,
    *channels.ROUTES,
    *messages.ROUTES,
    *threads.ROUTES,
    *interactions.ROUTES,
)
_INVALID = (401, 403, 429)


class Rest:
    """Answers under ``/api/v10`` as Discord does."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    def mount(self, app: web.Application) -> None:
        for route in ROUTES:
            app.router.add_route(route.method, f"/api/v10{route.path}", self._door(route))
        app.router.add_route("*", "/api/{rest:.*}", self._door(_UNKNOWN))

    def _door(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            answer = await self._handle(route, request)
            if answer.status in _INVALID and answer.headers.get("X-RateLimit-Scope") != "shared":
                self._discord.throttle.count_invalid()
            self._discord.changed()
            return answer

        return handle

    async def _handle(self, route: Route, request: web.Request) -> web.Response:
        if self._discord.throttle.banned:
            # Cloudflare's own page: no JSON and no Via header.
            return web.Response(status=429, text="You are being blocked", content_type="text/html")
        fault = self._discord.faults.draw(route.name)
        try:
            body, files = await _read(request)
        except ValueError:
            return self._refused(route, DiscordError(50109), None)
        if fault and not fault.stored and (broken := await strike(request, fault)):
            return broken
        answer = self._answer(route, request, body, files)
        if fault and fault.stored and (broken := await strike(request, fault)):
            return broken
        return answer

    def _answer(
        self, route: Route, request: web.Request, body: Any, files: dict[str, bytes]
    ) -> web.Response:
        where = dict(request.match_info)
        if route.token and request.headers.get("Authorization") != f"Bot {self._discord.token}":
            refused = DiscordError(40001)
            refused.code, refused.message = 0, "401: Unauthorized"
            return self._refused(route, refused, body)
        major = next((where[name] for name in ("channel", "guild", "token") if name in where), "")
        verdict = self._discord.throttle.admit(route.name, major, counts=route.token)
        if verdict.retry_after:
            return too_many(verdict)
        self._discord.calls.append(Called(route.name, where, body))
        try:
            said = route.run(Call(self._discord, where, dict(request.query), body, files))
        except DiscordError as refused:
            return self._refused(route, refused, body, verdict.headers)
        return answered(said, headers=verdict.headers)

    def _refused(
        self, route: Route, error: DiscordError, body: Any, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        self._discord.refuse(route.name, error, body)
        said = {"message": error.message, "code": error.code}
        if error.errors:
            said["errors"] = error.errors
        return answered(said, error.status, headers)


def answered(
    said: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON as Discord sends it, or 204 for None; discord.py wants the bare content type."""
    if said is None:
        return web.Response(status=204, headers=headers)
    body = json.dumps(said).encode()
    return web.Response(
        body=body, status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


def too_many(verdict: Verdict) -> web.Response:
    """A 429; without a ``Via`` header discord.py takes it for a ban."""
    said = {
        "message": "You are being rate limited.",
        "retry_after": round(verdict.retry_after, 3),
        "global": verdict.scope == "global",
    }
    headers = {
        **verdict.headers,
        "Via": "1.1 google",
        "Retry-After": str(math.ceil(verdict.retry_after)),
        "X-RateLimit-Scope": verdict.scope,
    }
    return answered(said, 429, headers)


async def strike(request: web.Request, fault: Fault) -> web.Response | None:
    """Let ``fault`` happen to a request; None where the request goes on after it."""
    if fault.action == "reset":
        return cut(request)
    if fault.action == "server_error":
        return answered({"message": "500: Internal Server Error", "code": 0}, 500)
    if fault.action == "unavailable":
        return web.Response(status=503, text="upstream connect error")
    if fault.action == "rate_limited":
        # A resource's limit is no fault of the bot and is not counted against it.
        return too_many(Verdict({}, fault.seconds, "shared"))
    await asyncio.sleep(fault.seconds)
    return None


async def _read(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    """The JSON body and the uploaded files.  ValueError for what is no JSON."""
    if not request.content_type.startswith("multipart/"):
        text = await request.text()
        return (json.loads(text) if text else {}), {}
    form = await request.post()
    files = {}
    for field in form.values():
        if isinstance(field, web.FileField):
            files[field.filename] = field.file.read()
    return json.loads(str(form.get("payload_json", "{}"))), files


def _unknown(call: Call) -> None:
    raise DiscordError(0)


_UNKNOWN = Route("*", "", "unknown_route", _unknown)
