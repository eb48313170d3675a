"""Papers in files: answers of the Hub's API, the arXiv metadata dump, and paperbot's own export.

A file that starts with ``[`` is a list of the Hub's.  Any other has one JSON object on each line:
a paper of the dump, of the Hub or of an export.  Each may be packed with gzip.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from adapters.sources import wire
from storage.ids import paper_id
from storage.model import Paper

_LINE_BYTES = 1_000_000  # the longest line of the arXiv dump has about 100,000
_LIST_BYTES = 20_000_000  # a day of the Hub's has up to 300,000
_CHUNK = 1 << 18  # bytes
_KINDS = (".json", ".jsonl", ".ndjson")
_PAPER = TypeAdapter(Paper)
_ADDRESSES = ("code_url", "thumbnail_url", "links")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that is not a paper.  ``line`` counts from 1; None: the whole file."""

    path: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.path}{f', line {self.line}' if self.line else ''}: {self.message}"


def size(paths: Sequence[Path]) -> int:
    """The bytes on disk that ``read`` will go through."""
    return sum(found.stat().st_size for found in _files(paths) if isinstance(found, Path))


def read(paths: Sequence[Path], on_bytes: Callable[[int], None]) -> Iterator[Paper | Problem]:
    """The papers in these files and folders, and what could not be read of them.

    Memory does not grow with the size of a file.  ``on_bytes`` is told every now and then how many
    bytes on disk were read since it was last called.  Raises nothing for what a file holds.
    """
    for found in _files(paths):
        if isinstance(found, Problem):
            yield found
        else:
            yield from _read(found, on_bytes)


def to_line(paper: Paper) -> str:
    """One line of an export, without the newline; ``read`` gives the same paper back."""
    known = _PAPER.dump_python(paper, mode="json", exclude_defaults=True)
    return json.dumps({"paperbot": 1, **known}, ensure_ascii=False)


def _files(paths: Iterable[Path]) -> Iterator[Path | Problem]:
    for path in paths:
        try:
            if path.is_dir():
                found = sorted(file for file in path.rglob("*") if _is_ours(file))
                yield from found
                if not found:
                    kinds = ", ".join(_KINDS)
                    yield Problem(path, None, f"no {kinds} or .gz of these in this folder")
            elif path.is_file():
                yield path
            else:
                what = "is not a file or folder" if path.exists() else "does not exist"
                yield Problem(path, None, what)
        except (OSError, ValueError) as error:
            yield Problem(path, None, f"cannot be opened ({error})")


def _is_ours(file: Path) -> bool:
    return file.name.removesuffix(".gz").endswith(_KINDS) and file.is_file()


class _Counted(io.FileIO):
    """A file that tells how much is read of it."""

    def __init__(self, path: Path, on_bytes: Callable[[int], None]) -> None:
        super().__init__(path)
        self._on_bytes = on_bytes

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self._on_bytes(count or 0)
        return count


def _read(path: Path, on_bytes: Callable[[int], None]) -> Iterator[Paper | Problem]:
    number = 0
    try:
        with io.BufferedReader(_Counted(path, on_bytes), _CHUNK) as raw:
            magic = raw.peek(4)[:4]
            if magic == b"PK\x03\x04":
                yield Problem(path, None, "is a zip archive; unpack it first")
                return
            stream = gzip.GzipFile(fileobj=raw) if magic[:2] == b"\x1f\x8b" else raw
            if stream.peek(3)[:3] == codecs.BOM_UTF8:
                stream.read(3)
            if stream.peek(1).lstrip()[:1] == b"[":
                yield from _list(path, stream)
                return
            for number, line in _lines(stream):
                try:
                    yield _paper(line)
                except ValueError as error:
                    yield Problem(path, number, str(error))
        if not number:
            yield Problem(path, None, "the file is empty")
    except EOFError:
        yield Problem(path, number + 1, "the gzip data is cut off here; all before it was read")
    except (gzip.BadGzipFile, zlib.error):
        yield Problem(path, number + 1, "the gzip data is damaged here; all before it was read")
    except OSError as error:
        yield Problem(path, None, f"cannot be read ({error.strerror or error})")


def _list(path: Path, stream: gzip.GzipFile | io.BufferedReader[Any]) -> Iterator[Paper | Problem]:
    text = stream.read(_LIST_BYTES + 1)
    if len(text) > _LIST_BYTES:
        yield Problem(path, None, f"a list of more than {_LIST_BYTES // 1_000_000} MB")
        return
    try:
        answer = wire.parse_json(text)
    except ValueError as error:
        yield Problem(path, None, str(error))
        return
    for paper in wire.read_list(answer, _day(path)):
        yield Problem(path, None, paper) if isinstance(paper, str) else paper


