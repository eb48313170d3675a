"""The real discord.py against the fake's REST door: messages, threads and permissions."""

from __future__ import annotations

import errno
import io
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord import Bot, Clock, Discord, Permission, connected
from tests.fakes.discord.connecting import discord
from tests.fakes.discord.model import Channel, Guild

NO_MENTIONS = discord.AllowedMentions.none()


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


# Messages


async def test_a_message_with_all_its_parts(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Related", custom_id="related 2401.00001"))
    embed = discord.Embed(title="Paper", url="https://arxiv.org/abs/2401.00001")
    embed.set_image(url="attachment://chart.png")
    chart = discord.File(io.BytesIO(b"PNG"), "chart.png", description="votes")
    sent = await place.send(
        "today", embed=embed, view=view, file=chart, allowed_mentions=NO_MENTIONS
    )
    stored = fake.messages(papers)[0]
    assert (stored.content, stored.embeds[0]["title"]) == ("today", "Paper")
    assert stored.files == {"chart.png": b"PNG"}
    assert sent.attachments[0].description == "votes"
    assert isinstance(sent.components[0], discord.ActionRow)
    assert sent.author.id == int(fake.bot.id)

    await sent.edit(content="changed", attachments=[])
    assert (stored.content, stored.attachments, len(stored.embeds)) == ("changed", [], 1)
    await sent.edit(embed=None, view=None)
    assert (stored.embeds, stored.components) == ([], [])
    assert await code(sent.edit(content=None)) == 50006
    again = await place.fetch_message(sent.id)
    assert (again.content, again.edited_at is not None) == ("changed", True)
    await sent.delete()
    assert fake.messages(papers) == []
    assert await code(place.fetch_message(sent.id)) == 10008


async def test_a_bad_body_is_told_as_discord_tells_it(
    fake: Discord, place: discord.TextChannel
) -> None:
    with pytest.raises(discord.HTTPException) as caught:
        await place.send(embed=discord.Embed(title="x" * 257))
    assert (caught.value.status, caught.value.code) == (400, 50035)
    assert "In embeds.0.title: Must be 256 or fewer in length." in caught.value.text
    refusal = fake.refusals[0]
    assert (refusal.method, refusal.code) == ("create_message", 50035)
    assert await code(place.send("")) == 50006
    await place.send(file=discord.File(io.BytesIO(bytes(10 * 2**20)), "big.bin"))
    bigger = discord.File(io.BytesIO(bytes(10 * 2**20 + 1)), "bigger.bin")
    assert await code(place.send(file=bigger)) == 40005


async def test_the_same_nonce_twice_is_one_message(
    fake: Discord, papers: Channel, place: discord.TextChannel, clock: Clock
) -> None:
    first = await place.send("once", nonce="delivery-1")
    clock.advance(299)
    again = await place.send("once", nonce="delivery-1")
    assert (again.id, texts(fake, papers)) == (first.id, ["once"])
    clock.advance(2)
    late = await place.send("once", nonce="delivery-1")
    assert (late.id != first.id, len(fake.messages(papers))) == (True, 2)
    await late.delete()
    assert await code(place.send("once", nonce="delivery-1")) == 10008


@pytest.mark.parametrize(("own", "stored"), [({}, 2), ({"nonce": "delivery-1"}, 1)])
async def test_only_an_own_nonce_survives_a_lost_answer(
    fake: Discord, papers: Channel, place: discord.TextChannel, own: dict[str, Any], stored: int
) -> None:
    fake.faults.script("stored_then_reset")
    with pytest.raises(aiohttp.ClientOSError) as lost:
        await place.send("a", **own)
    assert lost.value.errno == errno.ECONNRESET
    await place.send("a", **own)
    assert len(fake.messages(papers)) == stored


async def test_history_in_ranges(
    fake: Discord, papers: Channel, place: discord.TextChannel, clock: Clock
) -> None:
    sent = []
    for text in "abcde":
        sent.append(await place.send(text))
        clock.advance(10)
    ada = fake.add_user("ada")
    await fake.people.say(ada, papers, "secret")

    async def found(**range: Any) -> list[str]:
        return [one.content async for one in place.history(**range)]

    assert await found() == ["", *"edcba"]
    assert await found(limit=2) == ["", "e"]
    assert await found(after=sent[1], limit=2) == ["c", "d"]
    assert await found(before=sent[2]) == ["b", "a"]
    started = datetime.fromtimestamp(clock.now - 25, UTC)
    assert await found(after=started, limit=100) == ["d", "e", ""]
    assert sent[0].created_at < sent[1].created_at
    fake.deny(papers, Permission.READ_MESSAGE_HISTORY)
    assert await found() == []


async def test_only_own_messages_are_edited(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    ada = fake.add_user("ada")
    theirs = await fake.people.say(ada, papers, "mine")
    found = place.get_partial_message(int(theirs.id))
    assert await code(found.edit(content="yours")) == 50005
    assert await code(found.delete()) == 50013
    await found.add_reaction("\N{THUMBS UP SIGN}")
    assert theirs.reactions == {"\N{THUMBS UP SIGN}"}


# Threads and forums


async def test_a_message_has_one_thread(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    header = await place.send("header")
    thread = await header.create_thread(name="Papers of today", auto_archive_duration=1440)
    assert thread.id == header.id
    assert await code(header.create_thread(name="again")) == 160004
    await thread.send("reply")
    assert [one.content for one in fake.thread(fake.messages(papers)[0])] == ["reply"]
    assert [one.name for one in fake.threads(papers)] == ["Papers of today"]
    assert await code(header.create_thread(name="")) == 50035
    found = await place.fetch_message(header.id)
    assert found.thread is not None
    assert found.flags.has_thread


async def test_archived_threads_open_with_a_message(
    fake: Discord, papers: Channel, place: discord.TextChannel, clock: Clock
) -> None:
    header = await place.send("header")
    thread = await header.create_thread(name="t", auto_archive_duration=60)
    first = await thread.send("first")
    assert [one.id for one in await place.guild.active_threads()] == [thread.id]
    clock.advance(3600)
    assert await place.guild.active_threads() == []
    assert [one.id async for one in place.archived_threads()] == [thread.id]
    assert await code(first.edit(content="later")) == 50083
    assert await code(thread.edit(name="renamed")) == 50083
    await thread.send("second")
    assert [one.id for one in await place.guild.active_threads()] == [thread.id]
    await thread.edit(archived=True)
    await thread.edit(archived=False)
    assert await code(thread.edit(locked=True)) == 50013
    own = fake.threads(papers)[0].thread
    assert own is not None
    own.archived = own.locked = True
    assert await code(thread.send("third")) == 160005


async def test_forum_posts(fake: Discord, guild: Guild, bot: Bot) -> None:
    forum = fake.add_forum(guild, "digest", "nlp", "vision", require_tag=True)
    place = await bot.fetch_channel(int(forum.id))
    assert isinstance(place, discord.ForumChannel)
    assert await code(place.create_thread(name="a paper", content="text")) == 40067
    made = await place.create_thread(
        name="a paper", content="text", applied_tags=[place.available_tags[1]]
    )
    assert made.message.id == made.thread.id
    post = fake.threads(forum)[0]
    assert ([one.content for one in fake.messages(post)], post.name) == (["text"], "a paper")
    assert [tag.name for tag in made.thread.applied_tags] == ["vision"]
    await made.thread.send("reply")
    assert len(fake.messages(post)) == 2
    straight = bot.http.request(
        discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=forum.id),
        json={"content": "a"},
    )
    assert await code(straight) == 40058


# Permissions


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (Permission.VIEW_CHANNEL, 50001),
        (Permission.SEND_MESSAGES, 50013),
        (Permission.EMBED_LINKS, 50013),
    ],
)
async def test_a_missing_permission_is_named(
    fake: Discord, papers: Channel, place: discord.TextChannel, taken: Permission, expected: int
) -> None:
    fake.deny(papers, taken)
    assert await code(place.send(embed=discord.Embed(title="a"))) == expected
    assert len(fake.throttle.invalid) == 1
    fake.deny(papers, Permission(0))
    await place.send(embed=discord.Embed(title="a"))


