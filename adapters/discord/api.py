"""The few calls to Discord that paperbot makes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route

from adapters.base import DeliveryError
from adapters.discord.errors import (
    HAS_THREAD,
    NO_CHANNEL,
    NO_MESSAGE,
    NO_PERMISSION,
    code,
    name,
    refusal,
)
from adapters.discord.manifest import lacking
from adapters.discord.markup import marked, marks
from adapters.discord.meter import Once
from storage.ids import ids_within
from storage.model import Payload, Standing, Target, read_key

_log = logging.getLogger(__name__)

SECONDS = 8.0
"""Longest time of a call, the wait for its turn included; the outbox waits 10."""
CLOCK_SLACK = timedelta(minutes=5)
"""How far our clock may run ahead of Discord's, which stamps the messages."""
EPHEMERAL = 1 << 6
HAS_THREAD_FLAG = 1 << 5
_PAGE = 100
_SILENT = "Discord did not say what is posted."
_PATIENCE = 60.0
"""Longest time that an answer may take to be posted, rate limits included."""
_ARCHIVE_AFTER = 1440
"""Minutes; a late post opens the thread again."""
_LATER = "Papers that came later"
"""The thread of an edition that had none, as ``compact`` has none."""
_GONE = "The first message of the thread was deleted, so the rest has no place."


