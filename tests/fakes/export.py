"""A working export.arxiv.org, small: its query interface over real HTTP, in its own Atom.

    async with Export() as export:
        export.add("2606.00001", title="A Study of Widgets", categories=("cs.CL",))
        export.faults.append(status(503))      # the next request fails, the others do not
        ... Arxiv(session, export.url, ...)

It answers as arXiv does: titles and abstracts are wrapped, ids carry versions, a wrong question is
an entry called "Error", a list of ids counts the unknown ones too, and an empty result is a feed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from tests.fakes.server import Server

_TOKEN = re.compile(
    r'\s+|(?P<token>[()]|ANDNOT\b|AND\b|OR\b|\w+:(?:\[[^\]]*\]|"[^"]*"|[^\s()"]+))', re.ASCII
)
_ID = re.compile(
    # Five digits since 2015, four before.
    r"((0[7-9]|1[0-4])[0-9]{2}\.[0-9]{4}|[0-9]{4}\.[0-9]{5}|[a-z-]+/[0-9]{7})(v[0-9]+)?"
)
_RANGE = re.compile(r"\[([0-9]{12}) TO ([0-9]{12})\]")


@dataclass(frozen=True)
class Submission:
    """The newest version of a paper."""

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    published: datetime
    updated: datetime
    version: int
    comment: str
    doi: str


class Export(Server):
    """The server.  ``polite`` errors have status 400, as since 2025; before it was 200."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_get("/api/query", self._query)
        super().__init__(app, "/api/query")
        self.papers: dict[str, Submission] = {}
        self.polite = True
        self.sorts = True
        """Whether it sorts; in November 2025 it did not."""

    def add(self, id: str, **facts: Any) -> None:
        """Submit a paper, or its next version; ``at`` is when (aware)."""
        before = self.papers.get(id)
        at = facts.pop("at", datetime(2026, 6, 15, 8, tzinfo=UTC))
        if before:
            known = before.__dict__ | {"version": before.version + 1}
        else:
            known = {
                "id": id,
                "title": f"Widgets {id} and the Art of Counting Them in a Title of Several Lines",
                "abstract": "Widgets are everywhere. We count them, one after the other.",
                "authors": ("Ada Turner", "Wei Zhang"),
                "categories": ("cs.CL", "cs.LG"),
                "published": at,
                "version": 1,
                "comment": "",
                "doi": "",
            }
        self.papers[id] = Submission(**(known | {"updated": at} | facts))

    async def _query(self, request: web.Request) -> web.Response:
        asked = request.query
        try:
            start, most = int(asked.get("start", 0)), int(asked.get("max_results", 10))
            if start < 0 or not 0 <= most <= 2_000:
                raise ValueError("start and max_results must be non-negative integers")
            if ids := asked.get("id_list"):
                found, total = self._listed(ids.split(",")), len(ids.split(","))
            else:
                found = list(filter(_Reader(asked.get("search_query", "")).read(), self._sorted()))
                if asked.get("sortOrder", "descending") == "ascending":
                    found.reverse()
                total = len(found)
        except ValueError as error:
            return feed([complaint(str(error))], 1, 400 if self.polite else 200)
        return feed(list(map(entry, found[start : start + most])), total)

    def _sorted(self) -> list[Submission]:
        papers = list(self.papers.values())
        return sorted(papers, key=lambda one: one.updated, reverse=True) if self.sorts else papers

    def _listed(self, ids: list[str]) -> list[Submission]:
        for id in ids:
            if not _ID.fullmatch(id):
                raise ValueError(f"incorrect id format for {id}")
        return [self.papers[id] for id in ids if id in self.papers]


def feed(entries: list[str], total: int, status: int = 200) -> web.Response:
    """An answer with these entries, which counts ``total`` papers."""
    opensearch = 'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title type="html">ArXiv Query: search_query=&amp;id_list=&amp;start=0&amp;max_results=10</title>
  <id>http://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <updated>2026-06-15T00:00:00-04:00</updated>
  <opensearch:totalResults {opensearch}>{total}</opensearch:totalResults>
  <opensearch:startIndex {opensearch}>0</opensearch:startIndex>
  <opensearch:itemsPerPage {opensearch}>10</opensearch:itemsPerPage>
  {"".join(entries)}
