"""The few calls to Slack that paperbot makes, each made once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import DeliveryError
from adapters.slack.blocks import without_images
from adapters.slack.errors import bad_image, code, refusal
from adapters.slack.redact import sdk_logger
from storage.model import Payload

_log = logging.getLogger(__name__)

SECONDS = 10
"""Longest time of a call."""
RESPONSES = 5
"""How often a response URL may be used, within 30 minutes."""
CLOCK_SLACK = timedelta(minutes=5)
"""How far our clock may run ahead of Slack's, which stamps the messages."""
_PAGE = 100
_PATIENCE = 60.0
"""Longest time that an answer may take to be posted, rate limits included."""
_LOST = (0, 500, 502, 503, 504)
"""What leaves open whether an answer was taken; 0 is none at all."""


class Api:
    """One workspace's Web API and its response URLs, over one session and without retries."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.client = AsyncWebClient(
            token, base_url=url, session=session, retry_handlers=[], logger=sdk_logger()
        )
        self._session = session

    async def post(
        self, channel: str, payload: Payload, *, thread: str | None = None, key: str = ""
    ) -> str:
        """Post a message and return its ts.

        Raises DeliveryError where it was surely not posted; other errors leave that open.
        """
        args = {**(marked(payload, key) if key else payload), "channel": channel}
        if thread:
            args["thread_ts"] = thread
        try:
            posted = await self._post(args)
        except Exception as error:
            if refused := refusal(error):
                raise refused from None
            raise
        ts = str(posted["ts"])
        if thread and posted["message"].get("thread_ts") != thread:
            await self._take_back(channel, ts)
            raise DeliveryError(
                "The first message of the thread was deleted, so the rest has no place.",
                permanent=True,
            )
        return ts

    async def _post(self, args: dict[str, Any]) -> Any:
        """Post; once more without pictures where Slack refused it for one of them."""
        try:
            return await self.client.chat_postMessage(**args)
        except SlackApiError as error:
            if not bad_image(error):
                raise
        return await self.client.chat_postMessage(**without_images(args))

    async def _take_back(self, channel: str, ts: str) -> None:
        """Slack posts a reply whose thread is gone to the channel, without a word."""
        try:
            await self.client.chat_delete(channel=channel, ts=ts)
        except Exception as error:
            _log.warning("a reply without a thread stays in %s (%s)", channel, code(error))

    async def say(self, channel: str, payloads: Sequence[Payload], thread: str | None) -> None:
        """Answer where everybody can read it; rate limits are waited for.  Raises as ``post``."""
        async with asyncio.timeout(_PATIENCE):
            for payload in payloads:
                while not await self._posted(channel, payload, thread):
                    pass

    async def _posted(self, channel: str, payload: Payload, thread: str | None) -> bool:
        """Whether it was posted; where Slack asks to wait, wait."""
        try:
            await self.post(channel, payload, thread=thread)
        except DeliveryError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)
            return False
        return True

    async def find(self, channel: str, key: str, parent: str | None, since: datetime) -> str | None:
        """The ts of the message marked ``key``.  Raises DeliveryError where it cannot be told."""
        oldest = f"{(since - CLOCK_SLACK).timestamp():.6f}"
        cursor = None
        try:
            while True:
                args: dict[str, Any] = {
                    "channel": channel,
                    "oldest": oldest,
                    "inclusive": True,
                    "include_all_metadata": True,
                    "limit": _PAGE,
                    "cursor": cursor,
                }
                if parent:
                    page = await self.client.conversations_replies(ts=parent, **args)
                else:
                    page = await self.client.conversations_history(**args)
                for message in page["messages"]:
                    if is_marked(message, key):
                        return str(message["ts"])
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
                if not cursor:
                    return None
        except Exception as error:
            if parent and code(error) == "thread_not_found":
                # Its parent is gone; then it stands in the channel, if it stands anywhere.
                return await self.find(channel, key, None, since)
            raise (refusal(error) or DeliveryError("Slack did not say what is posted.")) from None

    async def respond(self, url: str, payloads: Sequence[Payload], **how: Any) -> None:
        """Answer through a response URL; ``how`` holds further fields of the body.

        Only the first message replaces another.  What the reader alone sees is sent again where
        the answer was lost: twice is better than never.
        """
        replace = bool(how.pop("replace_original", False))
        for payload in payloads[:RESPONSES]:
            body = {"response_type": "ephemeral", **payload, **how, "replace_original": replace}
            replace = False
            status = await self._send(url, body)
            if status == 400 and body != without_images(body):
                status = await self._send(url, without_images(body))
            elif status in _LOST and body["response_type"] == "ephemeral":
                status = await self._send(url, body)
            if status != 200:
                _log.warning("Slack did not take an answer (%s)", status or "no connection")
                return

    async def _send(self, url: str, body: dict[str, Any]) -> int:
        """The HTTP status, 0 where none came.  The address is a secret, and errors may tell it."""
        try:
            async with asyncio.timeout(SECONDS), self._session.post(url, json=body) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def new_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))


def marked(payload: Payload, key: str) -> Payload:
    """A message that can be found again: reading a block's id needs no scope of its own."""
    first, *rest = payload["blocks"]
    metadata = {"event_type": "paperbot", "event_payload": {"k": key}}
    return {**payload, "blocks": [{**first, "block_id": key}, *rest], "metadata": metadata}


def is_marked(message: dict[str, Any], key: str) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return payload.get("k") == key or any(
        block.get("block_id") == key for block in message.get("blocks") or []
    )
