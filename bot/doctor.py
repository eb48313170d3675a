"""``paperbot doctor``: look at everything that can be wrong, and say what to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterable

from adapters.base import Finding, Source, SourceError
from bot.app import App
from bot.backup import folder_of, is_sqlite, nightly
from bot.settings import Settings
from bot.threads import in_thread
from storage.search import MeaningError
from storage.store import Store

_SOURCE_SECONDS = 15
_KNOWN_PAPER = "1706.03762"


async def examine(app: App) -> list[Finding]:
    """One finding for each thing that was looked at, in the order to mend them."""
    found = [Finding("settings")]
    found += await in_thread(app.pool, _examine_store, app.store)
    found.append(await in_thread(app.pool, _examine_backups, app.settings))
    newest = anext(app.hub.fetch(app.now().date()), None)
    known = app.arxiv.get(_KNOWN_PAPER)
    found += await asyncio.gather(
        _examine_source(app.hub, newest, "PAPERBOT_HF__ENDPOINT and PAPERBOT_HF__TOKEN"),
        _examine_source(app.arxiv, known, "PAPERBOT_ARXIV__API_URL"),
    )
    subscriptions = await in_thread(app.pool, app.store.subscriptions.everywhere)
    for name, chat in app.chats.items():
        targets = {one.target: None for one in subscriptions if one.target.chat == name}
        found += await chat.check(list(targets))
    for one in subscriptions:
        about = f"subscription {one.id}"
        if one.target.chat not in app.chats:
            advice = f"Set {one.target.chat} up: paperbot setup."
            found.append(Finding(about, f"{one.target.chat} is not set up", advice))
        elif one.paused:
            found.append(Finding(about, f"paused: {one.paused}", f"Mend it, then resume {one.id}."))
    return found


def _examine_store(store: Store) -> Iterable[Finding]:
    """The database answered when it was opened; the index must be able to follow it."""
    yield Finding(f"database, {store.papers.count():,} papers")
    try:
        store.search.refresh()
    except Exception as error:
        yield Finding("search index", str(error), "Build it anew: paperbot index rebuild.")
    else:
        yield Finding("search index")
    yield _examine_meaning(store)


def _examine_meaning(store: Store) -> Finding:
    if not store.search.meaning.on:
        return Finding("search by meaning: off, PAPERBOT_SEARCH__EMBEDDINGS is not set")
    try:
        known, papers = store.search.meaning.count(), store.papers.count()
    except MeaningError as error:
        return Finding("search by meaning", str(error), "Until then, words alone are searched.")
    return Finding(f"search by meaning, {known:,} of {papers:,} papers")


def _examine_backups(settings: Settings) -> Finding:
    if not settings.backup.keep:
        return Finding("nightly backups: off, PAPERBOT_BACKUP__KEEP is 0")
    if not is_sqlite(settings):
        return Finding("nightly backups: left to PostgreSQL's operator")
    folder = folder_of(settings)
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        advice = "Let this user write there, or name another folder in PAPERBOT_BACKUP__FOLDER."
        return Finding("nightly backups", f"{folder} cannot be written", advice)
    newest = max(nightly(folder), default=None)
    return Finding(f"nightly backups, {f'the newest of {newest}' if newest else 'none yet'}")


async def _examine_source(source: Source, ask: Awaitable[object], settings: str) -> Finding:
    try:
        async with asyncio.timeout(_SOURCE_SECONDS):
            await ask
    except (SourceError, TimeoutError) as error:
        advice = f"Look at the network, and at {settings}."
        return Finding(source.name, str(error) or "it did not answer in time", advice)
    return Finding(source.name)
