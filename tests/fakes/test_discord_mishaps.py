"""What hides an answer from the real discord.py, what limits it, and its commands."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord import Bot, Clock, Discord, Permission, connected
from tests.fakes.discord.connecting import discord
from tests.fakes.discord.faults import Faults, Kind
from tests.fakes.discord.model import Channel, Guild
from tests.fakes.discord.throttle import Throttle


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[Discord]:
    async with Discord(clock=clock) as made:
        yield made


@pytest.fixture
def guild(fake: Discord) -> Guild:
    return fake.add_guild("lab")


@pytest.fixture
def papers(fake: Discord, guild: Guild) -> Channel:
    return fake.add_channel(guild, "papers")


@pytest.fixture
async def bot(fake: Discord, papers: Channel) -> AsyncIterator[Bot]:
    client = Bot()
    async with connected(fake, client):
        yield client


@pytest.fixture
def place(bot: Bot, papers: Channel) -> discord.TextChannel:
    return bot.text_channel(papers.id)


async def code(call: Coroutine[Any, Any, Any]) -> int:
    """The number of the error that Discord answers."""
    with pytest.raises(discord.HTTPException) as caught:
        await call
    return caught.value.code


def texts(fake: Discord, channel: Channel) -> list[str]:
    return [one.content for one in fake.messages(channel)]


# Mishaps and limits


@pytest.mark.parametrize(
    ("kind", "stored", "error"),
    [
        ("reset", 0, OSError),
        ("stored_then_reset", 1, OSError),
        ("unavailable", 0, discord.DiscordServerError),
        ("stored_then_unavailable", 1, discord.DiscordServerError),
    ],
)
async def test_what_hides_an_answer(
    fake: Discord,
    papers: Channel,
    place: discord.TextChannel,
    kind: Kind,
    stored: int,
    error: type[Exception],
) -> None:
    fake.faults.script(kind)
    with pytest.raises(error):
        await place.send("a", nonce="1")
    assert len(fake.messages(papers)) == stored
    await place.send("a", nonce="1")
    assert texts(fake, papers) == ["a"]
    assert fake.faults.injected == {kind: 1}
    assert fake.refusals == []


async def test_a_server_error_is_tried_again_by_discord_py(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    fake.faults.script("stored_then_server_error")
    await place.send("a")
    assert texts(fake, papers) == ["a"]
    assert [one.method for one in fake.calls].count("create_message") == 2


async def test_a_hang_does_its_work_in_the_end(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    fake.faults.script("hang", seconds=0.05)
    await place.send("a")
    assert texts(fake, papers) == ["a"]


async def test_rate_limited_is_waited_for(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    fake.faults.script("rate_limited", seconds=0.01)
    await place.send("a")
    assert texts(fake, papers) == ["a"]
    # A shared limit is not counted against the bot.
    assert not fake.throttle.invalid


def test_random_mishaps_repeat_by_their_seed() -> None:
    def drawn(seed: int) -> list[str]:
        faults = Faults(seed)
        faults.chance("reset", 0.2, method="*")
        faults.chance("hang", 0.2)
        found = [faults.draw(name) for name in ("create_message", "get_me") * 50]
        return [one.kind if one else "" for one in found]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == {"", "reset", "hang"}


async def post(fake: Discord, channel: Channel) -> aiohttp.ClientResponse:
    """One message without discord.py, which waits where it should."""
    url = f"{fake.api_url}/channels/{channel.id}/messages"
    headers = {"Authorization": f"Bot {fake.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={"content": "a"}) as response,
    ):
        await response.read()
        return response


async def test_five_messages_in_five_seconds(
    fake: Discord, guild: Guild, papers: Channel, clock: Clock
) -> None:
    fake.throttle.enabled = True
    answers = [await post(fake, papers) for _ in range(6)]
    assert [one.status for one in answers] == [200] * 5 + [429]
    remaining = [one.headers["X-RateLimit-Remaining"] for one in answers]
    assert remaining == ["4", "3", "2", "1", "0", "0"]
    told = answers[-1].headers
    assert (told["Retry-After"], told["X-RateLimit-Scope"]) == ("5", "user")
    assert (told["X-RateLimit-Limit"], told["Via"] != "") == ("5", True)
    assert (await post(fake, fake.add_channel(guild, "other"))).status == 200
    clock.advance(5)
    assert (await post(fake, papers)).status == 200
    assert len(fake.throttle.invalid) == 1


@pytest.mark.parametrize(
    ("routes", "most", "seconds"),
    [
        (["create_message"], 5, 5.0),
        (["add_reaction", "remove_reaction"], 1, 0.25),
        (["execute_webhook", "edit_webhook_message", "get_webhook_message"], 5, 2.0),
    ],
)
def test_routes_have_limits_and_share_buckets(
    clock: Clock, routes: list[str], most: int, seconds: float
) -> None:
    throttle = Throttle(clock)
    throttle.enabled = True
    calls = itertools.cycle(routes)
    for _ in range(2):
        verdicts = [throttle.admit(next(calls), "1", counts=False) for _ in range(most + 1)]
        assert [one.retry_after for one in verdicts] == [0.0] * most + [seconds]
        assert len({one.headers["X-RateLimit-Bucket"] for one in verdicts}) == 1
        assert not throttle.admit(routes[0], "2", counts=False).retry_after
        clock.advance(seconds)


async def test_fifty_requests_in_a_second(fake: Discord, guild: Guild, clock: Clock) -> None:
    fake.throttle.enabled = True
    places = [fake.add_channel(guild, f"c{number}") for number in range(51)]
    answers = [await post(fake, place) for place in places]
    assert [one.status for one in answers] == [200] * 50 + [429]
    assert answers[-1].headers["X-RateLimit-Global"] == "true"
    assert (await answers[-1].json())["global"] is True
    clock.advance(1)
    assert (await post(fake, places[-1])).status == 200


async def test_too_many_invalid_requests_are_a_ban(
    fake: Discord, papers: Channel, place: discord.TextChannel, clock: Clock
) -> None:
    fake.throttle.invalid.extend([clock.now] * 9_999)
    await place.send("still welcome")
    assert await code(place.guild.fetch_member(1)) == 10013
    fake.deny(papers, Permission.SEND_MESSAGES)
    assert await code(place.send("a")) == 50013
    with pytest.raises(discord.HTTPException) as caught:
        await place.send("a")
    assert (caught.value.status, caught.value.code) == (429, 0)
    clock.advance(600)
    assert await code(place.send("a")) == 50013


async def test_discord_py_waits_by_the_headers() -> None:
    async with Discord() as fake:
        fake.throttle.enabled = True
        fake.throttle.limits["create_message"] = (2, 0.2)
        channel = fake.add_channel(fake.add_guild("lab"), "papers")
        bot = Bot()
        async with connected(fake, bot):
            for _ in range(5):
                await bot.text_channel(channel.id).send("a")
        assert len(fake.messages(channel)) == 5
        assert not fake.throttle.invalid


# Commands


def register(bot: Bot, *names: str) -> None:
    async def answer(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("a")

    for name in names:
        bot.tree.command(name=name, description="d")(answer)


async def test_commands_are_created_once(fake: Discord, guild: Guild, bot: Bot) -> None:
    register(bot, "papers", "setup")
    first = await bot.tree.sync()
    again = await bot.tree.sync()
    assert [one.id for one in first] == [one.id for one in again]
    assert (fake.syncs[""], len(fake.creates[""])) == (2, 2)
    bot.tree.remove_command("setup")
    await bot.tree.sync()
    assert [one["name"] for one in fake.commands[""].values()] == ["papers"]
    bot.tree.copy_global_to(guild=discord.Object(int(guild.id)))
    await bot.tree.sync(guild=discord.Object(int(guild.id)))
    assert [one["name"] for one in fake.commands[guild.id].values()] == ["papers"]
    assert [one.name for one in await bot.tree.fetch_commands()] == ["papers"]


async def test_commands_are_checked_and_counted(
    fake: Discord, guild: Guild, bot: Bot, clock: Clock
) -> None:
    register(bot, *(f"c{number}" for number in range(100)))
    await bot.tree.sync()
    for number in range(100):
        bot.tree.remove_command(f"c{number}")
    register(bot, *(f"d{number}" for number in range(100)))
    await bot.tree.sync()
    bot.tree.remove_command("d0")
    register(bot, "e")
    assert await code(bot.tree.sync()) == 30034
    clock.advance(86_400)
    await bot.tree.sync()
    fake.kick_bot(guild)
    with pytest.raises(discord.Forbidden):
        await bot.tree.sync(guild=discord.Object(int(guild.id)))


async def test_a_route_that_is_not_there_is_told(fake: Discord, bot: Bot) -> None:
    assert await code(bot.http.request(discord.http.Route("GET", "/nothing"))) == 0
    assert fake.refusals[0].method == "unknown_route"
