"""One run of planner and outbox that dies at a named step: run by ``test_crashes``."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.app import open_store
from bot.outbox import Outbox
from bot.plan import Planner
from bot.settings import Settings
from commands import COMMANDS
from storage.model import Payload, Target
from storage.store import Store
from tests.fakes.chat import FakeChat

DIED = 77


class KeptChat(FakeChat):
    """The fake, with its messages in a file: they outlive the process, as on a platform."""

    def __init__(self, file: Path, now: datetime) -> None:
        super().__init__(lambda: now)
        self._file = file
        if file.exists():
            self.posts = pickle.loads(file.read_bytes())

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        ref = await super().send(target, payload, parent, key)
        self._file.write_bytes(pickle.dumps(self.posts))
        return ref


def run(settings: Settings, now: datetime, step: str = "") -> None:
    """Plan and send what is due; with a step, die at the first time it comes to that."""
    store = open_store(settings)
    chat = KeptChat(settings.data_dir / "posts", now)
    if step:
        _arm(store, chat, step)
    with ThreadPoolExecutor(2) as pool:
        Planner(store, COMMANDS, {"fake": chat}, ZoneInfo("UTC")).plan(now)
        asyncio.run(Outbox(store, {"fake": chat}, pool, f"owner at {now}", lambda: now).drain())
    store.close()


def _arm(store: Store, chat: KeptChat, step: str) -> None:
    """``<what> uncommitted``, ``<what> committed``, or ``before``/``after`` a call to the chat."""
    what, when = step.split()
    owners: dict[str, object] = {
        "plan": store.editions,
        "add_late": store.editions,
        "claim": store.deliveries,
        "record": store.deliveries,
        "send": chat,
        "find": chat,
    }
    owner = owners[what]
    work = getattr(owner, what)
    setattr(owner, what, {"send": _call, "find": _call}.get(what, _write)(work, when))


def _write(work: Callable[..., Any], when: str) -> Callable[..., Any]:
    def dying(*args: Any) -> Any:
        if when == "uncommitted":
            sa.event.listen(sa.Engine, "commit", _die)
        found = work(*args)
        if found:
            _die()
        return found

    return dying


def _call(work: Callable[..., Any], when: str) -> Callable[..., Any]:
    async def dying(*args: Any) -> Any:
        if when == "before":
            _die()
        await work(*args)
        _die()

    return dying


def _die(*_: object) -> None:
    os._exit(DIED)
