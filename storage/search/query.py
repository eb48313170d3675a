"""What people type, taken apart: words, phrases and filters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from storage.search.text import called, initials, searched, words

if TYPE_CHECKING:
    from storage.model import Paper

LONGEST = 300
"""Characters of a query that are read."""

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂", '"'))
_FIELDS = ("author", "after", "before", "cat", "min", "has", "like")
_PIECE = re.compile(
    rf"""\s*(?P<minus>(?<!\S)[-−–])?
    (?:(?<!\w)(?P<field>{"|".join(_FIELDS)}):\s*)?
    (?:"(?P<quoted>[^"]*)(?:"|$) | (?P<plain>[^\s"]+) | (?P<nothing>(?=\s|$)))""",
    re.IGNORECASE | re.VERBOSE,
)
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2}))?", re.ASCII)
_CATEGORY = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)?")
_VOTES = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """All texts in it are folded as the papers are; a phrase is words between single blanks."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    """Stand word for word in one part of the paper."""
    without: tuple[str, ...] = ()
    """Words and phrases that the paper must not have."""
    authors: tuple[str, ...] = ()
    """Names, or parts of names, all of which must be among the authors, in any order of words."""
    after: date | None = None
    """The first day that counts."""
    before: date | None = None
    """The first day that does not count any more."""
    categories: tuple[str, ...] = ()
    """Lower case, like ``cs.cl`` or the group ``cs``; one of them is enough."""
    min_votes: int | None = None
    has_code: bool = False
    like: str = ""
    """As typed: a paper's id or address, or a sentence, to which papers shall be near."""

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query such as ``"exact phrase" word -word author:name after:2025-01 cat:cs.CL``.

        Dates are ``2025``, ``2025-01`` or ``2025-01-15`` and stand for their first day: ``after``
        includes it, ``before`` does not.  Also ``min:50`` (votes), ``has:code``, and ``like:`` with
        an id or a ``"sentence"``.  An unknown ``field:`` is just a word.  Raises ValueError with a
        sentence for the reader.
        """
        draft = _Draft()
        text = text[:LONGEST].translate(_QUOTES).replace('\\"', "\\'")  # LaTeX's accent is no quote
        for piece in _PIECE.finditer(text):
            quoted, plain = piece["quoted"], piece["plain"]
            name = (piece["field"] or "").lower()
            value = quoted if quoted is not None else plain or ""
            if piece["minus"]:
                draft.exclude(name, value)
            elif name:
                draft.filter(name, value.strip(" ,;."))
            elif quoted is not None:
                draft.phrases.append(_phrase(quoted))
            else:
                draft.words += words(value)
        return draft.query()

    def matches(self, paper: Paper) -> bool:
        """Whether ``paper`` passes the filters and has every word, plainly: no typos forgiven."""
        return self._passes(paper) and self._contained(paper)

    def _passes(self, paper: Paper) -> bool:
        on = paper.published_at.date() if paper.published_at else paper.listed_on
        if (self.after or self.before) and not on:
            return False
        if on and ((self.after and on < self.after) or (self.before and on >= self.before)):
            return False
        if self.min_votes is not None and (paper.upvotes or 0) < self.min_votes:
            return False
        if self.has_code and not paper.code_url:
            return False
        if not self.categories:
            return True
        held = {category.casefold() for category in paper.categories}
        return not held.isdisjoint(self.categories) or not {
            category.split(".")[0] for category in held
        }.isdisjoint(self.categories)

    def _contained(self, paper: Paper) -> bool:
        title, authors, others = searched(paper)
        parts = [f" {' '.join(part.split())} " for part in (title, *authors, *others)]
        names = [{*name.split(), *initials(name).split()} for name in authors]

        def stands(text: str) -> bool:
            return any(f" {text} " in part for part in parts)

        def has_author(asked: str) -> bool:
            return any(all(map(name.intersection, called(asked))) for name in names)

        return (
            all(map(stands, (*self.words, *self.phrases)))
            and not any(map(stands, self.without))
            and all(map(has_author, self.authors))
        )


@dataclass(slots=True)
class _Draft:
    """A query while it is read."""

    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    after: date | None = None
    before: date | None = None
    min_votes: int | None = None
    has_code: bool = False
    like: str = ""

    def exclude(self, name: str, value: str) -> None:
        if name not in ("", "author"):
            raise ValueError(
                f"{name}: cannot be excluded; only words can, for example -survey or "
                '-"language model"'
            )
        self.without.append(_phrase(value))

    def filter(self, name: str, value: str) -> None:
        match name:
            case "author":
                self.authors.append(_author(value))
            case "after":
                self.after = _day(name, value)
            case "before":
                self.before = _day(name, value)
            case "cat":
                self.categories.append(_category(value))
            case "min":
                self.min_votes = _votes(value)
            case "has":
                self.has_code = _code(value)
            case "like":
                self.like = _like(value)

    def query(self) -> Query:
        if self.after and self.before and self.after >= self.before:
            raise ValueError(
                f"nothing is from {self.after} or later and also from before {self.before}; the "
                "first day must be the earlier one, for example after:2025-01 before:2025-06"
            )
        return Query(
            words=_unique(self.words),
            phrases=_unique(self.phrases),
            without=_unique(self.without),
            authors=_unique(self.authors),
            after=self.after,
            before=self.before,
            categories=_unique(self.categories),
            min_votes=self.min_votes,
            has_code=self.has_code,
            like=self.like,
        )


def _unique(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _phrase(value: str) -> str:
    return " ".join(words(value))


def _author(value: str) -> str:
    name = _phrase(value)
    if not name:
        raise ValueError('author: needs a name, for example author:lecun or author:"Yann LeCun"')
    return name


def _day(name: str, value: str) -> date:
    found = _DATE.fullmatch(value)
    try:
        if found:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        pass  # the month or the day does not exist
    raise ValueError(
        f"“{value}” is no date that {name}: understands; write {name}:2025, {name}:2025-01 or "
        f"{name}:2025-01-15"
    )


def _category(value: str) -> str:
    category = value.casefold()
    if not _CATEGORY.fullmatch(category):
        raise ValueError(
            f"“{value}” is no arXiv category; write for example cat:cs.CL, or cat:cs for all of cs"
        )
    return category


def _votes(value: str) -> int:
    if not _VOTES.fullmatch(value):
        raise ValueError(f"min: takes a number of votes, not “{value}”; for example min:50")
    return int(value)


def _code(value: str) -> bool:
    if value.casefold() != "code":
        raise ValueError(f"has: knows only code, not “{value}”; write has:code")
    return True


def _like(value: str) -> str:
    if not words(value):
        raise ValueError(
            "like: needs a paper's id or a sentence, for example like:2401.12345 or "
            'like:"merging adapters without training"'
        )
    return value
