"""``paperbot import``: files into the catalogue and the index, with a progress bar."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Sequence
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
from storage.search import MeaningError
from storage.store import Store

_BATCH = 5_000
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
    open_store(settings).close()  # two processes at once would be in each other's way
    indexed = _index_beside(settings) if size(paths) >= _LARGE else lambda: None
    store = open_store(settings)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    try:
        with Progress(
            *columns, TaskProgressColumn(), TimeRemainingColumn(), console=console, transient=True
        ) as progress:
            saved, problems = _save(store, paths, now, console, progress)
            progress.add_task("Indexing", total=None)
            indexed()
            store.search.refresh()
            learn(store, progress, console)
    finally:
        indexed()
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


def learn(store: Store, progress: Progress, console: Console, anew: bool = False) -> None:
    """Follow by meaning to the end, with a bar of its own; Ctrl-C leaves the rest for later."""
    if not store.search.meaning.on:
        return
    task = progress.add_task("Meaning", total=None)
    try:
        store.search.learn(
            progress=lambda done, of: progress.update(task, completed=done, total=of), anew=anew
        )
    except MeaningError as error:
        console.print(str(error), style="yellow", markup=False, soft_wrap=True)


def _index_beside(settings: Settings) -> Callable[[], None]:
    """Index in another process what is saved meanwhile: reading and indexing each fill a core.

    Call what it returns when all is saved; it waits for the index.
    """
    # A fork has nothing to import again, and there are no threads yet that it could miss.
    context = get_context("fork") if sys.platform == "linux" else get_context("spawn")
    done = context.Event()
    process = context.Process(target=_index, args=(settings, done), daemon=True)
    process.start()

    def finish() -> None:
        done.set()
        process.join()

    return finish


def _index(settings: Settings, done: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads
    gc.disable()
    reader = parent_process()
    assert reader is not None
    store = open_store(settings)
    store.search.refresh(done=lambda: done.is_set() or not reader.is_alive())
    store.close()
