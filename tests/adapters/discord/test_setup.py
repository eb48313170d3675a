"""What an operator meets: the invitation, the check-up, starts, and logs without secrets."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from adapters.base import DeliveryError
from adapters.discord import PERMISSIONS, Discord, invite_url
from adapters.discord.memory import LASTING, Memory, Starts
from adapters.discord.redact import redacted
from commands import COMMANDS
from commands.model import Reply
from storage.model import Target
from tests.adapters.discord.conftest import Start, echo
from tests.contracts.discord import Lab, laboratory, started
from tests.contracts.harness import ToldTeams
from tests.fakes.discord import Clock, Permission, words


def chat(lab: Lab, state: Path, **settings: object) -> Discord:
    given = {
        "token": lab.discord.token,
        "api_url": lab.discord.api_url,
        "state": state,
        "now": lambda: datetime.now(UTC),
    }
    return Discord(**given | settings)  # type: ignore[arg-type]


# -- the invitation and the check-up


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    asked = parse_qs(urlsplit(invite_url(123, COMMANDS)).query)
    assert asked["client_id"] == ["123"]
    assert asked["scope"] == ["bot applications.commands"]
    wanted = discord.Permissions(int(asked["permissions"][0]))
    # discord.py calls View Channel by two names.
    assert {name for name, given in wanted if given} | {"view_channel"} == {
        *PERMISSIONS,
        "read_messages",
    }
    assert all(reason for _, reason in PERMISSIONS.values())
    silent = [one for one in COMMANDS if not one.posts]
    assert "permissions=0" in invite_url(123, silent)


async def test_a_bot_with_just_those_permissions_can_do_all_of_it(tmp_path: Path) -> None:
    async with laboratory() as lab:
        guild = lab.discord.add_guild("strict", everyone=Permission(_needed()))
        place = lab.discord.add_channel(guild, "papers")
        here = replace(lab.target(place), team=guild.id)
        async with started(lab.discord, echo, tmp_path) as bot:
            [payload] = bot.render(Reply(title="x"), "compact")
            top = await bot.send(here, payload, None, "pb-1")
            part = await bot.send(here, payload, top, "pb-2")
            since = datetime.now(UTC) - timedelta(minutes=1)
            assert await bot.find(here, "pb-2", top, since) == part
        assert lab.discord.refusals == []


def _needed() -> int:
    return discord.Permissions(**dict.fromkeys(PERMISSIONS, True)).value


async def test_a_sound_setup_has_no_fault(lab: Lab, tmp_path: Path) -> None:
    forum = lab.discord.add_forum(lab.guild, "forum")
    lab.discord.deny(forum, Permission.CREATE_PUBLIC_THREADS)
    found = await chat(lab, tmp_path).check([lab.target(), lab.target(forum)])
    assert [one.fault for one in found] == ["", "", ""]


async def test_each_fault_says_what_to_do(lab: Lab, tmp_path: Path) -> None:
    mute = lab.discord.add_channel(lab.guild, "mute")
    lab.discord.deny(mute, Permission.EMBED_LINKS | Permission.READ_MESSAGE_HISTORY)
    unseen = lab.discord.add_channel(lab.guild, "unseen")
    lab.discord.deny(unseen, Permission.VIEW_CHANNEL)
    abroad = lab.discord.add_guild("abroad", installed=False)
    targets = [
        lab.target(mute),
        lab.target(unseen),
        Target("discord", abroad.id, "5"),
        Target("discord", "user:7", "6"),
    ]
    _, lacks, gone, outside, direct = await chat(lab, tmp_path).check(targets)
    assert "lacks Embed Links, Read Message History in #mute" in lacks.fault
    assert "may not see it" in gone.fault
    assert "not in server" in outside.fault
    assert "oauth2/authorize?client_id=" in outside.advice
    assert "not in a server" in direct.fault
    assert all(one.advice for one in (lacks, gone, outside, direct))
    lab.discord.refusals.clear()


@pytest.mark.parametrize("token", ["canary", "can\nary", ""])
async def test_a_bad_token_is_said_and_not_shown(lab: Lab, tmp_path: Path, token: str) -> None:
    [found] = await chat(lab, tmp_path, token=token).check([lab.target()])
    assert "does not take the bot token" in found.fault
    bot = chat(lab, tmp_path, token=token)
    with pytest.raises(DeliveryError, match="PAPERBOT_DISCORD__TOKEN") as caught:
        await bot.start(COMMANDS, echo)
    assert caught.value.permanent
    assert "canary" not in str(caught.value) + str(found)
    assert lab.discord.gateway.identifies == 0
    lab.discord.refusals.clear()


async def test_an_unreachable_discord_is_found(tmp_path: Path) -> None:
    async with laboratory() as lab:
        bot = chat(lab, tmp_path)
    [found] = await bot.check([lab.target()])
    assert "cannot be reached" in found.fault
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        await bot.start(COMMANDS, echo)
    assert not caught.value.permanent


# -- starts


def test_pauses_grow_while_starts_do_not_last(tmp_path: Path) -> None:
    clock = Clock(0)
    pauses = []
    for _ in range(12):
        starts = Starts(Memory(tmp_path), lambda: datetime.fromtimestamp(clock(), UTC))
        pauses.append(starts.pause())
        clock.advance(pauses[-1] + 1)
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    clock.advance(LASTING.total_seconds())
    assert Starts(Memory(tmp_path), lambda: datetime.fromtimestamp(clock(), UTC)).pause() == 0


def test_a_day_of_crashes_stays_within_the_days_identifies(tmp_path: Path) -> None:
    clock = Clock(0)
    starts = Starts(Memory(tmp_path), lambda: datetime.fromtimestamp(clock(), UTC))
    count = 0
    while clock() < 86_400:
        clock.advance(starts.pause() + 0.5)
        count += 1
    assert count < 400


@pytest.mark.parametrize("note", ["", "{", "[]", '{"at": 5}', '{"at": "x", "short": 1}'])
def test_a_damaged_note_does_no_harm(tmp_path: Path, note: str) -> None:
    (tmp_path / "starts.json").write_text(note)
    starts = Starts(Memory(tmp_path), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert [starts.pause() for _ in range(3)] == [0, 0, 1]


async def test_after_a_drop_the_session_goes_on(lab: Lab, start: Start) -> None:
    async with start():
        await lab.discord.gateway.drop()
        await lab.discord.until(lambda: lab.discord.gateway.resumes, within=20)
        asked = await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today")
        assert "Papers of" in words(await asked.answer())
        assert lab.discord.gateway.identifies == 1


async def test_commands_that_cannot_be_registered_do_not_stop_it(lab: Lab, start: Start) -> None:
    elsewhere = lab.discord.add_guild("abroad", installed=False)
    async with start(guild_ids=[int(elsewhere.id)]):
        asked = await lab.discord.people.dm(lab.ada, "today --limit 1")
        assert "Papers of" in words(await asked.answer())
    assert {one.code for one in lab.discord.refusals} == {50001}
    lab.discord.refusals.clear()


async def test_servers_that_are_joined_and_left_are_told(lab: Lab, start: Start) -> None:
    teams = ToldTeams()
    abroad = lab.discord.add_guild("abroad", installed=False)
    async with start(teams=teams):
        assert await teams.told() == f"joined {lab.guild.id}"
        await lab.discord.people.kick_bot(lab.guild)
        assert await teams.told() == f"left {lab.guild.id}"
        lab.discord.invite_bot(abroad)
        assert await teams.told() == f"joined {abroad.id}"


async def test_what_is_under_way_at_the_stop_does_not_hold_it(lab: Lab, tmp_path: Path) -> None:
    held = asyncio.Event()

    async def handle(call: object) -> Reply:
        held.set()
        await asyncio.Event().wait()
        raise AssertionError

    bot = chat(lab, tmp_path)
    await bot.start(COMMANDS, handle)
    await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today")
    await held.wait()
    async with asyncio.timeout(4):
        await bot.stop()
    assert not lab.discord.gateway.live


# -- secrets


async def test_no_secret_is_logged(
    lab: Lab, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG everywhere, through answers, faults, rate limits and a token that is taken away."""
    caplog.set_level(logging.DEBUG)
    for name in ("discord.http", "discord.gateway", "discord.webhook.async_", "discord.client"):
        caplog.set_level(logging.DEBUG, logger=name)
    people, faults = lab.discord.people, lab.discord.faults
    async with start():
        asked = await people.slash(lab.ada, lab.papers, "papers", "today", limit=3)
        answer = await asked.answer()
        faults.script("rate_limited", method="execute_webhook", seconds=0)
        faults.script("rate_limited", method="create_interaction_response", seconds=0)
        faults.script("unavailable", method="edit_webhook_message", times=2)
        await people.slash(lab.ada, lab.papers, "papers", "today", limit=1)
        await lab.discord.until(lambda: faults.injected["unavailable"] == 2)
        await (await people.press(lab.ada, answer, "More")).answer()
        await people.slash(lab.ada, lab.papers, "papers", "today", limit=2)
        asked = await people.dm(lab.ada, "today --limit 1")
        await asked.answer()
        secret = lab.discord.token
        lab.discord.token = "changed"
        await people.mention(lab.ada, lab.papers, "today")
        await lab.discord.until(lambda: not lab.discord.gateway.live)
    said = "\n".join(
        logging.Formatter("%(name)s %(message)s").format(record) for record in caplog.records
    )
    assert "connected to Discord as paperbot" in said
    assert "did not take an answer (503" in said
    assert "voice" not in said  # discord.py would miss two packages for it
    assert secret not in said
    assert "interaction-token" not in said
    lab.discord.refusals.clear()


def test_addresses_lose_their_paths() -> None:
    said = redacted("POST https://discord.com/api/v10/webhooks/1/secret with 429, wss://g.gg/?a=1")
    assert said == "POST https://discord.com/… with 429, wss://g.gg/…"
