"""paperbot's own HTTP server, which adapters add their routes to."""

from __future__ import annotations

import errno

from aiohttp import web


class Server:
    """Listens on one address.  ``app`` takes routes until ``start``."""

    def __init__(self, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.app = web.Application()
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
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.3)
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


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; free it or set PAPERBOT_HTTP__PORT to another one"
    return (
        f"cannot serve on {host}, port {port} ({error.strerror}); "
        "set PAPERBOT_HTTP__HOST and PAPERBOT_HTTP__PORT"
    )
