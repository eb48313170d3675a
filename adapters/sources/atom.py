"""arXiv's Atom feeds, and the papers they become: info.arxiv.org/help/api/user-manual.html."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.sources import wire
from storage.ids import paper_id
from storage.model import Paper

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_MOST_TAGS = 200_000  # of one feed; a paper has about fifty, one of a large experiment 12,000
_CATEGORY = re.compile(r"[a-z][a-z-]*(?:\.[A-Za-z-]+)?")
_VERSION = re.compile(r"v([0-9]{1,4})$")


class ComplaintError(ValueError):
    """arXiv did not take what it was asked; the text is its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper, and when its newest version was submitted (UTC)."""

    paper: Paper
    updated_at: datetime | None


@dataclass(slots=True)
class Feed:
    """``total`` is how many papers there are in all, which arXiv often counts wrongly."""

    total: int
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """A sentence for each entry that is no paper."""


def read(body: bytes) -> Feed:
    """The feed in ``body``.

    Raises ComplaintError where it says so, ValueError with what it is instead of a feed.
    """
    feed = _parse(body)
    if feed.tag != f"{_ATOM}feed":
        raise ValueError("XML that is no Atom feed")
    found = Feed(_number(feed.findtext(_TOTAL, "")))
    for number, element in enumerate(feed.iterfind(f"{_ATOM}entry"), 1):
        address = _text(element, f"{_ATOM}id")
        if "/api/errors" in address:
            raise ComplaintError(_text(element, f"{_ATOM}summary") or "an error without a word")
        try:
            found.entries.append(_entry(element, address))
        except ValueError as error:
            found.problems.append(f"entry {number} was left out: {error}")
    return found


def _parse(body: bytes) -> Element:
    """The XML in ``body``; entities and what lies elsewhere are refused before they do harm."""
    if body.count(b"<") > 2 * _MOST_TAGS:
        raise ValueError(f"XML of more than {_MOST_TAGS:,} elements")
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("XML with a DTD or entities, which no feed has") from None
    except (ParseError, ValueError, LookupError):
        raise ValueError("broken or cut-off XML") from None
    return root


def _entry(element: Element, address: str) -> Entry:
    id = paper_id(address)
    if id is None:
        raise ValueError(f"{wire.shown(address)} is not a paper's address")
    title = _text(element, f"{_ATOM}title")
    if not title:
        raise ValueError(f"{id} has no title")
    names = (_text(author, f"{_ATOM}name") for author in element.iterfind(f"{_ATOM}author"))
    terms = [
        category.get("term", "")
        for tag in (f"{_ARXIV}primary_category", f"{_ATOM}category")
        for category in element.iterfind(tag)
    ]
    abstract = _text(element, f"{_ATOM}summary")
    published_at = _instant(_text(element, f"{_ATOM}published"))
    updated_at = _instant(_text(element, f"{_ATOM}updated")) or published_at
    version = _VERSION.search(address)
    gone = wire.withdrawn(_text(element, f"{_ARXIV}comment"), abstract)
    paper = Paper(
        id=id,
        title=title,
        source="arxiv",
        # A collaboration is followed by a colon, as if that were an author.
        authors=tuple(name for name in names if any(map(str.isalnum, name))),
        abstract=abstract or None,
        published_at=published_at,
        # Classes of ACM and MSC stand among them under the same scheme.
        categories=tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term))),
        doi=_text(element, f"{_ARXIV}doi") or None,
        version=int(version[1]) if version else None,
        withdrawn_at=updated_at if gone else None,
    )
    return Entry(paper, updated_at)


def _text(element: Element, tag: str) -> str:
    return wire.one_line(element.findtext(tag) or "")


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\s*[0-9]{1,9}\s*", text) else 0


def _instant(text: str) -> datetime | None:
    try:
        return wire.in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