</feed>
"""
    return web.Response(text=text, status=status, content_type="application/atom+xml")


def entry(one: Submission) -> str:
    arxiv = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'
    address = f"http://arxiv.org/abs/{one.id}v{one.version}"
    authors = "".join(
        f"<author>\n      <name>{escape(name)}</name>\n    </author>\n    " for name in one.authors
    )
    scheme = 'scheme="http://arxiv.org/schemas/atom"'
    terms = "".join(f"<category term={quoteattr(term)} {scheme}/>" for term in one.categories)
    first = quoteattr(one.categories[0])
    extra = f"<arxiv:comment {arxiv}>{escape(one.comment)}</arxiv:comment>" if one.comment else ""
    extra += f"<arxiv:doi {arxiv}>{escape(one.doi)}</arxiv:doi>" if one.doi else ""
    title, summary = ("\n  ".join(wrap(text, 60)) for text in (one.title, one.abstract))
    return f"""<entry>
    <id>{address}</id>
    <updated>{one.updated:%Y-%m-%dT%H:%M:%SZ}</updated>
    <published>{one.published:%Y-%m-%dT%H:%M:%SZ}</published>
    <title>{escape(title)}</title>
    <summary>  {escape(summary)}\n</summary>
    {authors}{extra}
    <link href="{address}" rel="alternate" type="text/html"/>
    <link title="pdf" href="{address.replace("abs", "pdf")}" rel="related" type="application/pdf"/>
    <arxiv:primary_category {arxiv} term={first} {scheme}/>
    {terms}
  </entry>
"""


def complaint(text: str) -> str:
    """The entry that tells of a wrong question."""
    return f"""<entry>
    <id>http://arxiv.org/api/errors#{escape(text.replace(" ", "_"))}</id>
    <title>Error</title>
    <summary>{escape(text)}</summary>
    <updated>2026-06-15T00:00:00-04:00</updated>
    <author><name>arXiv api core</name></author>
  </entry>
"""


_Test = Callable[[Submission], bool]


class _Reader:
    """Reads a search_query: fields joined by AND, OR, ANDNOT, with parentheses."""

    def __init__(self, text: str) -> None:
        self._tokens = deque(_tokens(text))

    def read(self) -> _Test:
        test = self._joined()
        if self._tokens:
            raise ValueError(f"unexpected {self._tokens[0]}")
        return test

    def _joined(self) -> _Test:
        test = self._one()
        while self._tokens and self._tokens[0] in ("AND", "OR", "ANDNOT"):
            how = self._tokens.popleft()
            test = _join(test, how, self._one())
        return test

    def _one(self) -> _Test:
        if not self._tokens:
            raise ValueError("the query ends too early")
        token = self._tokens.popleft()
        if token != "(":
            return _field(token)
        test = self._joined()
        if not self._tokens or self._tokens.popleft() != ")":
            raise ValueError("a parenthesis is not closed")
        return test


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(f"cannot read {text[at : at + 20]}")
        if match["token"]:
            yield match["token"]
        at = match.end()


def _join(left: _Test, how: str, right: _Test) -> _Test:
    if how == "OR":
        return lambda one: left(one) or right(one)
    wanted = how == "AND"
    return lambda one: left(one) and right(one) is wanted


def _field(token: str) -> _Test:
    name, _, value = token.partition(":")
    words = value.strip('"').lower()
    if name == "submittedDate":
        return _between(value)
    if name == "cat":
        group = words.removesuffix(".*")
        return lambda one: any(
            term.lower() == words or (words != group and term.split(".")[0] == group)
            for term in one.categories
        )
    if name == "au":
        return lambda one: any(words in author.lower() for author in one.authors)
    if name == "all":
        return lambda one: words in f"{one.title} {one.abstract} {one.authors}".lower()
    raise ValueError(f"unknown field {name}")


def _between(value: str) -> _Test:
    match = _RANGE.fullmatch(value)
    if not match:
        raise ValueError("submittedDate must be [YYYYMMDDTTTT TO YYYYMMDDTTTT]")
    first, last = (
        datetime.strptime(part, "%Y%m%d%H%M").replace(tzinfo=UTC) for part in match.groups()
    )
    return lambda one: first <= one.published <= last + timedelta(minutes=1)
