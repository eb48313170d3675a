"""Delivery by HTTP to the app's Request URL, signed as docs.slack.dev, "verifying requests"."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from tests.fakes.slack.events import Kind, UndeliveredError
from tests.fakes.slack.model import Json

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    """One signed request, kept so that it can be sent again byte for byte."""

    body: bytes
    headers: Mapping[str, str]


class RequestUrl:
    """Slack as an HTTP client.  ``url`` turns it on; ``sent`` is every request in order."""

    def __init__(self, slack: Workspace) -> None:
        self.url = ""
        self.sent: list[Request] = []
        self._slack = slack
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, kind: Kind, payload: Json, retry: int, reason: str) -> Json:
        """Post once and return the body of the answer as JSON (``{}`` where it is empty)."""
        request = self.signed(kind, payload)
        if retry:
            named = "http_timeout" if reason == "operation_timeout" else "http_error"
            again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": named}
            request = Request(request.body, {**request.headers, **again})
        try:
            async with asyncio.timeout(self._slack.ack_seconds):
                status, text = await self.send(request)
        except TimeoutError:
            raise UndeliveredError("operation_timeout") from None
        except aiohttp.ClientError:
            raise UndeliveredError("dispatch_failed") from None
        if status != 200:
            raise UndeliveredError(f"http_{status}")
        try:
            answer = json.loads(text) if text else {}
        except ValueError:
            answer = None
        return answer if isinstance(answer, dict) else {"text": text}

    async def send(self, request: Request) -> tuple[int, str]:
        """Post ``request`` as it is and return status and body."""
        self.sent.append(request)
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(
            self.url, data=request.body, headers=request.headers
        ) as response:
            return response.status, await response.text()

    async def replay(self) -> int:
        """Send the last request again, byte for byte; returns the status."""
        return (await self.send(self.sent[-1]))[0]

    async def forged(self, kind: Kind, payload: Json) -> int:
        """Send what somebody made up who lacks the signing secret; returns the status."""
        return (await self.send(self.signed(kind, payload, secret="guessed")))[0]

    async def stale(self, kind: Kind, payload: Json, age: float = 301) -> int:
        """Send a request signed properly ``age`` seconds ago; returns the status."""
        return (await self.send(self.signed(kind, payload, age=age)))[0]

    async def verify(self) -> str:
        """The one-time handshake: what the app answers to the challenge ``prove it``."""
        payload = {"type": "url_verification", "token": "t", "challenge": "prove it"}
        return (await self.send(self.signed("events_api", payload)))[1]

    def signed(
        self, kind: Kind, payload: Json, *, secret: str | None = None, age: float = 0
    ) -> Request:
        """``v0`` signature over the timestamp and the raw body; real time, as apps check it."""
        form = {"interactive": {"payload": json.dumps(payload)}, "slash_commands": payload}
        encoded = urlencode(form[kind]) if kind in form else json.dumps(payload)
        timestamp = str(int(time.time() - age))
        key = (secret or self._slack.signing_secret).encode()
        digest = hmac.new(key, f"v0:{timestamp}:{encoded}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": _FORM if kind in form else "application/json",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        return Request(encoded.encode(), headers)

    async def stop(self) -> None:
        if self._session:
            await self._session.close()
