"""``make soak``: 500 deliveries to a Discord that loses answers and drops its gateway."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from urllib.parse import urldefrag

from storage.model import Target
from tests.fakes.discord import Discord
from tests.fakes.discord.model import Message
from tests.soak.faults import CHANNELS, Platform, fault_run

EXPECTED = {("create_thread_from_message", 160004), ("list_messages", 10003)}
"""Refusals by which paperbot learns that a thread is open already, or is not open yet."""
DROPS_EVERY = 20
"""Seconds between two drops of the gateway."""


def _mark(message: Message) -> str:
    """What the adapter marked the message with: the fragment of its first embed's address."""
    return urldefrag(message.embeds[0]["url"]).fragment if message.embeds else ""


async def main() -> bool:
    async with Discord(seed=7) as fake:
        guild = fake.add_guild("lab")
        channels = [fake.add_channel(guild, f"papers-{number}") for number in range(CHANNELS)]
        fake.throttle.enabled = True
        fake.faults.chance("rate_limited", 0.10, method="create_message", seconds=1)
        fake.faults.chance("stored_then_reset", 0.05, method="create_message")
        fake.faults.chance("server_error", 0.025, method="create_message")
        fake.faults.chance("stored_then_server_error", 0.025, method="create_message")
        fake.gateway.drop_every(DROPS_EVERY)
        with tempfile.TemporaryDirectory() as folder:
            return await fault_run(
                Platform(
                    name="Discord",
                    settings={
                        "DISCORD__TOKEN": fake.token,
                        "DISCORD__API_URL": fake.api_url,
                    },
                    targets=[Target("discord", guild.id, channel.id) for channel in channels],
                    keys=lambda: [
                        mark
                        for channel in channels
                        for place in [channel, *fake.threads(channel)]
                        for message in fake.messages(place)
                        if (mark := _mark(message))
                    ],
                    hang_after_storing=lambda: fake.faults.script(
                        "stored_then_hang", method="create_message", seconds=9
                    ),
                    hung=lambda: fake.faults.injected["stored_then_hang"],
                    wrongs=lambda: [
                        str(refusal)
                        for refusal in fake.refusals
                        if (refusal.method, refusal.code) not in EXPECTED
                    ],
                    workers=1,
                ),
                Path(folder),
            )


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
