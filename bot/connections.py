"""Which chats this process is connected to: some in every process, some in one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import structlog

from adapters.base import Chat, Handle
from bot.lease import Lease
from commands.model import Command

_log = structlog.get_logger(__name__)

_REST = 30.0
"""Seconds that a process which could not connect leaves to the others."""


class Connections:
    """Connects the chats; one that has a lease only while this process holds that.

    ``online`` are those that messages can be sent to; it changes as leases do.
    """

    def __init__(self, chats: Mapping[str, Chat], leases: Mapping[str, Lease]) -> None:
        self._chats = chats
        self._leases = leases
        self._joining: dict[str, asyncio.Task[None]] = {}
        self._commands: Sequence[Command] = ()
        self._handle: Handle | None = None
        self.online = {name: chat for name, chat in chats.items() if name not in leases}

    def waits(self, name: str) -> bool:
        """Whether it is left to another process that holds its lease."""
        return name in self._leases and not self._leases[name].held()

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        """Connect what is free; returns when ready.  Raises what the chats raise."""
        self._commands, self._handle = commands, handle
        await asyncio.gather(
            *map(self._connect, self.online.values()), *map(self._try, self._leases)
        )

    async def stop(self) -> None:
        """Disconnect, and leave to other processes what they wait for."""
        leaving = map(self._leave, self._leases)
        others = self._chats.keys() - self._leases.keys()
        stopping = (self._chats[name].stop() for name in others)
        await asyncio.gather(*leaving, *stopping)
        for lease in self._leases.values():
            await lease.stop()

    async def _try(self, name: str) -> None:
        lease = self._leases[name]
        await lease.start(partial(self._changed, name))
        if lease.held():
            joining = self._joining[name] = asyncio.create_task(self._join(name))
            await joining
        else:
            _log.info("another process is connected; waiting to take over", chat=name)

    async def _changed(self, name: str) -> None:
        """A term of the lease began or ended: whatever was connected belongs to an older one."""
        await self._leave(name)
        if self._leases[name].held():
            self._joining[name] = asyncio.create_task(self._join_later(name))

    async def _join_later(self, name: str) -> None:
        try:
            await self._join(name)
        except Exception as error:
            _log.error("cannot connect; another process may", chat=name, error=str(error))
            await self._leases[name].give_up(_REST)

    async def _join(self, name: str) -> None:
        await self._connect(self._chats[name])
        self.online[name] = self._chats[name]
        _log.info("connected", chat=name)

    async def _leave(self, name: str) -> None:
        joining = self._joining.pop(name, None)
        if joining is None:
            return
        self.online.pop(name, None)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        await self._chats[name].stop()

    async def _connect(self, chat: Chat) -> None:
        assert self._handle
        await chat.start(self._commands, self._handle)
