"""``paperbot export``: the catalogue as lines that ``paperbot import`` reads."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import Progress

from adapters.sources.files import to_line
from storage.model import SAMPLE, Paper
from storage.papers import Papers

_BATCH = 2_000
STDOUT = Path("-")


def export(papers: Papers, path: Path, console: Console) -> int:
    """Write all papers but the bundled sample; returns how many.

    A file that ends in ``.gz`` is packed; it appears when it is whole.
    """
    written = 0
    with _opened(path) as file, Progress(console=console, transient=True) as progress:
        task = progress.add_task("Writing", total=papers.count())
        for paper, lists in _each(papers):
            progress.advance(task)
            if paper.source == SAMPLE:
                continue
            # The oldest list first: an older entry than the stored one only fills gaps.
            for on in sorted(lists)[:-1]:
                file.write(to_line(replace(paper, listed_on=on)) + "\n")
            file.write(to_line(paper) + "\n")
            written += 1
    return written


def _each(papers: Papers) -> Iterator[tuple[Paper, set[date]]]:
    cursor = -1
    while changes := papers.changes(cursor, _BATCH):
        cursor = changes[-1].cursor
        found = papers.many(change.id for change in changes if change.paper)
        lists = papers.lists(found)
        for id, paper in found.items():
            yield paper, lists.get(id, set())


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path == STDOUT:
        yield sys.stdout
        return
    draft = path.with_name(path.name + ".part")
    try:
        if path.suffix == ".gz":
            with gzip.open(draft, "wt", encoding="utf-8", compresslevel=6) as packed:
                yield packed
        else:
            with draft.open("w", encoding="utf-8") as file:
                yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
