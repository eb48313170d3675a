"""Whether the parts that paperbot needs are there, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bot.app import App

Result = TypeVar("Result")

_SECONDS = 3.0
"""For the database or the index to answer."""


async def faults(app: App) -> dict[str, str]:
    """Each part with what is wrong with it; nothing where it is well."""
    found = {
        "database": await _fault(partial(_database, app)),
        "index": await _fault(partial(_index, app)),
    }
    for name, chat in app.chats.items():
        if name in app.connections.online:
            found[name] = "" if chat.connected else "not connected"
        elif app.connections.waits(name):
            found[name] = ""  # another process has the connection
        else:
            found[name] = "not connected"
    return found


async def metrics(app: App) -> bytes:
    """All counts; those from the database are missing where it does not answer."""
    try:
        for state, count in (await _asked(app.store.ledger.not_sent)).items():
            app.metrics.deliveries.labels(state).set(count)
    except Exception:
        app.metrics.deliveries.clear()
    return app.metrics.text()


def _database(app: App) -> str:
    app.store.papers.cursor()
    return ""


def _index(app: App) -> str:
    app.store.search.suggest("a", 1)
    return "not built yet" if app.store.search.unbuilt() else ""


async def _fault(work: Callable[[], str]) -> str:
    try:
        return await _asked(work)
    except TimeoutError:
        return f"did not answer within {_SECONDS:.0f} seconds"
    except Exception as error:
        return type(error).__name__  # the text may hold an address


async def _asked(work: Callable[[], Result]) -> Result:
    """In a thread of its own: the pool's may all be busy."""
    async with asyncio.timeout(_SECONDS):
        return await asyncio.to_thread(work)
