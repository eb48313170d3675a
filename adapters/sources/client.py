"""Asking a source's server over HTTP: bounded in time, size and tries, and paused as it asks."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias, TypeVar

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from adapters.base import SourceError

log = logging.getLogger(__name__)

TIMEOUT = ClientTimeout(total=60, sock_connect=10, sock_read=20)
TRIES = 3
MOST_BYTES = 5_000_000
"""The longest answer that is read; the longest of use have about one million."""
_PAUSE = 300  # seconds: the window of the Hub's rate limits
_READ = (200, 400)  # the answers whose body says something

Read = TypeVar("Read")
Turn: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
"""Waits until it is our turn to ask; held while a request is under way."""


class NoAnswerError(SourceError):
    """The server cannot be reached, is overloaded or broken: true of its other addresses, too."""


class TryAgainError(Exception):
    """The answer may be another one at the next try; the text says what it was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` of a success or a complaint only."""

    status: int
    etag: str | None
    body: bytes


class Client:
    """Asks one server.

    ``kinds``: the content types that are read, and what they are called in an error.  ``headers``
    go with each request; ``secret`` is kept out of every text.  ``now`` gives aware times,
    ``sleep`` takes seconds, ``random`` gives 0 to 1.
    """

    def __init__(
        self,
        session: ClientSession,
        *,
        kinds: tuple[str, ...],
        called: str,
        headers: Mapping[str, str],
        now: Callable[[], datetime],
        secret: str | None = None,
        turn: Turn = nullcontext,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        self._session = session
        self._kinds = kinds
        self._called = called
        # Compressed answers could swell to any size.
        self._headers = {"Accept": kinds[0], "Accept-Encoding": "identity", **headers}
        self._now = now
        self._secret = secret
        self._turn = turn
        self._sleep = sleep
        self._random = random
        self._timeout = timeout
        self._free_at = datetime.min.replace(tzinfo=UTC)

    async def get(self, url: URL, read: Callable[[Answer], Read], etag: str | None = None) -> Read:
        """What ``read`` makes of the answer, whatever its status but 429 and 5xx.

        ``read`` may raise TryAgainError.  Raises SourceError, NoAnswerError after all tries.
        """
        for attempt in range(TRIES):
            if (wait := (self._free_at - self._now()).total_seconds()) > 0:
                log.debug("waiting %.0f s before asking %s again", wait, url.host)
                await self._sleep(wait)
            try:
                async with self._turn():
                    answer = await self._try(url, etag)
                if answer.status != 429 and answer.status < 500:
                    return read(answer)
                failure = f"answered {answer.status}"
            except (ClientError, OSError) as error:
                failure = f"did not answer ({str(error) or 'timed out'})"
            except TryAgainError as error:
                failure = str(error)
            self._pause(2**attempt * (0.5 + self._random()))
        raise NoAnswerError(self.told(url, f"{failure}, {TRIES} times."))

    def told(self, url: URL, what: str) -> str:
        """The sentence of an error, without the secret: a hostile server could send it back."""
        text = f"{url} {what}"
        return text.replace(self._secret, "***") if self._secret else text

    async def _try(self, url: URL, etag: str | None) -> Answer:
        headers = {**self._headers, "If-None-Match": etag} if etag else self._headers
        async with self._session.get(
            url, headers=headers, allow_redirects=False, timeout=self._timeout
        ) as response:
            self._pause(_asked_pause(response, self._now()))
            if 300 <= response.status < 400 and response.status != 304:
                what = f"answered {response.status}. Redirects are not followed."
                raise SourceError(self.told(url, f"{what} Is the endpoint's address right?"))
            body = await self._body(response) if response.status in _READ else b""
            return Answer(response.status, response.headers.get("ETag"), body)

    async def _body(self, response: ClientResponse) -> bytes:
        if response.content_type not in self._kinds:
            if response.status != 200:
                return b""
            what = f"answered {response.content_type} instead of {self._called}."
            raise SourceError(self.told(response.url, f"{what} Is a proxy in the way?"))
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                what = f"answered more than {MOST_BYTES // 1_000_000} MB."
                raise SourceError(self.told(response.url, what))
        return bytes(body)

    def _pause(self, seconds: float) -> None:
        """Make no request for so long, within reason."""
        self._free_at = max(self._free_at, self._now() + timedelta(seconds=min(seconds, _PAUSE)))


def _asked_pause(response: ClientResponse, now: datetime) -> float:
    """How many seconds we are asked to wait, by ``Retry-After`` or the Hub's ``RateLimit``."""
    after = response.headers.get("Retry-After", "")
    if re.fullmatch("[0-9]{1,9}", after):
        return float(after)
    try:
        return (parsedate_to_datetime(after) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        pass  # absent, or not a date
    # For example "api";r=0;t=120: no request remains for the next 120 seconds.
    limit = response.headers.get("RateLimit", "")
    spent = re.search(r";\s*r=0\s*;\s*t=([0-9]{1,9})", limit)
    return float(spent[1]) if spent else 0
