"""Telling whoever made a subscription what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from adapters.base import Chat
from storage.model import Subscription

_log = structlog.get_logger(__name__)

_TIMEOUT = timedelta(seconds=10)


async def tell(chats: Mapping[str, Chat], one: Subscription, text: str) -> None:
    """Tell its maker directly.  That nobody could be told is logged, never raised."""
    try:
        async with asyncio.timeout(_TIMEOUT.total_seconds()):
            await chats[one.target.chat].tell(one.target.team, one.made_by, text)
    except Exception as error:
        why = str(error) or type(error).__name__
        _log.warning("nobody could be told", subscription=one.id, error=why)
