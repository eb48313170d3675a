"""``make soak``: 500 deliveries to a Slack that loses answers, by processes that are killed."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from adapters.slack.manifest import SCOPES
from storage.model import Target
from tests.fakes.slack import Workspace
from tests.soak.faults import CHANNELS, Platform, fault_run


def platform(slack: Workspace) -> Platform:
    def keys() -> list[str]:
        return [
            message.metadata["event_payload"]["k"]
            for channel in slack.channels.values()
            for message in channel.messages.values()
            if message.metadata
        ]

    def hang() -> None:
        slack.faults.script("stored_then_hang", seconds=9)

    return Platform(
        name="Slack",
        settings={
            "SLACK__BOT_TOKEN": slack.bot_token,
            "SLACK__APP_TOKEN": slack.app_token,
            "SLACK__API_URL": slack.api_url,
        },
        targets=[Target("slack", "T1", f"C{number}") for number in range(1, CHANNELS + 1)],
        keys=keys,
        hang_after_storing=hang,
        hung=lambda: slack.faults.injected["stored_then_hang"],
        wrongs=lambda: [str(refusal) for refusal in slack.refusals],
    )


async def main() -> bool:
    async with Workspace(seed=7) as slack:
        slack.teams["T1"].scopes = set(SCOPES)
        slack.add_user("U1")
        for number in range(1, CHANNELS + 1):
            slack.add_channel(f"C{number}")
        slack.throttle.enabled = True
        slack.faults.chance("rate_limited", 0.10, seconds=2)
        slack.faults.chance("stored_then_reset", 0.05)
        slack.faults.chance("server_error", 0.025)
        slack.faults.chance("stored_then_server_error", 0.025)
        with tempfile.TemporaryDirectory() as folder:
            return await fault_run(platform(slack), Path(folder))


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main()) else 1)
