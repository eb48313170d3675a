"""paperbot's own HTTP server, which adapters add their routes to."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

PATIENCE = 10.0
"""Seconds that the body of a request may take to arrive."""
IDLE = 30.0
"""Seconds that a connection may be open without a whole request."""
MOST_BYTES = 1_000_000
"""Of one body, unpacked; the longest that Slack sends have a quarter of it."""
MOST_BODIES = 64
"""That arrive at once."""
_BROKEN = (web.RequestPayloadError, HttpProcessingError, ConnectionResetError)
"""What aiohttp raises for a request that is no HTTP, or whose sender left."""


class Server:
    """Listens on one address.  ``app`` takes routes until ``start``.

    Handlers begin when the body is there; what is too long, too slow or broken never reaches them.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 8080,
        *,
        patience: float = PATIENCE,
        idle: float = IDLE,
    ) -> None:
        self.app = web.Application(middlewares=[self._whole], client_max_size=MOST_BYTES)
        self._patience = patience
        self._idle = idle
        self._arriving = 0
        self._log = logging.getLogger(__name__)
        self._log.addFilter(_shortened)
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is, with a slash at the end; known for sure after ``start``."""
        local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
        return f"http://{local.get(self._host, _bracketed(self._host))}:{self._port}/"

    @property
    def hosts(self) -> set[str]:
        """What a ``Host`` header may say: this machine's names, or the address it listens on."""
        names = {"127.0.0.1", "localhost", "[::1]", _bracketed(self._host.lower())}
        hosts = {f"{name}:{self._port}" for name in names}
        return hosts | names if self._port == 80 else hosts

    async def start(self) -> None:
        """Serve.  Raises OSError with a sentence where the address cannot be had."""
        self._runner = web.AppRunner(
            self.app,
            access_log=None,
            logger=self._log,
            shutdown_timeout=0.3,
            keepalive_timeout=self._idle,
            lingering_time=1.0,  # for the rest of a body that was refused
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            raise OSError(_why(error, self._host, self._port)) from error
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop serving.  Harmless when never started."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    @web.middleware
    async def _whole(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Read the body first, within its bounds."""
        if request.can_read_body and request.match_info.http_exception is None:
            if self._arriving >= MOST_BODIES:
                raise web.HTTPServiceUnavailable(text="Too many requests at once.\n")
            self._arriving += 1
            try:
                async with asyncio.timeout(self._patience):
                    await request.read()
            except TimeoutError:
                raise web.HTTPRequestTimeout(text="The body took too long.\n") from None
            except _BROKEN:
                raise web.HTTPBadRequest(text="The body is broken.\n") from None
            finally:
                self._arriving -= 1
        return await handler(request)


def _shortened(record: logging.LogRecord) -> bool:
    """A broken request is its sender's doing: one line, and no traceback to flood the log with."""
    if record.exc_info and isinstance(record.exc_info[1], _BROKEN):
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; free it or set PAPERBOT_HTTP__PORT to another one"
    # asyncio puts the address into the text once more; a name that is unknown has another number
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return (
        f"cannot serve on {host}, port {port} ({why}); "
        "set PAPERBOT_HTTP__HOST and PAPERBOT_HTTP__PORT"
    )
