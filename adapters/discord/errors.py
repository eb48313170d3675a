"""What Discord's refusals mean: whether the message may be posted after all, and what to do.

The numbers are of topics/opcodes-and-status-codes.mdx.
"""

from __future__ import annotations

import aiohttp
import discord

from adapters.base import DeliveryError

HAS_THREAD = 160004
NO_CHANNEL = 10003
NO_MESSAGE = 10008
NO_PERMISSION = 50013

_PERMANENT = {
    NO_CHANNEL: "That channel is gone. Subscribe in another one.",
    10004: "That server is gone, or paperbot was removed from it.",
    10013: "There is no such person on Discord any more.",
    40067: (
        "Posts in that forum need a tag, which paperbot has none of. Take that requirement away "
        "in the forum's settings."
    ),
    50001: "I cannot see that channel. Allow me View Channel there.",
    50007: "That person takes no direct messages from paperbot.",
    NO_PERMISSION: "I lack a permission there.",
    50024: (
        "A channel of that kind has no threads. Subscribe in a text channel or a forum, or with "
        "`--layout compact`."
    ),
    160005: "That thread is locked. Unlock it, or let me manage threads.",
}


def code(error: Exception) -> int:
    """Discord's number of what is wrong, 0 where it says none."""
    return error.code if isinstance(error, discord.HTTPException) else 0


def name(error: Exception) -> str:
    """The error in a word or two, without addresses."""
    if isinstance(error, discord.HTTPException):
        return f"{error.status}, error {error.code}"
    return type(error).__name__


def refusal(error: Exception) -> DeliveryError | None:
    """The reason why nothing was posted; None where something may have been."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return DeliveryError("Discord cannot be reached from here at the moment.")
    if not isinstance(error, discord.HTTPException) or error.status >= 500:
        return None
    sentence = _PERMANENT.get(error.code)
    return DeliveryError(
        sentence or f"Discord refused it ({name(error)}).", permanent=bool(sentence)
    )
