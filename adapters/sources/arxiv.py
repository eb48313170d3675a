"""arXiv, over its Atom API: info.arxiv.org/help/api/user-manual.html."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import date, datetime, timedelta
from itertools import islice

from aiohttp import ClientSession, ClientTimeout
from yarl import URL

from adapters.base import SourceError
from adapters.sources import atom
from adapters.sources.client import TIMEOUT, Answer, Client, TryAgainError, Turn
from storage.ids import paper_id
from storage.model import Paper
from storage.search import Query

log = logging.getLogger(__name__)

_PAGE = 100  # entries of one answer; arXiv gives up to 2,000, and asks for small slices
_LAST = 30_000  # how far arXiv pages through a search
_IDS = 100  # of one request
_DISORDER = timedelta(days=2)
"""How far from its place a paper may stand; now and then arXiv does not sort at all."""
_GROUPS = (
    *("astro-ph", "cond-mat", "cs", "econ", "eess", "math"),
    *("nlin", "physics", "q-bio", "q-fin", "stat"),
)
"""Archives with categories of their own."""


@asynccontextmanager
async def connected(
    api_url: str, categories: Sequence[str], now: Callable[[], datetime], turn: Turn
) -> AsyncIterator[Arxiv]:
    """The source with an HTTP session of its own."""
    async with ClientSession() as session:
        yield Arxiv(session, api_url, categories, now, turn=turn)


class Arxiv:
    """The source ``arxiv``.

    ``api_url`` is the address of the query interface; ``fetch`` follows ``categories``.  ``turn``
    keeps all processes together to one request in three seconds, as arXiv's terms of use want.
    ``now`` gives aware times; ``sleep`` takes seconds; ``random`` gives 0 to 1.
    """

    name = "arxiv"

    def __init__(
        self,
        session: ClientSession,
        api_url: str,
        categories: Sequence[str],
        now: Callable[[], datetime],
        *,
        turn: Turn = nullcontext,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
        timeout: ClientTimeout = TIMEOUT,
    ) -> None:
        self.categories = tuple(categories)
        self._api = URL(api_url)
        self._client = Client(
            session,
            kinds=("application/atom+xml", "application/xml", "text/xml"),
            called="Atom",
            headers={"User-Agent": "paperbot"},  # libraries' own names are slowed down
            now=now,
            turn=turn,
            sleep=sleep,
            random=random,
            timeout=timeout,
        )

    async def fetch(self, since: date) -> AsyncIterator[Paper]:
        """The papers of the categories with a version of ``since`` or later (UTC), newest first.

        None without categories.  Raises SourceError; what came before it stands.
        """
        if not self.categories:
            return
        query = " OR ".join(f"cat:{category}" for category in self.categories)
        last: datetime | None = None
        start = 0
        while start < _LAST:
            url = self._searching(query, start, _PAGE, "lastUpdatedDate")
            feed = await self._ask(url, counted_from=start)
            fresh = 0
            for entry in feed.entries:
                updated_at = entry.updated_at
                if updated_at and last and updated_at > last + _DISORDER:
                    raise SourceError(self._client.told(url, "is not in the order asked for."))
                last = min(filter(None, (last, updated_at)), default=None)
                if not updated_at or updated_at.date() >= since:
                    fresh += 1
                    yield entry.paper
            start += len(feed.entries) + len(feed.problems)
            if not fresh or (start >= feed.total and len(feed.entries) < _PAGE):
                return
        raise SourceError(
            f"{', '.join(self.categories)} had more than {_LAST:,} papers since {since}; the rest "
            "is left out. Ask for fewer categories (PAPERBOT_ARXIV__CATEGORIES)."
        )

    async def trending(self) -> AsyncIterator[Paper]:
        """Nothing: arXiv counts no votes."""
        nothing: tuple[Paper, ...] = ()
        for paper in nothing:
            yield paper

    async def get(self, id: str) -> Paper | None:
        """One paper by its id; None where arXiv has none."""
        if paper_id(id) != id:
            return None
        papers = [paper async for paper in self.many([id])]
        return papers[0] if papers else None

    async def many(self, ids: Sequence[str]) -> AsyncIterator[Paper]:
        """The newest versions of these papers, in any order; what arXiv lacks is left out.

        Raises SourceError; what came before it stands.
        """
        remaining = iter(dict.fromkeys(id for id in ids if paper_id(id) == id))
        while part := list(islice(remaining, _IDS)):
            for paper in await self._listed(part):
                yield paper

    async def _listed(self, ids: Sequence[str]) -> list[Paper]:
        """The papers of one request, or of more where arXiv does not take an id among these."""
        url = self._api.with_query(id_list=",".join(ids), max_results=len(ids))
        try:
            feed = await self._ask(url)
        except _RefusedError as error:
            if "incorrect id" not in str(error):
                raise
            half = len(ids) // 2
            return await self._listed(ids[:half]) + await self._listed(ids[half:]) if half else []
        # A list with unknown ids may be padded with other papers.
        return [entry.paper for entry in feed.entries if entry.paper.id in ids]

    async def search(self, query: str, limit: int) -> list[Paper]:
        """The most relevant papers, best first; see ``adapters.base.SearchedSource``."""
        url = self._searching(_asked(Query.parse(query)), 0, limit, "relevance")
        return [entry.paper for entry in (await self._ask(url, counted_from=0)).entries]

    def _searching(self, query: str, start: int, size: int, by: str) -> URL:
        return self._api.with_query(
            search_query=query, start=start, max_results=size, sortBy=by, sortOrder="descending"
        )

    async def _ask(self, url: URL, counted_from: int | None = None) -> atom.Feed:
        """The feed; with ``counted_from`` an empty one that counts papers after it is no answer.

        arXiv's counts are wrong for lists of ids, and now and then its pages come empty.
        """

        def read(answer: Answer) -> atom.Feed:
            if answer.status != 200 and not (answer.status == 400 and answer.body):
                hint = "Is PAPERBOT_ARXIV__API_URL right?"
                raise SourceError(self._client.told(url, f"answered {answer.status}. {hint}"))
            try:
                feed = atom.read(answer.body)
            except atom.ComplaintError as error:
                raise _RefusedError(self._client.told(url, f"was refused: {error}.")) from None
            except ValueError as error:
                raise SourceError(self._client.told(url, f"answered {error}.")) from None
            empty = not feed.entries and not feed.problems
            if counted_from is not None and empty and feed.total > counted_from:
                raise TryAgainError(f"counts {feed.total:,} papers and gave none")
            return feed

        feed = await self._client.get(url, read)
        for problem in feed.problems:
            log.warning(self._client.told(url, problem))
        return feed


class _RefusedError(SourceError):
    """arXiv did not take what it was asked."""


def _asked(query: Query) -> str:
    """The query in arXiv's words.  Each of ours stands in quotes, where it is no operator.

    Raises ValueError with a sentence for the reader.
    """
    if query.min_votes is not None or query.has_code or query.like:
        raise ValueError(
            "arXiv knows nothing of votes, code and meaning; leave min:, has: and like: out"
        )
    wanted = [f'all:"{text}"' for text in (*query.words, *query.phrases)]
    wanted += [f'au:"{name}"' for name in query.authors]
    if query.categories:
        either = " OR ".join(f"cat:{_spelt(category)}" for category in query.categories)
        wanted.append(f"({either})")
    if query.after or query.before:
        first = query.after or date(1991, 1, 1)
        end = query.before or date(2999, 1, 1)
        # A range of days, to the minute, in UTC; both ends belong to it.
        last = end - timedelta(days=1)
        wanted.append(f"submittedDate:[{first:%Y%m%d}0000 TO {last:%Y%m%d}2359]")
    if not wanted:
        raise ValueError("arXiv needs a word to look for, for example diffusion")
    return " ANDNOT ".join([" AND ".join(wanted), *(f'all:"{text}"' for text in query.without)])


def _spelt(category: str) -> str:
    """``cs.cl`` as arXiv writes it: ``cs.CL``; a group as all of its categories."""
    archive, dot, subject = category.partition(".")
    if not dot:
        return f"{archive}.*" if archive in _GROUPS else archive
    return f"{archive}.{subject.upper() if len(subject) == 2 else subject}"
