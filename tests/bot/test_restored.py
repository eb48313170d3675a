"""A backup taken, posts made, the backup set back: over Slack's and Discord's own SDKs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.server import Server
from bot.app import App, build
from bot.backup import back_up, restore
from bot.settings import Settings
from storage.calendar import Days
from storage.model import Target
from tests.contracts.discord import laboratory
from tests.contracts.discord import settings_for as in_discord
from tests.contracts.slack import HERE, read, workspace
from tests.contracts.slack import settings_for as in_slack
from tests.factories import paper


@dataclass
class Process:
    """The settings of a bot and the time that it takes it to be."""

    settings: Settings
    now: datetime

    @asynccontextmanager
    async def run(self) -> AsyncIterator[App]:
        async with build(self.settings, Server(), lambda: self.now) as app:
            try:
                await app.start()
                yield app
            finally:
                await app.stop()

    async def deliver(self, app: App) -> None:
        """Send all that is due, a second after another."""
        while await app.deliver() or app.store.deliveries.waiting():
            self.now += timedelta(seconds=1)
            await asyncio.sleep(0)

    def fill(self, app: App, places: list[Target]) -> None:
        """Twelve papers, and a subscription to six of them a day in each place, due now."""
        today = self.now.date()
        app.store.papers.save(
            [paper(n, title=f"Widget {n:02}", upvotes=n, listed_on=today) for n in range(1, 13)],
            self.now,
        )
        for number, place in enumerate(places):
            app.store.subscriptions.add(
                place,
                "trending --limit 6",
                at=time(12),
                zone=ZoneInfo("UTC"),
                days=Days.of(range(7)),
                layout="thread" if number else "per-paper",
                quiet="none",
                next_due_at=self.now,
                made_by="U1",
                now=self.now,
            )


async def test_after_a_restore_nothing_comes_twice(settings: Settings, tmp_path: Path) -> None:
    async with workspace() as slack, laboratory() as lab:
        forum = lab.discord.add_forum(lab.guild, "forum")
        settings.slack = in_slack(slack)
        settings.discord = in_discord(lab.discord)
        # The fakes stamp messages with the real time.
        noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        process = Process(settings, noon)

        def seen() -> list[str]:
            top = slack.seen("U2", "C1")
            slack_says = "\n".join(read(one) for head in top for one in [head, *slack.thread(head)])
            return [slack_says, lab.read(), lab.read(forum)]

        places = [HERE, lab.target(), lab.target(forum)]
        async with process.run() as app:
            process.fill(app, places)
            back_up(settings, tmp_path / "copy.db")
            await process.deliver(app)
        before = seen()
        restore(settings, tmp_path / "copy.db", noon)
        process.now += timedelta(minutes=10)
        async with process.run() as app:
            assert await app.deliver() == 0
            await app.read_back.run()
            await process.deliver(app)
            assert seen() == before
            for number, place in enumerate(places, 1):
                record = app.store.subscriptions.last_record(place.team, number)
                assert record
                assert (record.on, record.state) == (noon.date(), "sent")
            process.now = noon + timedelta(days=1)
            await process.deliver(app)
        for was, shown in zip(before, seen(), strict=True):
            once = was.count("Widget 12")  # Discord names a paper in a menu, too
            counts = [shown.count(f"Widget {number:02}") for number in range(1, 13)]
            assert counts == [once] * 12
        assert slack.refusals == []
        assert lab.discord.refusals == []
