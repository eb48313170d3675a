"""Which chats this process is connected to: some in every process, some in one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import structlog

from adapters.base import Chat, DeliveryError, Handle
from bot.lease import Lease
from commands.model import Command

_log = structlog.get_logger(__name__)

_REST = 30.0
"""Seconds until the next try of a process which could not connect."""


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
        return name in self._leases and self._leases[name].elsewhere

    async def start(
        self, commands: Sequence[Command], handle: Handle, *, patient: bool = False
    ) -> None:
        """Connect what is free; returns when ready.  Raises what the chats raise.

        Where ``patient``, a chat that cannot be reached now is tried again by and by instead.
        """
        self._commands, self._handle = commands, handle
        await asyncio.gather(*(self._begin(name, patient) for name in self._chats))

    async def stop(self) -> None:
        """Disconnect, and leave to other processes what they wait for."""
        await asyncio.gather(*map(self._leave, self._chats))
        for lease in self._leases.values():
            await lease.stop()

    async def _begin(self, name: str, patient: bool) -> None:
        if lease := self._leases.get(name):
            await lease.start(partial(self._changed, name))
            if not lease.held():
                _log.info("another process is connected; waiting to take over", chat=name)
                return
        joining = self._joining[name] = asyncio.create_task(self._join(name))
        try:
            await joining
        except DeliveryError as error:
            if error.permanent or not patient:
                raise
            await self._try_again(name, error)

    async def _changed(self, name: str) -> None:
        """A term of the lease began or ended: whatever was connected belongs to an older one."""
        await self._leave(name)
        if self._leases[name].held():
            self._joining[name] = asyncio.create_task(self._join_later(name))

    async def _join_later(self, name: str, seconds: float = 0) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._join(name)
        except Exception as error:
            await self._try_again(name, error)
        else:
            _log.info("connected", chat=name)

    async def _try_again(self, name: str, error: Exception) -> None:
        """By and by; what has a lease is left to another process meanwhile."""
        _log.error("cannot connect; trying again", chat=name, error=str(error), seconds=_REST)
        if lease := self._leases.get(name):
            await lease.give_up(_REST)
        else:
            self.online.pop(name, None)
            self._joining[name] = asyncio.create_task(self._join_later(name, _REST))

    async def _join(self, name: str) -> None:
        assert self._handle
        chat = self._chats[name]
        await chat.start(self._commands, self._handle)
        self.online[name] = chat

    async def _leave(self, name: str) -> None:
        joining = self._joining.pop(name, None)
        if joining is None:
            return
        self.online.pop(name, None)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        await self._chats[name].stop()