async def test_threads_have_permissions_of_their_own(
    fake: Discord, papers: Channel, place: discord.TextChannel
) -> None:
    header = await place.send("header")
    fake.deny(papers, Permission.CREATE_PUBLIC_THREADS)
    assert await code(header.create_thread(name="t")) == 50013
    fake.deny(papers, Permission.SEND_MESSAGES_IN_THREADS)
    thread = await header.create_thread(name="t")
    assert await code(thread.send("a")) == 50013


async def test_what_is_gone_is_unknown(
    fake: Discord, guild: Guild, papers: Channel, bot: Bot, place: discord.TextChannel
) -> None:
    header = await place.send("header")
    fake.delete_channel(papers)
    assert await code(place.send("a")) == 10003
    assert await code(header.delete()) == 10003
    assert await code(bot.fetch_channel(1)) == 10003
    other = fake.add_channel(guild, "other")
    fake.kick_bot(guild)
    assert await code(bot.fetch_channel(int(other.id))) == 50001
    assert await code(bot.fetch_guild(1)) == 10004


async def test_direct_messages(fake: Discord, guild: Guild, bot: Bot) -> None:
    ada = fake.add_user("ada", guild)
    grace = fake.add_user("grace", guild, dms=False)
    linus = fake.add_user("linus")
    await (await bot.fetch_user(int(ada.id))).send("hello")
    assert texts(fake, fake.direct(ada)) == ["hello"]
    for closed in (grace, linus):
        assert await code((await bot.fetch_user(int(closed.id))).send("hello")) == 50007


async def test_members_and_roles(fake: Discord, guild: Guild, bot: Bot) -> None:
    ada = fake.add_user("ada")
    fake.add_member(guild, ada, Permission.MANAGE_GUILD)
    linus = fake.add_user("linus")
    here = await bot.fetch_guild(int(guild.id))
    member = await here.fetch_member(int(ada.id))
    assert member.name == "ada"
    assert member.guild_permissions.manage_guild
    assert await code(here.fetch_member(int(linus.id))) == 10007
    assert [one.name for one in await here.fetch_channels()] == ["papers"]
    assert [one.id async for one in bot.fetch_guilds()] == [here.id]
    await here.leave()
    assert not guild.installed
