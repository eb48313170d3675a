"""``paperbot import``: files into the catalogue and the index, with a progress bar."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
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
from bot.app import open_store
from bot.ingest import batches
from bot.settings import Settings
from storage.model import Paper
from storage.papers import Saved
from storage.store import Store

_BATCH = 2_000
_SHOWN = 20
"""Problems that are told one by one; the rest is only counted."""
_LARGE = 10_000_000
"""Bytes of files from which on a process of its own indexes while this one reads."""


def import_files(
    settings: Settings, paths: Sequence[Path], now: datetime, console: Console
) -> tuple[Saved, int]:
    """Store all papers of these files and index them.

    Returns what was saved, and how many problems were told.
    """
    gc.disable()  # nothing here makes cycles, and looking for them takes a tenth of the time
    store = open_store(settings)
    beside = _indexing_beside(settings) if size(paths) >= _LARGE else nullcontext()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    try:
        with Progress(
            *columns, TaskProgressColumn(), TimeRemainingColumn(), console=console, transient=True
        ) as progress:
            with beside:
                saved, problems = _save(store, paths, now, console, progress)
                progress.add_task("Indexing", total=None)
            store.search.refresh()
    finally:
        gc.enable()
        store.close()
    if problems > _SHOWN:
        console.print(f"… and {problems - _SHOWN:,} further problems", style="yellow")
    return saved, problems


def _save(
    store: Store, paths: Sequence[Path], now: datetime, console: Console, progress: Progress
) -> tuple[Saved, int]:
    saved, problems = Saved(), 0
    reading = progress.add_task("Reading", total=size(paths))
    items = read(paths, lambda count: progress.advance(reading, count))
    for batch in batches(items, _BATCH):
        papers = [item for item in batch if isinstance(item, Paper)]
        for problem in (item for item in batch if isinstance(item, Problem)):
            problems += 1
            if problems <= _SHOWN:
                console.print(str(problem), style="yellow", markup=False, soft_wrap=True)
        if papers:
            saved += store.papers.save(papers, now)
        done = saved.added + saved.changed + saved.unchanged
        progress.update(reading, description=f"Reading · {done:,} papers")
    return saved, problems


@contextmanager
def _indexing_beside(settings: Settings) -> Iterator[None]:
    """Index in another process what is saved meanwhile: reading and indexing each fill a core."""
    context = get_context("spawn")
    done = context.Event()
    process = context.Process(target=_index, args=(settings, done), daemon=True)
    process.start()
    try:
        yield
    finally:
        done.set()
        process.join()


def _index(settings: Settings, done: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads
    gc.disable()
    reader = parent_process()
    assert reader is not None
    store = open_store(settings)
    store.search.refresh(done=lambda: done.is_set() or not reader.is_alive())
    store.close()
