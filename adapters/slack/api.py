"""The few calls to Slack that paperbot makes, each made once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import DeliveryError
from adapters.slack.blocks import without_images
from adapters.slack.errors import bad_image, code, refusal
from adapters.slack.redact import sdk_logger
from storage.ids import ids_within
from storage.model import Payload, Standing, read_key

_log = logging.getLogger(__name__)

SECONDS = 10
"""Longest time of a call."""
RESPONSES = 5
"""How often a response URL may be used, within 30 minutes."""
CLOCK_SLACK = timedelta(minutes=5)
"""How far our clock may run ahead of Slack's, which stamps the messages."""
_PAGE = 100
_SILENT = "Slack did not say what is posted."
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
        try:
            async for message in self._messages(channel, parent, since):
                if key in marks(message):
                    return str(message["ts"])
        except Exception as error:
            if parent and code(error) == "thread_not_found":
                # Its parent is gone; then it stands in the channel, if it stands anywhere.
                return await self.find(channel, key, None, since)
            raise (refusal(error) or DeliveryError(_SILENT)) from None
        return None

    async def standing(self, channel: str, since: datetime) -> list[Standing]:
        """Our marked messages in a channel and its threads.  Raises DeliveryError as ``find``."""
        found: list[Standing] = []
        try:
            async for message in self._messages(channel, None, since, patient=True):
                if not (marked := _standing(message)):
                    continue
                found += marked
                if message.get("reply_count"):
                    thread = self._messages(channel, message["ts"], since, patient=True)
                    found += [one async for reply in thread for one in _standing(reply)]
        except Exception as error:
            raise (refusal(error) or DeliveryError(_SILENT)) from None
        return found

    async def _messages(
        self, channel: str, parent: str | None, since: datetime, *, patient: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """The messages of a channel or thread; ``patient`` waits where Slack asks for it."""
        args: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - CLOCK_SLACK).timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE,
            "cursor": None,
        }
        while True:
            try:
                if parent:
                    page = await self.client.conversations_replies(ts=parent, **args)
                else:
                    page = await self.client.conversations_history(**args)
            except Exception as error:
                refused = refusal(error)
                if not patient or refused is None or refused.retry_after is None:
                    raise
                await asyncio.sleep(refused.retry_after)
                continue
            for message in page["messages"]:
                yield message
            args["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not args["cursor"]:
                return

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


def marks(message: dict[str, Any]) -> list[str]:
    """What may be its key: where both marks stand, both."""
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    blocks = message.get("blocks") or []
    return [str(payload.get("k")), *(str(block.get("block_id")) for block in blocks)]


def _standing(message: dict[str, Any]) -> list[Standing]:
    """The message, if it bears a key of ours."""
    key = next(filter(read_key, marks(message)), None)
    if key is None:
        return []
    ts = str(message["ts"])
    at = datetime.fromtimestamp(float(ts), UTC)
    return [Standing(key=key, ref=ts, at=at, papers=ids_within(message.get("blocks") or []))]
