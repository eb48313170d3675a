"""Writing files to be read, and reading them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapters.sources import files
from adapters.sources.files import Problem
from storage.model import Paper


def row(id: Any = "0704.00001", **changes: Any) -> dict[str, Any]:
    """A line of the arXiv dump."""
    return {
        "id": id,
        "submitter": "Ada Turner",
        "authors": "Ada Turner and Wei Zhang Jr",
        "title": "A Study of Widgets\n  and   Gadgets",
        "comments": "9 pages",
        "journal-ref": None,
        "doi": "10.1000/widgets.1",
        "report-no": None,
        "categories": "math.CO cs.CG",
        "license": None,
        "abstract": "  Widgets are counted\nhere, twice.\n",
        "versions": [
            {"version": "v1", "created": "Sat, 31 Mar 2007 22:26:18 -0500"},
            {"version": "v2", "created": "Sat, 13 Dec 2008 17:26:00 GMT"},
        ],
        "update_date": "2008-12-13",
        "authors_parsed": [["Turner", "Ada", ""], ["Zhang", "Wei", "Jr", "Widget Lab"]],
        **changes,
    }


def lines(rows: Iterable[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def read(*paths: Path) -> tuple[list[Paper], list[Problem]]:
    found = list(files.read(paths, lambda count: None))
    papers = [item for item in found if isinstance(item, Paper)]
    return papers, [item for item in found if isinstance(item, Problem)]


def write(folder: Path, content: bytes | str, name: str = "dump.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
