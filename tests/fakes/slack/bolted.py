"""A real Bolt app behind either door of the fake, and a small one to listen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack.workspace import Workspace

PING_SECONDS = 1.0
"""Between the client's pings: what it takes to notice a dropped connection."""


def bolt(slack: Workspace) -> AsyncApp:
    """An app that calls this workspace and repeats no call."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@asynccontextmanager
async def listening(app: AsyncApp, slack: Workspace) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app connected by Socket Mode."""
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=PING_SECONDS)
    before = slack.socket.opened
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.socket.connected(before + 1)
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def serving(app: AsyncApp, slack: Workspace) -> AsyncIterator[None]:
    """The app behind a Request URL."""

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    site = web.Application()
    site.router.add_post("/slack/events", handle)
    async with TestServer(site) as server:
        slack.request_url.url = str(server.make_url("/slack/events"))
        yield


def echo(app: AsyncApp) -> list[str]:
    """Let the app answer a command with its own text, and return what it has heard."""
    heard: list[str] = []

    @app.command("/papers")
    async def papers(ack: Any, command: dict[str, str]) -> None:
        heard.append(command["text"])
        await ack(command["text"])

    return heard
