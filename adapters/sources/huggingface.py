"""The Hugging Face Hub's daily papers, over its JSON API."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from aiohttp import ClientSession, ClientTimeout
from yarl import URL

from adapters.base import SourceError
from adapters.sources import wire
from adapters.sources.client import TIMEOUT, Answer, Client, NoAnswerError
from storage.ids import paper_id
from storage.model import Paper

log = logging.getLogger(__name__)

FIRST_LIST = date(2023, 5, 4)
"""The day of the Hub's first daily list."""

_DATED = date(2025, 4, 1)
"""From here on every entry names the day of its list."""
_DAY = timedelta(days=1)
_PAGE = 100  # entries; the API's maximum
_MOST = 1_000  # entries that are read of one answer, for mirrors that know no pages
_PAGES = 20  # of one list, of which the longest so far had 49 entries
_KEPT = 64  # pages remembered for conditional requests
_OUTAGE = 3  # days in a row without any answer, after which the others are not tried
_TOLD = 3  # failed days spelt out in an error


@dataclass(frozen=True, slots=True)
class _Page:
    etag: str | None
    papers: list[Paper]
    full: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """One day, week or month of lists; its text is how the Hub names it."""

    kind: Literal["date", "week", "month"]
    first: date
    last: date

    def __str__(self) -> str:
        formats = {"date": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
        return self.first.strftime(formats[self.kind])

    def days(self) -> list[_Span]:
        many = (self.last - self.first).days + 1
        return [_day(self.first + timedelta(days=number)) for number in range(many)]


def _day(day: date) -> _Span:
    return _Span("date", day, day)


def _spans(day: date, today: date) -> Iterator[_Span]:
    """What to ask for from ``day`` to ``today``: the longest spans whose lists are complete."""
    while day <= today:
        month = _Span("month", day, (day.replace(day=1) + timedelta(days=31)).replace(day=1) - _DAY)
        week = _Span("week", day, day + timedelta(days=6))
        over = today - 2 * _DAY  # yesterday's list still grows in the first hours
        if day.day == 1 and day >= _DATED and month.last <= over:
            span = month
        elif day.weekday() == 0 and day >= _DATED and week.last <= over:
            span = week
        else:
            span = _day(day)
        yield span
        day = span.last + _DAY


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
        self._api = address / "api"
        self._token = token
        self._now = now
        self._client = Client(
            session,
            kinds=("application/json",),
            called="JSON",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            secret=token,
            now=now,
            sleep=sleep,
            random=random,
            timeout=timeout,
        )
        self._known: dict[URL, _Page] = {}

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        """The papers of each day's list from ``since`` to today (UTC), oldest first.

        Months and weeks that are over are asked for whole.  A list that has not changed is given
        again from memory.  A day that cannot be read does not keep the others back: one
        SourceError at the end tells which days are missing.
        """
        todo = deque(_spans(max(since, FIRST_LIST), self._today()))
        failed: list[str] = []
        silent = read = 0
        while todo and silent < _OUTAGE:
            span = todo.popleft()
            try:
                async for paper in self._listed(span):
                    yield paper
                silent = 0
                read += 1
            except NoAnswerError as error:
                failed.append(f"{span}: {error}")
                silent += 1
            except SourceError as error:
                silent = 0
                if span.kind == "date":
                    failed.append(f"{span}: {error}")
                else:  # its days may fare better
                    todo.extendleft(reversed(span.days()))
        if failed and not read and silent == len(failed):
            raise SourceError(f"No daily list could be read. {failed[-1]}")
        if failed:
            told = " ".join(failed[:_TOLD]) + (" …" if len(failed) > _TOLD else "")
            rest = f" The days from {todo[0].first} on were not tried." if todo else ""
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
            paper = wire.read_paper(wire.parse_json(answer.body))
        except ValueError as error:
            raise SourceError(self._client.told(url, f"answered {error}.")) from None
        if paper.id != id:
            raise SourceError(self._client.told(url, f"answered with another paper, {paper.id}."))
        return paper

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    async def _listed(self, span: _Span) -> AsyncIterator[Paper]:
        """The papers of a span, by day.  Raises SourceError where a day cannot be told."""
        if span.kind == "date":
            async for paper in self._list(span):
                yield paper
            return
        papers = [paper async for paper in self._list(span)]
        days = [paper.listed_on for paper in papers]
        if not all(on and span.first <= on <= span.last for on in days):
            raise SourceError(f"The Hub's list of {span} does not say which day each paper is of.")
        for paper in sorted(papers, key=lambda paper: str(paper.listed_on)):
            yield paper

    async def _list(self, span: _Span) -> AsyncIterator[Paper]:
        seen: set[tuple[str, date | None]] = set()
        for number in range(_PAGES):
            query = {span.kind: str(span), "p": str(number), "limit": str(_PAGE)}
            url = (self._api / "daily_papers").with_query(query)
            page = await self._page(url, span.first if span.kind == "date" else None)
            # Papers move to the next page when one is added meanwhile.
            fresh = [one for one in page.papers if (one.id, one.listed_on) not in seen]
            for paper in fresh:
                yield paper
            seen.update((one.id, one.listed_on) for one in fresh)
            if not page.full or not fresh:
                return
        raise SourceError(
            self._client.told(url, "is still not the list's end; the rest is left out.")
        )

    async def _page(self, url: URL, day: date | None) -> _Page:
        known = self._known.pop(url, None)
        answer = await self._ask(url, known.etag if known else None)
        if answer.status == 404:
            raise SourceError(
                self._client.told(url, "does not exist. Is the endpoint's address right?")
            )
        page = known if known and answer.status == 304 else self._read(url, day, answer)
        self._known[url] = page
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return page

    def _read(self, url: URL, day: date | None, answer: Answer) -> _Page:
        try:
            data = wire.parse_json(answer.body)
            if isinstance(data, list) and len(data) > _MOST:
                raise ValueError(f"{len(data):,} entries instead of up to {_PAGE}")
            entries = list(wire.read_list(data, day))
        except ValueError as error:
            raise SourceError(self._client.told(url, f"answered {error}.")) from None
        for entry in entries:
            if isinstance(entry, str):
                log.warning(self._client.told(url, entry))
        papers = [entry for entry in entries if isinstance(entry, Paper)]
        return _Page(answer.etag, papers, full=len(entries) >= _PAGE)

    async def _ask(self, url: URL, etag: str | None = None) -> Answer:
        """An answer with status 200, 404, or 304 where ``etag`` was given."""

        def read(answer: Answer) -> Answer:
            if answer.status in (200, 404) or (answer.status == 304 and etag):
                return answer
            hint = "It does not take what it was asked."
            if answer.status in (401, 403):
                hint = "Is the token right?" if self._token else "It wants a token (HF_TOKEN)."
            raise SourceError(self._client.told(url, f"answered {answer.status}. {hint}"))

        return await self._client.get(url, read, etag)
