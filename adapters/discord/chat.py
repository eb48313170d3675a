"""Discord as a chat: what is posted on time goes out here; people come in by the doors."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from adapters.base import DeliveryError, Finding, Handle, RenderAs, Teams
from adapters.discord.api import Api
from adapters.discord.checkup import checkup
from adapters.discord.doors import Doors
from adapters.discord.errors import name
from adapters.discord.link import DEFAULT_API, Client
from adapters.discord.memory import Memory, Starts
from adapters.discord.meter import Meter
from adapters.discord.redact import quiet
from adapters.discord.render import render, speech
from adapters.discord.talk import Talk
from adapters.discord.tree import Suggest, plant
from commands.model import Command, Reply
from storage.model import Payload, Standing, Target

_log = logging.getLogger(__name__)

_STOP_SECONDS = 0.8
"""For each of the two steps of stopping."""


class Discord:
    """A bot in any number of servers, over one gateway connection.

    ``guild_ids``: servers that get the commands at once and alone; without any, all do.
    ``state``: a folder for the little that must outlive a restart.  ``suggest`` completes titles:
    labels and values for what was typed.  ``teams`` is told of the servers that paperbot is in, and
    of those that removed it.  ``is_ours`` says whether this process may be connected at the moment;
    it is asked before everything that goes out with the bot's token.
    """

    name = "discord"
    pace = timedelta(seconds=1)
    """Discord takes five messages in five seconds into a channel (it does not promise that), and
    discord.py waits inside the call that used the limit up, when the message stands already."""

    def __init__(
        self,
        *,
        token: str,
        api_url: str = DEFAULT_API,
        guild_ids: Sequence[int] = (),
        state: Path,
        now: Callable[[], datetime],
        suggest: Suggest | None = None,
        teams: Teams | None = None,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._token = token
        self._api_url = api_url.rstrip("/")
        self._guild_ids = guild_ids
        self._memory = Memory(state)
        self._starts = Starts(self._memory, now)
        self._suggest = suggest
        self._teams = teams
        self._is_ours = is_ours
        self._commands: Sequence[Command] = ()
        self._client: Client | None = None
        self._api: Api | None = None
        self._talk: Talk | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.alive

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        """Connect, after a pause where the last connections did not last.

        Raises DeliveryError, permanent for a token that Discord does not take.
        """
        quiet()
        if pause := self._starts.pause():
            _log.warning("the last connection to Discord did not last; waiting %.0f s", pause)
            await asyncio.sleep(pause)
        try:
            await self._start(commands, handle)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, commands: Sequence[Command], handle: Handle) -> None:
        client = self._client = Client(Meter(self._refused, self._is_ours), self._starts)
        api = Api(client)
        talk = self._talk = Talk(api, handle)
        doors = Doors(client, api, talk)
        tree = app_commands.CommandTree(client)
        plant(tree, commands, doors.command, doors.find_papers, self._suggest)
        for listener in (
            doors.on_interaction,
            doors.on_message,
            self.on_guild_join,
            self.on_guild_remove,
        ):
            client.event(listener)
        await client.enter(self._token, self._api_url)
        await self._sync(client, tree)
        await client.open()
        self._api = api
        await self._joined(client.guilds)
        _log.info("connected to Discord as %s, in %d servers", client.user, len(client.guilds))

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        return render(reply, layout)

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        return await self._connected().post(target, payload, parent, key)

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        return await self._connected().find(target, key, parent, since)

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        return await self._connected().standing(target, since)

    async def tell(self, team: str, person: str, text: str) -> None:
        await self._connected().tell(person, speech(text))

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        """Works without ``start``, too."""
        quiet()
        return await checkup(self._token, self._api_url, targets)

    async def stop(self) -> None:
        """Disconnect within two seconds, answers under way included."""
        client, self._client = self._client, None
        self._api = None
        if self._talk:
            await self._talk.later.stop(_STOP_SECONDS)
        if client:
            await client.shut(_STOP_SECONDS)

    # -- connecting ---------------------------------------------------------------------------

    def _connected(self) -> Api:
        if self._api is None:
            raise DeliveryError("Discord is not connected yet.")
        return self._api

    def _refused(self) -> None:
        """Discord does not take the token any more: nothing that is tried can help."""
        _log.error("Discord refused the bot's token; paperbot is offline there until it is set")
        if self._client and self._talk:
            self._talk.later.start(self._client.shut(_STOP_SECONDS))

    async def _sync(self, client: Client, tree: app_commands.CommandTree[Any]) -> None:
        """Register the commands where they changed: Discord counts what is created in a day."""
        wanted = [command.to_dict(tree) for command in tree.get_commands()]
        app = client.application_id
        assert app
        scopes = [str(guild) for guild in self._guild_ids] or ["global"]
        known = self._memory.get("commands")
        for scope in dict.fromkeys([*scopes, *known]):
            payload = wanted if scope in scopes else []
            digest = hashlib.sha256(json.dumps([app, payload], sort_keys=True).encode()).hexdigest()
            if known.get(scope) == digest:
                continue
            try:
                if scope == "global":
                    await client.http.bulk_upsert_global_commands(app, payload=payload)
                else:
                    await client.http.bulk_upsert_guild_commands(app, int(scope), payload=payload)
            except discord.HTTPException as error:
                # The bot posts and answers without; the next start tries again.
                _log.error("commands are not registered in %s: %s", scope, name(error))
                continue
            known[scope] = digest
            self._memory.put("commands", known)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        _log.info("added to server %d", guild.id)
        if self._talk:
            self._talk.later.start(self._joined([guild]))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        _log.info("removed from server %d", guild.id)
        if self._teams and self._talk:
            self._talk.later.start(self._teams.left(str(guild.id)))

    async def _joined(self, guilds: Sequence[discord.Guild]) -> None:
        if self._teams:
            await self._teams.joined([str(guild.id) for guild in guilds])