class Api:
    """REST through discord.py's own client, which keeps to the limits of each route.

    Calls with the bot's token are made once: see ``Meter``.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._forums: dict[str, bool] = {}
        self._threads: set[str] = set()

    async def call(self, method: str, path: str, *, json: Any = None, **where: Any) -> Any:
        """One call; ``where`` fills the path's variables, its ``params`` are the query."""
        params = where.pop("params", None)
        given = {"json": json, "params": params}
        how = {name: value for name, value in given.items() if value is not None}
        return await self._once(Route(method, path, **where), **how)

    async def _once(self, route: Route, **how: Any) -> Any:
        """Raises DeliveryError where its turn did not come; else as the request does."""
        once = Once()
        try:
            async with asyncio.timeout(SECONDS):
                return await self._client.http.request(route, trace_request_ctx=once, **how)
        except TimeoutError:
            if once.begun:
                raise
            raise DeliveryError(
                "Discord's limits leave no room for it at the moment.", retry_after=1
            ) from None

    # -- posting ------------------------------------------------------------------------------

    async def post(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        """Post a marked message, a part into its header's thread, and return its id.

        Raises DeliveryError where it was surely not posted; other errors leave that open.
        """
        try:
            body = _sendable(marked(payload, key))
            if await self._is_forum(target.channel):
                if parent is None:
                    return await self._open_post(target.channel, payload, body)
            elif parent is not None:
                await self._open_thread(target.channel, parent, payload)
            body |= {"nonce": nonce(target.channel, key), "enforce_nonce": True}
            return await self._create(parent or target.channel, body)
        except Exception as error:
            if parent is not None and code(error) in (NO_CHANNEL, NO_MESSAGE):
                raise DeliveryError(_GONE, permanent=True) from None
            if code(error) == NO_PERMISSION:
                raise DeliveryError(self._lacking(target.channel), permanent=True) from None
            if refused := refusal(error):
                raise refused from None
            raise

    async def _create(self, channel: str, body: Payload) -> str:
        path = "/channels/{channel_id}/messages"
        return str((await self.call("POST", path, json=body, channel_id=channel))["id"])

    async def _open_post(self, forum: str, payload: Payload, body: Payload) -> str:
        """A post in a forum: its id is that of the thread and of its first message."""
        about = {"name": payload["thread_name"], "auto_archive_duration": _ARCHIVE_AFTER}
        path = "/channels/{channel_id}/threads"
        made = await self.call("POST", path, json={**about, "message": body}, channel_id=forum)
        return str(made["id"])

    async def _open_thread(self, channel: str, header: str, payload: Payload) -> None:
        """The thread of a message has the message's id, and there is at most one."""
        if header in self._threads:
            return
        named = payload.get("thread_name", _LATER)
        about = {"name": named, "auto_archive_duration": _ARCHIVE_AFTER}
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        try:
            await self.call("POST", path, json=about, channel_id=channel, message_id=header)
        except discord.HTTPException as error:
            if error.code != HAS_THREAD:
                raise
        if len(self._threads) > 10_000:
            self._threads.clear()
        self._threads.add(header)

    async def _is_forum(self, channel: str) -> bool:
        if isinstance(self._client.get_channel(_number(channel)), discord.TextChannel):
            return False
        if channel not in self._forums:
            found = await self.call("GET", "/channels/{channel_id}", channel_id=channel)
            self._forums[channel] = found["type"] == discord.ChannelType.forum.value
        return self._forums[channel]

    def _lacking(self, channel: str) -> str:
        own, forum = self._own_permissions(channel)
        missing = lacking(own, forum=forum) if own else ""
        what = missing or lacking(discord.Permissions.none())
        return f"I lack a permission in that channel. Allow me there: {what}."

    def _own_permissions(self, channel: str) -> tuple[discord.Permissions | None, bool]:
        """What the bot may do in a channel, None where that is not known; whether it is a forum."""
        known = self._client.get_channel(_number(channel))
        if not isinstance(known, discord.abc.GuildChannel):
            return None, False
        return known.permissions_for(known.guild.me), isinstance(known, discord.ForumChannel)

    # -- looking up ---------------------------------------------------------------------------

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        """The id of the message marked ``key``.  Raises DeliveryError where it cannot be told."""
        after = discord.utils.time_snowflake(since - CLOCK_SLACK)
        try:
            if parent is None:
                messages = await self._top(target, after)
            else:
                messages = self._messages(parent, after)
            async for message in messages:
                if key in marks(message):
                    return str(message["id"])
        except Exception as error:
            if parent is not None and code(error) == NO_CHANNEL:
                return None  # its thread was not opened yet, or is gone with all that was in it
            raise (refusal(error) or DeliveryError(_SILENT)) from None
        self._check_sight(target.channel)
        return None

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        """Our marked messages in a channel and its threads.  Raises DeliveryError as ``find``."""
        after = discord.utils.time_snowflake(since - CLOCK_SLACK)
        found: list[Standing] = []
        try:
            async for head in await self._top(target, after):
                if marked := _standing(head):
                    found += marked
                    if _has_thread(head):
                        found += await self._thread(str(head["id"]), after)
        except Exception as error:
            raise (refusal(error) or DeliveryError(_SILENT)) from None
        self._check_sight(target.channel)
        return found

    def _check_sight(self, channel: str) -> None:
        """Without permission, Discord answers with an empty history (resources/message.mdx)."""
        own, _ = self._own_permissions(channel)
        if own and not own.read_message_history:
            raise DeliveryError(
                "I cannot look up what I posted. Allow me Read Message History.", permanent=True
            )

    async def _thread(self, header: str, after: int) -> list[Standing]:
        """What stands under a header; in a forum, Discord lists the header itself among it."""
        try:
            return [
                one
                async for message in self._messages(header, after)
                if str(message["id"]) != header
                for one in _standing(message)
            ]
        except discord.NotFound:  # it was deleted
            return []

    async def _top(self, target: Target, after: int) -> AsyncIterator[dict[str, Any]]:
        """The messages of a channel; of a forum, the first message of each of our posts."""
        if await self._is_forum(target.channel):
            return self._first_messages(target, after)
        return self._messages(target.channel, after)

    async def _messages(self, channel: str, after: int) -> AsyncIterator[dict[str, Any]]:
        path = "/channels/{channel_id}/messages"
        while True:
            params = {"after": after, "limit": _PAGE}
            page = await self.call("GET", path, params=params, channel_id=channel)
            for message in page:
                yield message
            if len(page) < _PAGE:
                return
            after = max(int(message["id"]) for message in page)

    async def _first_messages(self, forum: Target, after: int) -> AsyncIterator[dict[str, Any]]:
        path = "/channels/{channel_id}/messages/{message_id}"
        me = str(self._client.user.id) if self._client.user else ""
        async for thread in self._posts(forum, after):
            if str(thread.get("owner_id")) == me and int(thread["id"]) > after:
                id = str(thread["id"])
                try:
                    yield await self.call("GET", path, channel_id=id, message_id=id)
                except discord.NotFound:  # deleted since
                    continue

    async def _posts(self, forum: Target, after: int) -> AsyncIterator[dict[str, Any]]:
        """The open posts of a forum, then the archived ones that were active since."""
        active = await self.call("GET", "/guilds/{guild_id}/threads/active", guild_id=forum.team)
        for thread in active["threads"]:
            if str(thread.get("parent_id")) == forum.channel:
                yield thread
        path = "/channels/{channel_id}/threads/archived/public"
        params: dict[str, Any] = {"limit": _PAGE}
        oldest = discord.utils.snowflake_time(after)
        while True:
            page = await self.call("GET", path, params=params, channel_id=forum.channel)
            for thread in page["threads"]:
                yield thread
            if not page["has_more"]:
                return
            last = page["threads"][-1]["thread_metadata"]["archive_timestamp"]
            if datetime.fromisoformat(last) < oldest:
                return
            params["before"] = last

    # -- talking ------------------------------------------------------------------------------

    async def tell(self, person: str, payload: Payload) -> None:
        """Write to one person.  Raises DeliveryError."""
        try:
            opened = await self.call("POST", "/users/@me/channels", json={"recipient_id": person})
            await self._create(str(opened["id"]), _sendable(payload))
        except Exception as error:
            raise refusal(error) or DeliveryError(
                f"Discord did not say whether it told them ({name(error)})."
            ) from None

    async def say(self, channel: str, payloads: Sequence[Payload], reply_to: str = "") -> None:
        """Answer where everybody can read it; rate limits are waited for.

        The first message is a reply to ``reply_to``, which pings nobody.  Raises DeliveryError.
        """
        bodies = [_sendable(payload) for payload in payloads]
        if reply_to:
            reference = {"message_id": reply_to, "fail_if_not_exists": False}
            silent = {"parse": [], "replied_user": False}
            bodies[0] |= {"message_reference": reference, "allowed_mentions": silent}
        async with asyncio.timeout(_PATIENCE):
            for body in bodies:
                while not await self._said(channel, body):
                    pass

    async def _said(self, channel: str, body: Payload) -> bool:
        """Whether it was posted; where Discord asks to wait, wait."""
        try:
            await self._create(channel, body)
        except Exception as error:
            refused = refusal(error)
            if refused is None or refused.retry_after is None:
                raise refused or DeliveryError(
                    f"Discord did not say whether it took an answer ({name(error)})."
                ) from None
            await asyncio.sleep(refused.retry_after)
            return False
        return True

    async def respond(
        self, token: str, payloads: Sequence[Payload], *, edit: bool, hidden: bool = True
    ) -> None:
        """Answer an interaction that was deferred: the first message by an edit, where asked for.

        The others follow.  Where an answer is lost, what one person sees is sent again: twice is
        better than never.  What all see is sent once.
        """
        hook: dict[str, Any] = {"webhook_id": self._client.application_id, "webhook_token": token}
        path = "/webhooks/{webhook_id}/{webhook_token}"
        for payload in payloads:
            body = _sendable(payload)
            if edit:
                route = Route("PATCH", f"{path}/messages/@original", **hook)
            else:
                route = Route("POST", path, **hook)
                body |= {"flags": EPHEMERAL} if hidden else {}
            if not (edit or hidden):
                await self._once(route, json=body)
                continue
            edit = False
            try:
                await self._client.http.request(route, json=body)
            except (aiohttp.ClientError, TimeoutError, discord.DiscordServerError):
                await self._client.http.request(route, json=body)


def nonce(channel: str, key: str) -> str:
    """The same for the same message, and for no other of this bot: at most 25 characters."""
    return hashlib.sha256(f"{channel}:{key}".encode()).hexdigest()[:25]


def _has_thread(message: dict[str, Any]) -> bool:
    """Whether something may stand under it; the first message of a forum's post is in its own."""
    return bool(message.get("flags", 0) & HAS_THREAD_FLAG) or message["id"] == message["channel_id"]


def _standing(message: dict[str, Any]) -> list[Standing]:
    """The message, if it bears a key of ours."""
    key = next(filter(read_key, marks(message)), None)
    if key is None:
        return []
    id = str(message["id"])
    at = discord.utils.snowflake_time(int(id))
    shown = [message["embeds"], message.get("components") or []]
    return [Standing(key=key, ref=id, at=at, papers=ids_within(shown))]


def _number(id: str) -> int:
    return int(id) if id.isdecimal() else 0


def _sendable(payload: Payload) -> Payload:
    """A message without what is only for us."""
    return {name: part for name, part in payload.items() if name != "thread_name"}
