"""The Hugging Face Hub's daily papers, over its JSON API."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from adapters.base import SourceError
from adapters.sources import wire
from storage.ids import paper_id
from storage.model import Paper

log = logging.getLogger(__name__)

FIRST_LIST = date(2023, 5, 4)
"""The day of the Hub's first daily list."""

TIMEOUT = ClientTimeout(total=60, sock_connect=10, sock_read=20)
TRIES = 3
_PAGE = 100  # entries; the API's maximum
_PAGES = 20  # of one list, of which the longest so far had 49 entries
_BYTES = 20_000_000  # of one answer; a page of 100 entries has about one million
_PAUSE = 300  # seconds: the window of the Hub's rate limits
_KEPT = 64  # pages remembered for conditional requests
_OUTAGE = 3  # days in a row without any answer, after which the others are not tried
_TOLD = 3  # failed days spelt out in an error


class _NoAnswerError(SourceError):
    """The Hub cannot be reached, is overloaded or broken: true of other addresses, too."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    etag: str | None = None
    data: object = None


@dataclass(frozen=True, slots=True)
class _Page:
    etag: str | None
    papers: list[Paper]
    full: bool


@asynccontextmanager
async def connected(
    endpoint: str, token: str | None, now: Callable[[], datetime]
) -> AsyncIterator[HuggingFace]:
    """The source with an HTTP session of its own."""
    async with ClientSession() as session:
        yield HuggingFace(session, endpoint, token, now)


class HuggingFace:
    """The source ``huggingface``.

    ``endpoint`` is the Hub's address or a mirror's, with or without a path; ``token`` raises the
    rate limits.  ``now`` gives aware times; ``sleep`` takes seconds; ``random`` gives 0 to 1.
    Raises ValueError where the endpoint is not an http address, or holds a password.
    """

    name = "huggingface"

    def __init__(
        self,
        session: ClientSession,
        endpoint: str,
        token: str | None,
        now: Callable[[], datetime],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        address = URL(endpoint.rstrip("/"))
        if address.scheme not in ("http", "https") or not address.host or address.user:
            raise ValueError("the Hub's endpoint must be an address like https://huggingface.co")
        self._session = session
        self._api = address / "api"
        self._token = token
        self._now = now
        self._sleep = sleep
        self._random = random
        self._timeout = timeout
        self._free_at = datetime.min.replace(tzinfo=UTC)
        self._known: dict[URL, _Page] = {}

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        """The papers of each day's list from ``since`` to today (UTC), oldest first.

        A list that has not changed is given again from memory.  A day that cannot be read does not
        keep the others back: one SourceError at the end tells which days are missing.
        """
        day, failed, silent = max(since, FIRST_LIST), [], 0
        while day <= self._today() and silent < _OUTAGE:
            try:
                async for paper in self._list(day):
                    yield paper
                silent = 0
            except SourceError as error:
                failed.append(f"{day}: {error}")
                silent = silent + 1 if isinstance(error, _NoAnswerError) else 0
            day += timedelta(days=1)
        if failed:
            told = " ".join(failed[:_TOLD]) + (" …" if len(failed) > _TOLD else "")
            rest = f" The days from {day} on were not tried." if day <= self._today() else ""
            raise SourceError(
                f"{len(failed)} of the daily lists could not be read, so their papers are missing "
                f"until a later try. {told}{rest}"
            )

    async def trending(self) -> AsyncIterator[Paper]:
        """The hundred papers that the Hub calls trending, hottest first.  Raises SourceError."""
        url = (self._api / "daily_papers").with_query(sort="trending", p=0, limit=_PAGE)
        for paper in (await self._page(url, None)).papers:
            yield paper

    async def get(self, id: str) -> Paper | None:
        """One paper by its arXiv id; None for any that the Hub has no page for."""
        if paper_id(id) != id:
            return None
        url = self._api / "papers" / id
        answer = await self._ask(url)
        if answer.status == 404:
            return None
        try:
            paper = wire.read_paper(answer.data)
        except ValueError as error:
            raise SourceError(self._told(url, f"answered {error}.")) from None
        if paper.id != id:
            raise SourceError(self._told(url, f"answered with another paper, {paper.id}."))
        return paper

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    async def _list(self, day: date) -> AsyncIterator[Paper]:
        seen: set[str] = set()
        for number in range(_PAGES):
            url = (self._api / "daily_papers").with_query(date=str(day), p=number, limit=_PAGE)
            page = await self._page(url, day)
            # Papers move to the next page when one is added meanwhile.
            fresh = [paper for paper in page.papers if paper.id not in seen]
            for paper in fresh:
                yield paper
            seen.update(paper.id for paper in fresh)
            if not page.full or not fresh:
                return
        raise SourceError(self._told(url, "is still not the list's end; the rest is left out."))

    async def _page(self, url: URL, day: date | None) -> _Page:
        known = self._known.pop(url, None)
        answer = await self._ask(url, known.etag if known else None)
        if answer.status == 404:
            raise SourceError(self._told(url, "does not exist. Is the endpoint's address right?"))
        page = known if known and answer.status == 304 else self._read(url, day, answer)
        self._known[url] = page
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return page

    def _read(self, url: URL, day: date | None, answer: _Answer) -> _Page:
        try:
            entries = list(wire.read_list(answer.data, day))
        except ValueError as error:
            raise SourceError(self._told(url, f"answered {error}.")) from None
        for entry in entries:
            if isinstance(entry, str):
                log.warning(self._told(url, entry))
        papers = [entry for entry in entries if isinstance(entry, Paper)]
        return _Page(answer.etag, papers, full=len(entries) >= _PAGE)

    # -- one request --------------------------------------------------------------------------

    async def _ask(self, url: URL, etag: str | None = None) -> _Answer:
        """An answer with status 200, 404, or 304 where ``etag`` was given."""
        for attempt in range(TRIES):
            if (wait := (self._free_at - self._now()).total_seconds()) > 0:
                log.debug("waiting %.0f s before asking the Hub again", wait)
                await self._sleep(wait)
            try:
                answer = await self._try(url, etag)
            except (ClientError, OSError) as error:
                failure = f"did not answer ({str(error) or 'timed out'})"
            else:
                if answer.status != 429 and answer.status < 500:
                    return answer
                failure = f"answered {answer.status}"
            self._pause(2**attempt * (0.5 + self._random()))
        raise _NoAnswerError(self._told(url, f"{failure}, {TRIES} times."))

    async def _try(self, url: URL, etag: str | None) -> _Answer:
        # Compressed answers could swell to any size.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if etag:
            headers["If-None-Match"] = etag
        async with self._session.get(
            url, headers=headers, allow_redirects=False, timeout=self._timeout
        ) as response:
            self._pause(_asked_pause(response, self._now()))
            status = response.status
            if status == 200:
                return _Answer(status, response.headers.get("ETag"), await self._json(response))
            if status in (404, 429) or status >= 500 or (status == 304 and etag):
                return _Answer(status)
            raise SourceError(self._told(url, f"answered {status}. {self._hint(status)}"))

    def _hint(self, status: int) -> str:
        if status in (401, 403):
            return "Is the token right?" if self._token else "It wants a token (HF_TOKEN)."
        if 300 <= status < 400:
            return "Redirects are not followed. Is the endpoint's address right?"
        return "It does not take what it was asked."

    async def _json(self, response: ClientResponse) -> object:
        if response.content_type != "application/json":
            what = f"answered {response.content_type} instead of JSON. Is a proxy in the way?"
            raise SourceError(self._told(response.url, what))
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _BYTES:
                what = f"answered more than {_BYTES // 1_000_000} MB."
                raise SourceError(self._told(response.url, what))
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            what = "answered JSON that is broken or cut off."
            raise SourceError(self._told(response.url, what)) from None

    def _pause(self, seconds: float) -> None:
        """Make no request for so long, within reason."""
        self._free_at = max(self._free_at, self._now() + timedelta(seconds=min(seconds, _PAUSE)))

    def _told(self, url: URL, what: str) -> str:
        text = f"{url} {what}"
        # A hostile server could send the token back to us.
        return text.replace(self._token, "***") if self._token else text


def _asked_pause(response: ClientResponse, now: datetime) -> float:
    """How many seconds the Hub asks us to wait, by ``Retry-After`` or its ``RateLimit``."""
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
