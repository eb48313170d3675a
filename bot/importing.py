"""``paperbot import``: files into the catalogue and the index, with a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from adapters.sources.files import Problem, read, size
from bot.ingest import batches
from storage.papers import Saved
from storage.store import Store

_BATCH = 2_000
_SHOWN = 20
"""Problems that are told one by one; the rest is only counted."""


def import_files(
    store: Store, paths: Sequence[Path], now: datetime, console: Console
) -> tuple[Saved, int]:
    """Store all papers of these files; returns what was saved and how many problems were told."""
    saved, problems = Saved(), 0
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        reading = progress.add_task("Reading", total=size(paths))
        items = read(paths, lambda count: progress.advance(reading, count))
        for batch in batches(items, _BATCH):
            papers = []
            for item in batch:
                if isinstance(item, Problem):
                    problems += 1
                    if problems <= _SHOWN:
                        console.print(str(item), style="yellow", markup=False, soft_wrap=True)
                else:
                    papers.append(item)
            if papers:
                saved += store.papers.save(papers, now)
            done = saved.added + saved.changed + saved.unchanged
            progress.update(reading, description=f"Reading · {done:,} papers")
        indexing = progress.add_task("Indexing", total=None)
        store.search.refresh(lambda done, of: progress.update(indexing, completed=done, total=of))
    if problems > _SHOWN:
        console.print(f"… and {problems - _SHOWN:,} further problems", style="yellow")
    return saved, problems
