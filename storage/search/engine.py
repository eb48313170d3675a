"""What is particular about tantivy."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from storage.search.texts import checksum


class DamageError(Exception):
    """tantivy met something that cannot be in a sound index."""


BLANKS = "blanks"
"""The tokenizer of folded texts: words between blanks."""
_FOOTER_MAGIC = 1337  # tantivy, src/directory/footer.rs
_COMPONENTS = ("idx", "pos", "term", "fast", "store", "fieldnorm")


def create(folder: Path, schema: tantivy.Schema) -> tantivy.Index:
    """An empty index in a new folder."""
    folder.mkdir(parents=True)
    return _ready(tantivy.Index(schema, str(folder)))


def open(folder: Path) -> tantivy.Index:
    """Raises ValueError or OSError where files are missing or damaged."""
    return _ready(tantivy.Index.open(str(folder)))


def _ready(index: tantivy.Index) -> tantivy.Index:
    index.config_reader("manual")  # else a thread polls the folder
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(BLANKS, blanks.filter(tantivy.Filter.remove_long(100)).build())
    return index


@contextmanager
def no_panic() -> Iterator[None]:
    """Turns tantivy's panics, which are no ``Exception`` and would end threads, into one."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DamageError("the search index is damaged and will be rebuilt soon") from error


def intact(folder: Path) -> bool:
    """Whether every file of the index is there and has the checksum that its footer gives.

    tantivy itself looks at them only on demand, which its Python side cannot make.
    """
    try:
        meta = json.loads((folder / "meta.json").read_bytes())
        return all(_sound(folder / name) for part in meta["segments"] for name in _files(part))
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def _files(segment: dict[str, Any]) -> list[str]:
    name = segment["segment_id"].replace("-", "")
    files = [f"{name}.{kind}" for kind in _COMPONENTS]
    if deletes := segment["deletes"]:
        files.append(f"{name}.{deletes['opstamp']}.del")
    return files


def _sound(path: Path) -> bool:
    """A file is its body, a footer of JSON, that one's length and a magic number (32 bit each)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length, magic = struct.unpack("<II", file.read(8))
        file.seek(-8 - length, os.SEEK_END)
        footer = json.loads(file.read(length))
    body = size - length - 8
    return magic == _FOOTER_MAGIC and checksum(path, body) == int(footer["crc"])
