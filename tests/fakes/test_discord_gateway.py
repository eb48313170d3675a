"""The real discord.py on the fake's gateway: sessions, drops, events and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord import Bot, Clock, Discord, Permission, connected, pointed
from tests.fakes.discord.connecting import discord
from tests.fakes.discord.gateway import MESSAGE_CONTENT


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[Discord]:
    async with Discord(clock=clock, heartbeat_ms=60) as made:
        yield made


async def told(bot: Bot, event: str, act: Callable[[], object]) -> Any:
    """What the bot is told by ``event`` once ``act`` has happened."""
    waiting = asyncio.create_task(bot.wait_for(event, timeout=5))
    await asyncio.sleep(0)
    act()
    return await waiting


async def test_a_client_gets_ready_with_all_that_it_may_see(fake: Discord) -> None:
    guild = fake.add_guild("lab", bot=Permission.MANAGE_THREADS)
    channel = fake.add_channel(guild, "papers", topic="what to read")
    hidden = fake.add_channel(guild, "hidden", denied={fake.bot.id: Permission.VIEW_CHANNEL})
    elsewhere = fake.add_guild("other", installed=False)
    bot = Bot()
    async with connected(fake, bot):
        assert bot.user is not None
        assert str(bot.user.id) == fake.bot.id
        assert [str(one.id) for one in bot.guilds] == [guild.id]
        seen = bot.text_channel(channel.id)
        assert (seen.name, seen.topic) == ("papers", "what to read")
        assert bot.get_channel(int(hidden.id)) is None
        assert bot.get_guild(int(elsewhere.id)) is None
        mine = seen.permissions_for(seen.guild.me)
        assert (mine.manage_threads, mine.send_messages, mine.manage_guild) == (True, True, False)
    assert fake.gateway.identifies == 1
    assert fake.refusals == []


async def test_heartbeats_are_acknowledged(fake: Discord) -> None:
    bot = Bot()
    async with connected(fake, bot):
        await fake.until(lambda: fake.gateway.heartbeats >= 3)
        assert bot.latency < 5


async def test_a_dropped_session_is_resumed_and_misses_nothing(fake: Discord) -> None:
    guild = fake.add_guild("lab")
    channel = fake.add_channel(guild, "papers")
    ada = fake.add_user("ada", guild)
    bot = Bot()
    async with connected(fake, bot):
        dropping = asyncio.create_task(fake.gateway.drop())
        await fake.people.mention(ada, channel, "while away")
        await dropping
        await fake.people.mention(ada, channel, "still away")
        await bot.hear("still away")
        await fake.gateway.connected()
        await fake.people.mention(ada, channel, "back")
        await bot.hear("back")
    texts = [one.content.split("> ")[1] for one in bot.heard]
    assert texts == ["while away", "still away", "back"]
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 1)


async def test_reconnect_asks_for_a_resume(fake: Discord) -> None:
    async with connected(fake, Bot()):
        fake.gateway.reconnect()
        await fake.until(lambda: fake.gateway.resumes == 1)
        await fake.gateway.connected()
    assert fake.gateway.identifies == 1


async def test_an_invalid_session_is_identified_anew(fake: Discord) -> None:
    async with connected(fake, Bot()):
        fake.gateway.invalidate()
        await fake.until(lambda: fake.gateway.identifies == 2)
        fake.gateway.invalidate(resumable=True)
        await fake.until(lambda: fake.gateway.resumes == 1)
        fake.gateway.forget()
        await fake.gateway.drop()
        await fake.until(lambda: fake.gateway.identifies == 3)
        await fake.gateway.connected()


async def test_drops_can_go_on_and_on(fake: Discord) -> None:
    async with connected(fake, Bot()):
        fake.gateway.drop_every(0.02)
        await fake.until(lambda: fake.gateway.resumes >= 3)
        fake.gateway.drop_every(None)
        await fake.gateway.connected()
    assert fake.gateway.identifies == 1


async def test_a_wrong_token_is_refused_at_both_doors(fake: Discord) -> None:
    with pointed(fake):
        bot = Bot()
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")
        await bot.close()
        bot = Bot()
        await bot.login(fake.token)
        fake.token = "renewed"
        with pytest.raises(discord.ConnectionClosed) as closed:
            await bot.connect()
    assert (closed.value.code, fake.gateway.closed) == (4004, [4004])
    assert fake.throttle.invalid


async def test_privileged_intents_have_to_be_switched_on(fake: Discord) -> None:
    intents = discord.Intents.default()
    intents.message_content = True
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected(fake, Bot(intents)):
            pass
    fake.gateway.privileged = MESSAGE_CONTENT
    async with connected(fake, Bot(intents)):
        await fake.gateway.connected()


async def test_messages_come_by_intent_and_their_content_by_right(fake: Discord) -> None:
    guild = fake.add_guild("lab")
    channel = fake.add_channel(guild, "papers")
    ada = fake.add_user("ada", guild)
    bot, deaf = Bot(), Bot(discord.Intents(guilds=True))
    async with connected(fake, bot), connected(fake, deaf):
        await fake.people.say(ada, channel, "between us")
        await fake.people.dm(ada, "to you")
        direct = await bot.hear("to you")
        fake.message_content = True
        await fake.people.say(ada, channel, "for all")
        await bot.hear("for all")
    assert [one.content for one in bot.heard] == ["", "to you", "for all"]
    assert isinstance(direct.channel, discord.DMChannel)
    assert deaf.heard == []


async def test_the_bot_hears_where_it_comes_and_goes(fake: Discord) -> None:
    bot = Bot()
    async with connected(fake, bot):
        came = await told(bot, "guild_join", lambda: fake.add_guild("lab"))
        guild = fake.guilds[str(came.id)]
        gone = await told(bot, "guild_remove", lambda: fake.kick_bot(guild))
        assert gone == came
        assert await told(bot, "guild_join", lambda: fake.invite_bot(guild)) == came
        channel = await told(bot, "guild_channel_create", lambda: fake.add_channel(guild, "a"))
        place = fake.channels[str(channel.id)]
        fake.deny(place, Permission.SEND_MESSAGES)
        await told(bot, "guild_channel_delete", lambda: fake.delete_channel(place))


# What no client of discord.py would do


def identify(fake: Discord, **more: Any) -> dict[str, Any]:
    return {"op": 2, "d": {"token": fake.token, "intents": 0, "properties": {}, **more}}


async def talk(fake: Discord, *payloads: Any, query: str = "?v=10") -> list[Any]:
    """What the gateway says to these payloads, until it closes or has said READY."""
    said: list[Any] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{fake.gateway_url}{query}") as socket,
    ):
        for payload in payloads:
            await socket.send_str(json.dumps(payload))
        async for message in socket:
            frame = json.loads(message.data)
            said.append(frame["t"] if frame["op"] == 0 else frame["op"])
            if len(said) > len(payloads):
                return said
        return [*said, socket.close_code]


async def test_the_gateway_closes_with_discords_codes(fake: Discord) -> None:
    mine = identify(fake)
    assert await talk(fake, {"op": 3, "d": {}}) == [10, 4003]
    assert await talk(fake, {"op": 77}) == [10, 4001]
    assert await talk(fake, mine, mine) == [10, "READY", 4005]
    assert await talk(fake, identify(fake, intents=1 << 40)) == [10, 4013]
    beat = {"op": 1, "d": None, "pad": ""}
    beat["pad"] = "x" * (4096 - len(json.dumps(beat)))
    assert await talk(fake, beat) == [10, 11]
    assert await talk(fake, {**beat, "more": 1}) == [10, 4002]
    assert await talk(fake, query="?v=9") == [4012]
    beats = [{"op": 1, "d": None}] * 121
    assert await talk(fake, *beats) == [10, *[11] * 120, 4008]
    resume: dict[str, Any] = {"op": 6, "d": {"token": fake.token, "session_id": "x", "seq": 1}}
    assert await talk(fake, resume) == [10, 9]
    resume["d"]["session_id"], resume["d"]["seq"] = next(iter(fake.gateway.sessions)), 99
    assert await talk(fake, resume) == [10, 4007]


async def test_one_identify_in_five_seconds(fake: Discord, clock: Clock) -> None:
    fake.throttle.enabled = True
    assert await talk(fake, identify(fake)) == [10, "READY"]
    clock.advance(4.9)
    assert await talk(fake, identify(fake)) == [10, 9]
    clock.advance(5)
    assert await talk(fake, identify(fake)) == [10, "READY"]
    assert fake.gateway.identifies == 3
