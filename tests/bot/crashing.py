"""Runs that die at a named step, for ``test_crashes`` and ``test_processes``."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from adapters.server import Server
from bot.app import build, open_store, utc_now
from bot.outbox import LEASE, Outbox
from bot.plan import Planner
from bot.run import subscribe_playground
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


def die_posting(settings: Settings, step: str) -> None:
    """Die by SIGKILL on the way to the playground's first post: planned, claimed or sent."""
    asyncio.run(_die_posting(settings, step))


async def _die_posting(settings: Settings, step: str) -> None:
    def past() -> datetime:
        return utc_now() - LEASE - timedelta(minutes=1)  # its leases have lapsed by now

    async with build(settings, Server(), past) as app:
        await app.sample.fetch(date.min)
        subscribe_playground(app)
        app.planner.plan(past())
        if step == "planned":
            os.kill(os.getpid(), signal.SIGKILL)
        (header,) = app.store.deliveries.claim("me", {"web": timedelta(0)}, past(), LEASE, 1)
        if step == "claimed":
            os.kill(os.getpid(), signal.SIGKILL)
        await app.chats["web"].send(header.target, header.payload, header.parent_ref, header.key)
        os.kill(os.getpid(), signal.SIGKILL)


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
