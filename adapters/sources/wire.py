"""Paper entries as the Hub writes them, and the papers they become.

The format has grown since 2023, and an optional fact that is unknown is a missing key.  So only an
id and a title are required; any other field that is absent or malformed is simply not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    OnErrorOmit,
    PlainValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from storage.ids import paper_id
from storage.model import Paper

T = TypeVar("T")

MOST = 2**31 - 1
"""The largest count: what an INTEGER column of PostgreSQL holds."""

_MOST_VALUES = 500_000
"""Of one JSON text; a list of the Hub's has one in 40 bytes.  A value takes up to 120 in memory."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WEB = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d+)?([/?#][^\s<>\"]*)?", re.IGNORECASE)
_DISCUSSION = "https://huggingface.co/papers/{}#community"


def one_line(text: str) -> str:
    """``text`` with single blanks, without control characters and what UTF-8 cannot hold."""
    line = text.replace("\n", " ").strip()
    if line.isprintable() and "  " not in line:  # nearly always, and far faster than to split
        return line
    return " ".join(_UNPRINTABLE.sub("", " ".join(text.split())).split())


def web_address(text: str) -> str:
    """``text`` as an http or https address.  Raises ValueError where it is none."""
    address = text.strip()
    if len(address) > 2000 or not _WEB.fullmatch(address) or _UNPRINTABLE.search(address):
        raise ValueError("not a web address")
    return address