def _day(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.name.partition(".")[0])
    except ValueError:
        return None


def _lines(stream: gzip.GzipFile | io.BufferedReader[Any]) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, without blank ones; of a line that is too long, a part."""
    number = 0
    while line := stream.readline(_LINE_BYTES + 1):
        number += 1
        if not line.isspace():
            yield number, line
        while len(line) > _LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(_LINE_BYTES + 1)


def _paper(line: bytes) -> Paper:
    """The paper on one line.  Raises ValueError with a sentence where there is none."""
    if len(line) > _LINE_BYTES:
        raise ValueError(f"a line of more than {_LINE_BYTES // 1_000_000} MB")
    row = wire.parse_json(line)
    if not isinstance(row, dict):
        raise ValueError(f"{wire.shown(row)} instead of a paper")
    if "paperbot" in row:
        return _exported(line, row)
    if "paper" in row or "upvotes" in row:
        return wire.read_paper(row)
    return _from_arxiv(row)


def _from_arxiv(row: dict[str, Any]) -> Paper:
    """A paper of the metadata dump: kaggle.com/datasets/Cornell-University/arxiv."""
    id = paper_id(_text(row, "id"))
    if id is None:
        raise ValueError(f"{wire.shown(row.get('id'))} is not an arXiv id")
    title = wire.one_line(_text(row, "title"))
    if not title:
        raise ValueError(f"{id} has no title")
    abstract = wire.one_line(_text(row, "abstract"))
    versions = row.get("versions") or ()
    try:
        authors = [
            wire.one_line(" ".join([name[1], name[0]] + name[2:3]))  # noqa: RUF005  lists only
            for name in row.get("authors_parsed") or ()
        ]
        published_at = _created(versions[0]) if versions else _month(id)
        gone = wire.withdrawn(_text(row, "comments"), abstract)
        withdrawn_at = _created(versions[-1]) if gone and versions else None
    except (TypeError, AttributeError, LookupError, ValueError, OverflowError):
        raise ValueError(f"{id} has authors_parsed or versions of another shape") from None
    return Paper(
        id=id,
        title=title,
        source="arxiv",
        authors=tuple(filter(None, authors)),
        abstract=abstract or None,
        published_at=published_at,
        categories=tuple(wire.one_line(_text(row, "categories")).split()),
        doi=wire.one_line(_text(row, "doi")) or None,
        version=len(versions) or None,
        withdrawn_at=withdrawn_at,
    )


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise ValueError(f"{key} is {wire.shown(value)} instead of text")


def _created(version: dict[str, str]) -> datetime:
    return wire.in_utc(parsedate_to_datetime(version["created"]))


def _month(id: str) -> datetime:
    """The first of the month that the id was given in, for a dump without versions."""
    digits = id.rpartition("/")[2]
    year = int(digits[:2])
    return datetime(year + (1900 if year > 90 else 2000), int(digits[2:4]), 1, tzinfo=UTC)


def _exported(line: bytes, row: dict[str, Any]) -> Paper:
    if row["paperbot"] != 1:
        raise ValueError(f"written by another paperbot, format {wire.shown(row['paperbot'])}")
    try:
        paper = _PAPER.validate_json(line, strict=True)
    except ValidationError as error:
        raise ValueError(wire.reason(error)) from None
    if paper_id(paper.id) != paper.id and not re.fullmatch(r"[a-z]+:[!-~]+", paper.id):
        raise ValueError(f"{wire.shown(paper.id)} is not a paper's id")
    known = {field.name: _clean(field.name, getattr(paper, field.name)) for field in fields(paper)}
    if not known["title"]:
        raise ValueError(f"{paper.id} has no title")
    return Paper(**known)


def _clean(name: str, value: Any) -> Any:
    """A field of an export, as the sources give it.  Raises ValueError where it cannot be so."""
    match value:
        case str():
            return wire.web_address(value) if name in _ADDRESSES else wire.one_line(value)
        case tuple():
            return tuple(filter(None, (_clean(name, part) for part in value)))
        case datetime():
            return wire.in_utc(value)
        case int() if not 0 <= value <= wire.MOST:
            raise ValueError(f"{name} is out of range")
    return value
