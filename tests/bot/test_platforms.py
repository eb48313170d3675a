"""Slack and Discord in one process, from one store."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from adapters.server import Server
from bot.app import build
from bot.settings import Settings
from tests.contracts.discord import laboratory
from tests.contracts.discord import settings_for as in_discord
from tests.contracts.slack import read, workspace
from tests.contracts.slack import settings_for as in_slack
from tests.factories import NOON, paper


async def test_both_post_and_answer_the_same_papers_in_their_own_words(
    settings: Settings, tmp_path: Path
) -> None:
    now = NOON
    async with workspace() as slack, laboratory() as lab:
        settings.slack = in_slack(slack)
        settings.discord = in_discord(lab.discord)
        async with build(settings, Server(), lambda: now) as app:
            assert set(app.chats) == {"console", "slack", "discord"}
            papers = [paper(number, upvotes=20 - number) for number in range(1, 4)]
            app.store.papers.save(papers, now)
            app.store.search.refresh()
            try:
                await app.start()
                await slack.until(lambda: bool(slack.socket.active))
                by_slash = await slack.people.slash("U1", "C1", "subscribe today at 14:00 in UTC")
                await by_slash.answer()
                by_group = await lab.discord.people.slash(
                    lab.ada,
                    lab.papers,
                    "papers-setup",
                    "subscribe",
                    what="today",
                    at="14:00",
                    zone="UTC",
                )
                await by_group.answer()
                now = NOON + timedelta(hours=2)
                while await app.deliver() or app.store.deliveries.waiting():
                    now += timedelta(seconds=1)
                    await asyncio.sleep(0)
            finally:
                await app.stop()
        header = slack.seen("U2", "C1")[-1]
        slack_says = "\n".join(map(read, [header, *slack.thread(header)]))
        discord_says = lab.read()
        for one in papers:
            assert one.title in slack_says
            assert one.title in discord_says
        assert slack.refusals == []
        assert lab.discord.refusals == []
        assert len(app.store.subscriptions.of_team("T1")) == 1
        assert len(app.store.subscriptions.of_team(lab.guild.id)) == 1