def in_utc(time: datetime) -> datetime:
    """``time`` in UTC, which it is taken to be in where it names no zone."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


_WORK = (
    "(?:e-?print|preprint|paper|article|manuscript|submission|version|work|note|draft|document"
    "|letter|report|thesis)"
)
_WITHDRAWN = re.compile(
    rf"(?:^|[.;:,(]\s*)\W*(?:admin note:?\W*)?(?:(?:(?:this|the|our|present|current)\s+)*{_WORK}"
    r"(?:\s+in its present form)?,?\s+(?:(?:is|was|has been|have been|had been|is being)\s+)?"
    r"(?:[a-z]+ly\s+)?)?(?:withdrawn|withdrawed|retracted)\b",
    re.IGNORECASE,
)
_HINTS = ("ithdraw", "ITHDRAW", "etracted", "RETRACTED")
_NOTICE = 200  # characters of an abstract in which a notice stands, where it is one


def withdrawn(comment: str, abstract: str) -> bool:
    """Whether arXiv's fields say that the paper was withdrawn.

    arXiv has no field for it: the notice stands in the comment, or begins the abstract.
    """
    start = abstract[:_NOTICE]
    if not any(part in comment or part in start for part in _HINTS):  # as nearly always
        return False
    return bool(_WITHDRAWN.search(comment) or _WITHDRAWN.match(start))


def parse_json(text: bytes) -> Any:
    """The value that ``text`` says in JSON.  Raises ValueError with what it is instead.

    What it takes in memory is bounded: a text of brackets alone would take thirty times its size.
    """
    if sum(map(text.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError(f"JSON of more than {_MOST_VALUES:,} values")
    with suppress(ValueError):
        return from_json(text, cache_strings="keys")  # twice as fast, and a little stricter
    try:
        # Bytes would be taken in UTF-16, too, and with halves of surrogate pairs.
        return json.loads(text.decode())
    except UnicodeDecodeError:
        raise ValueError("text that is not in UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("broken or cut-off JSON") from None


def shown(value: object) -> str:
    """A short, quotable form of any JSON value."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def reason(error: ValidationError) -> str:
    """The first of pydantic's complaints, without the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _filled(text: str) -> str:
    if not (line := one_line(text)):
        raise ValueError("is blank")
    return line


def _canonical(text: str) -> str:
    if not (id := paper_id(text)):
        raise ValueError("is not an arXiv id")
    return id


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("is not a time")
    return in_utc(datetime.fromisoformat(value))


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except (ValueError, OverflowError):
        return None


_Maybe: TypeAlias = Annotated[T | None, WrapValidator(_or_none)]
_Text: TypeAlias = Annotated[str, AfterValidator(_filled)]
_Web: TypeAlias = Annotated[str, AfterValidator(web_address)]
_Count: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=MOST)]
_Instant: TypeAlias = Annotated[datetime, PlainValidator(_instant)]


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Author(_Wire):
    name: _Text
    hidden: _Maybe[bool] = None


class _Account(_Wire):
    user: _Maybe[_Text] = None
    name: _Maybe[_Text] = None


class _Organization(_Wire):
    fullname: _Maybe[_Text] = None
    name: _Maybe[_Text] = None


class _Inner(_Wire):
    id: Annotated[str, AfterValidator(_canonical)]
    title: _Text
    summary: _Maybe[_Text] = None
    ai_summary: _Maybe[_Text] = Field(None, alias="ai_summary")
    ai_keywords: _Maybe[list[OnErrorOmit[_Text]]] = Field(None, alias="ai_keywords")
    authors: _Maybe[list[OnErrorOmit[_Author]]] = None
    # The entry has a publishedAt too, which is four or five hours off: this one is right.
    published_at: _Maybe[_Instant] = None
    submitted_on_daily_at: _Maybe[_Instant] = None
    submitted_on_daily_by: _Maybe[_Account] = None
    upvotes: _Maybe[_Count] = None
    github_repo: _Maybe[_Web] = None
    github_stars: _Maybe[_Count] = None
    project_page: _Maybe[_Web] = None
    organization: _Maybe[_Organization] = None


class _Entry(_Wire):
    paper: _Inner
    num_comments: _Maybe[_Count] = None
    thumbnail: _Maybe[_Web] = None
    submitted_by: _Maybe[_Account] = None


def read_list(answer: object, listed_on: date | None) -> Iterator[Paper | str]:
    """The papers of a daily list, and a sentence for each entry that is none.

    ``listed_on``: the day asked for; None takes each entry's own.  Raises ValueError where the
    answer is not a list.
    """
    if not isinstance(answer, list):
        raise ValueError(f"{shown(answer)} instead of a list of papers")
    for number, entry in enumerate(answer, 1):
        try:
            yield read_paper(entry, listed_on)
        except ValueError as error:
            yield f"entry {number} was left out: {error}"


def read_paper(answer: object, listed_on: date | None = None) -> Paper:
    """The paper of one entry of a list, or of an answer of ``/api/papers/{id}``.

    Raises ValueError with a sentence that names the entry's id.
    """
    if not isinstance(answer, dict):
        raise ValueError(f"{shown(answer)} instead of a paper")
    raw = answer if "paper" in answer else answer | {"paper": answer}
    try:
        entry = _Entry.model_validate(raw)
    except ValidationError as error:
        inner = raw["paper"]
        id = inner.get("id") if isinstance(inner, dict) else None
        raise ValueError(f"paper {shown(id)}, {reason(error)}") from None
    return _paper(entry, entry.paper, listed_on)


def _paper(entry: _Entry, inner: _Inner, listed_on: date | None) -> Paper:
    submitted_at = inner.submitted_on_daily_at
    by = inner.submitted_on_daily_by or entry.submitted_by
    group = inner.organization
    page = inner.project_page
    if page and paper_id(page):  # an arXiv or Hub page, which every paper has
        page = None
    return Paper(
        id=inner.id,
        title=inner.title,
        source="huggingface",
        authors=tuple(author.name for author in inner.authors or () if not author.hidden),
        abstract=inner.summary,
        summary=inner.ai_summary,
        published_at=inner.published_at,
        listed_on=listed_on or (submitted_at.date() if submitted_at else None),
        upvotes=inner.upvotes,
        comments=entry.num_comments,
        code_url=inner.github_repo,
        code_stars=inner.github_stars,
        keywords=tuple(dict.fromkeys(inner.ai_keywords or ())),
        organization=(group.fullname or group.name) if group else None,
        thumbnail_url=entry.thumbnail,
        links=tuple(filter(None, (page, _DISCUSSION.format(inner.id)))),
        submitted_by=(by.user or by.name) if by else None,
    )
