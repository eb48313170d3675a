"""Socket Mode: Slack's requests over a WebSocket that this side opens."""

from __future__ import annotations

import asyncio
import logging
import time

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.redact import sdk_logger

_log = logging.getLogger(__name__)

PING_SECONDS = 5.0
"""Between pings, and between tries to connect."""
ADDRESS_SECONDS = 60.0
"""How long one address is tried."""


class Link(SocketModeClient):
    """The connection of a Bolt app, starting at ``address`` and renewed whenever it ends."""

    def __init__(self, app: AsyncApp, app_token: str, address: str) -> None:
        super().__init__(
            app_token, logger=sdk_logger(), web_client=app.client, ping_interval=PING_SECONDS
        )
        self._app = app
        self.wss_uri = address
        self.socket_mode_request_listeners.append(self._answer)

    @property
    def alive(self) -> bool:
        """Whether there is a connection that is not closed."""
        session = self.current_session
        return not self.closed and session is not None and not session.closed

    async def connect(self) -> None:
        """Connect, however long it takes.

        An address is good for one connection and a short while, and the SDK would try a dead one
        for ever.
        """
        while not self.closed:
            try:
                async with asyncio.timeout(ADDRESS_SECONDS):
                    await super().connect()  # type: ignore[no-untyped-call]
                return
            except TimeoutError:
                self.wss_uri = None  # makes it ask for another

    async def shut(self, seconds: float) -> None:
        """Close the connection; where Slack does not answer the farewell in time, without it."""
        try:
            async with asyncio.timeout(seconds):
                await self.close()  # type: ignore[no-untyped-call]
        except TimeoutError:
            _log.debug("Slack did not answer the farewell")
        tasks = (self.message_processor, self.current_session_monitor, self.message_receiver)
        running = [task for task in tasks if task]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.aiohttp_client_session.close()

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, began)
