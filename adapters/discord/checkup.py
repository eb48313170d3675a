"""Looking at what can be wrong with the token, the servers and the permissions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord

from adapters.base import DeliveryError, Finding
from adapters.discord.errors import name, refusal
from adapters.discord.link import Client
from adapters.discord.manifest import invite_url, lacking
from adapters.discord.meter import Meter
from commands import COMMANDS
from storage.model import Target

_SECONDS = 20.0
"""For each thing."""


async def checkup(token: str, api_url: str, targets: Sequence[Target]) -> list[Finding]:
    """One finding for each thing, the connection first.  Never raises."""
    client = Client(Meter())
    try:
        if fault := await _entered(client, token, api_url):
            return [fault]
        found = [Finding(f"Discord, as {client.user}")]
        return found + [await _examined(client, target) for target in targets]
    finally:
        await client.shut(1)


async def _entered(client: Client, token: str, api_url: str) -> Finding | None:
    try:
        async with asyncio.timeout(_SECONDS):
            await client.enter(token, api_url)
    except DeliveryError as error:
        new = "Run paperbot setup to set another token."
        advice = new if error.permanent else "Look at the network, and try again."
        return Finding("Discord", str(error), advice)
    except TimeoutError:
        return Finding("Discord", "it does not answer", "Look at the network, and try again.")
    return None


async def _examined(client: Client, target: Target) -> Finding:
    about = f"Discord channel {target.channel}"
    try:
        async with asyncio.timeout(_SECONDS):
            return Finding(about, *await _examine(client, target))
    except Exception as error:
        said = str(refusal(error) or f"it cannot be looked at ({name(error)})")
        return Finding(about, said, "Mend it, or remove the subscription.")


async def _examine(client: Client, target: Target) -> tuple[str, str]:
    """What is wrong, and what to do."""
    assert client.user
    if not (target.team.isdecimal() and target.channel.isdecimal()):
        return "it is not in a server", "Subscribe in a server's channel instead."
    try:
        guild = await client.fetch_guild(int(target.team), with_counts=False)
        me = await guild.fetch_member(client.user.id)
    except (discord.NotFound, discord.Forbidden):
        invite = invite_url(client.application_id or 0, COMMANDS)
        return f"paperbot is not in server {target.team}", f"Add it: {invite}"
    channels = {channel.id: channel for channel in await guild.fetch_channels()}
    channel = channels.get(int(target.channel))
    if channel is None:
        return (
            "it is gone, or paperbot may not see it",
            "Allow paperbot View Channel there, or remove the subscription.",
        )
    forum = isinstance(channel, discord.ForumChannel)
    if missing := lacking(channel.permissions_for(me), forum=forum):
        return (
            f"paperbot lacks {missing} in #{channel.name}",
            f"Allow paperbot {missing} in the channel's settings.",
        )
    return "", ""
