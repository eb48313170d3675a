"""The real CommandTree behind the fake: what people do, and what they get to see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.discord import Bot, Clock, Discord, Permission, Seen, buttons, connected, words
from tests.fakes.discord.connecting import app_commands, discord
from tests.fakes.discord.model import Channel, Guild, Message, User

Interaction = discord.Interaction[Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[Discord]:
    async with Discord(clock=clock, answer_seconds=0.2) as made:
        yield made


@pytest.fixture
def guild(fake: Discord) -> Guild:
    return fake.add_guild("lab")


@pytest.fixture
def papers(fake: Discord, guild: Guild) -> Channel:
    return fake.add_channel(guild, "papers")


@pytest.fixture
def ada(fake: Discord, guild: Guild) -> User:
    return fake.add_user("ada", guild)


@pytest.fixture
async def bot(fake: Discord, papers: Channel) -> AsyncIterator[Bot]:
    client = Bot()
    async with connected(fake, client):
        yield client


class Buttons(discord.ui.View):
    """A row to press and a menu to choose from."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.pressed: list[str] = []

    @discord.ui.button(label="More", custom_id="more")
    async def more(self, interaction: Interaction, button: object) -> None:
        await interaction.response.edit_message(content="changed")

    @discord.ui.button(label="Share", custom_id="share")
    async def share(self, interaction: Interaction, button: object) -> None:
        await interaction.response.defer()
        await interaction.followup.send("shared", ephemeral=False)

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: Interaction, button: object) -> None:
        raise AssertionError

    @discord.ui.select(
        placeholder="Sort by",
        custom_id="sort",
        options=[discord.SelectOption(label="Newest", value="new")],
    )
    async def sort(self, interaction: Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(f"sorted by {select.values}", ephemeral=True)


class Form(discord.ui.Modal, title="Subscribe"):
    hour: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Hour", max_length=5)
    note: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Note", required=False)

    async def on_submit(self, interaction: Interaction, /) -> None:
        await interaction.response.send_message(f"{self.hour.value}|{self.note.value}")


async def serve(bot: Bot) -> None:
    """Register the commands that the tests type."""
    group = app_commands.Group(name="papers", description="Papers")

    @group.command(description="Find papers")
    @app_commands.choices(sort=[app_commands.Choice(name="Newest", value="new")])
    async def search(
        interaction: Interaction,
        query: str,
        limit: app_commands.Range[int, 1, 20] = 5,
        sort: str = "best",
    ) -> None:
        await interaction.response.send_message(f"{query} {limit} {sort}", ephemeral=True)

    @search.autocomplete("query")
    async def offer(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}!", value=current)]

    @group.command(description="Answer late")
    async def slow(interaction: Interaction, private: bool = True) -> None:
        await interaction.response.defer(ephemeral=private, thinking=True)
        await interaction.edit_original_response(content="here", view=Buttons())
        await interaction.followup.send("and more", ephemeral=True)

    @group.command(description="Never answer")
    async def silent(interaction: Interaction) -> None:
        bot.dispatch("silent", interaction)

    @group.command(description="Where")
    async def where(
        interaction: Interaction, channel: discord.TextChannel, person: discord.User
    ) -> None:
        await interaction.response.send_message(f"{channel.id} {person.name}")

    @bot.tree.context_menu(name="Find related")
    async def related(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"about {message.content}", ephemeral=True)

    @bot.tree.command(description="Open a form")
    async def form(interaction: Interaction) -> None:
        await interaction.response.send_modal(Form())

    @bot.tree.command(description="Anywhere")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def anywhere(interaction: Interaction) -> None:
        here = interaction.context
        true = {
            "by guild": interaction.is_guild_integration(),
            "by user": interaction.is_user_integration(),
            "in guild": here.guild and interaction.guild_id,
            "in dm": here.dm_channel,
            "in private": here.private_channel,
        }
        await interaction.response.send_message(", ".join(name for name in true if true[name]))

    @bot.tree.command(description="For managers")
    @app_commands.default_permissions(manage_guild=True)
    async def manage(interaction: Interaction) -> None:
        await interaction.response.send_message("managed")

    bot.tree.add_command(group)
    bot.add_view(Buttons())
    await bot.tree.sync()


async def test_a_slash_command_is_answered_in_private(
    fake: Discord, bot: Bot, papers: Channel, ada: User
) -> None:
    await serve(bot)
    seen = await fake.people.slash(ada, papers, "papers", "search", query="x", sort="Newest")
    answer = await seen.answer()
    assert (answer.content, answer.only_for) == ("x 5 new", ada.id)
    assert fake.messages(papers) == []
    assert fake.refusals == []


async def test_a_deferred_answer_keeps_its_privacy(
    fake: Discord, bot: Bot, papers: Channel, ada: User
) -> None:
    await serve(bot)
    private = await fake.people.slash(ada, papers, "papers", "slow")
    more = await private.answer(2)
    assert [one.content for one in private.answers] == ["here", "and more"]
    assert private.answers[0].only_for == more.only_for == ada.id
    public = await fake.people.slash(ada, papers, "papers", "slow", private=False)
    await public.answer(2)
    assert [one.content for one in fake.messages(papers)] == ["here"]


async def test_a_follow_up_fills_what_was_deferred(
    fake: Discord, bot: Bot, papers: Channel, ada: User
) -> None:
    await serve(bot)
    seen, interaction = await opened(fake, bot, papers, ada)
    await interaction.response.defer(thinking=True)
    await fake.until(lambda: seen.waiting)
    assert seen.answers == []
    await interaction.followup.send("late", ephemeral=True)
    answer = await seen.answer()
    # It became the deferred answer, which is public.
    assert (answer.content, answer.only_for, seen.waiting) == ("late", None, False)
    found = await interaction.original_response()
    assert str(found.id) == answer.id
    await interaction.delete_original_response()
    assert seen.answers == []


async def opened(fake: Discord, bot: Bot, papers: Channel, ada: User) -> tuple[Seen, Interaction]:
    """An interaction that the test itself answers."""
    heard = asyncio.create_task(bot.wait_for("silent", timeout=5))
    asking = asyncio.create_task(fake.people.slash(ada, papers, "papers", "silent"))
    interaction = await heard
    fake_seen = fake.interactions[interaction.token].seen
    asking.cancel()
    return fake_seen, interaction


async def test_no_answer_in_time(fake: Discord, bot: Bot, papers: Channel, ada: User) -> None:
    await serve(bot)
    heard = asyncio.create_task(bot.wait_for("silent", timeout=5))
    seen = await fake.people.slash(ada, papers, "papers", "silent")
    assert (seen.error, seen.answers) == ("The application did not respond", [])
    interaction = await heard
    with pytest.raises(discord.NotFound) as late:
        await interaction.response.send_message("late")
    assert late.value.code == 10062
    with pytest.raises(discord.NotFound) as lost:
        await interaction.followup.send("late")
    assert lost.value.code == 10015
    assert {one.code for one in fake.refusals} == {10062, 10015}


async def test_one_answer_and_a_token_for_fifteen_minutes(
    fake: Discord, bot: Bot, papers: Channel, ada: User, clock: Clock
) -> None:
    await serve(bot)
    seen, interaction = await opened(fake, bot, papers, ada)
    with pytest.raises(discord.NotFound) as early:
        await interaction.followup.send("early")
    await interaction.response.send_message("first")
    # A second process that heard of it too.
    interaction.response._response_type = None
    with pytest.raises(discord.HTTPException) as second:
        await interaction.response.send_message("second")
    clock.advance(900)
    await interaction.followup.send("in time")
    clock.advance(1)
    with pytest.raises(discord.HTTPException) as late:
        await interaction.followup.send("late")
    errors = [caught.value.code for caught in (early, second, late)]
    assert errors == [10015, 40060, 50027]
    assert [one.content for one in seen.answers] == ["first", "in time"]


async def test_a_channel_that_goes_away_meanwhile(
    fake: Discord, bot: Bot, papers: Channel, ada: User
) -> None:
    await serve(bot)
    seen, interaction = await opened(fake, bot, papers, ada)
    await interaction.response.defer()
    fake.delete_channel(papers)
    with pytest.raises(discord.NotFound) as caught:
        await interaction.followup.send("late")
    assert (caught.value.code, seen.waiting) == (10003, True)


async def test_autocomplete(fake: Discord, bot: Bot, papers: Channel, ada: User) -> None:
    await serve(bot)
    seen = await fake.people.autocomplete(ada, papers, "papers", "search", "query", "diff", limit=3)
    assert seen.choices == [{"name": "diff!", "value": "diff"}]
    seen = await fake.people.autocomplete(ada, papers, "papers", "search", "query", "")
    # An empty value is refused, and the person sees that nothing was offered.
    assert (seen.choices, seen.error) == ([], "Loading options failed")
    assert [one.code for one in fake.refusals] == [50035]


async def test_buttons_and_menus(fake: Discord, bot: Bot, papers: Channel, ada: User) -> None:
    await serve(bot)
    message = await (await fake.people.slash(ada, papers, "papers", "slow")).answer()
    assert buttons(message) == ["More", "Share", "Off"]
    seen = await fake.people.press(ada, message, "More")
    assert (await seen.answer()) is message
    assert (message.content, message.only_for) == ("changed", ada.id)
    shared = await (await fake.people.press(ada, message, "share")).answer()
    assert [one.content for one in fake.messages(papers)] == [shared.content] == ["shared"]
    sorted_by = await (await fake.people.choose(ada, message, "Sort by", "Newest")).answer()
    assert sorted_by.content == "sorted by ['new']"
    assert "Share" in words(message)
    assert fake.refusals == []


async def test_what_nobody_could_press(
    fake: Discord, bot: Bot, papers: Channel, ada: User, guild: Guild
) -> None:
    await serve(bot)
    grace = fake.add_user("grace", guild)
    message = await (await fake.people.slash(ada, papers, "papers", "slow")).answer()
    for user, what in [(ada, "Off"), (ada, "Buy"), (ada, "sort"), (grace, "More")]:
        with pytest.raises(LookupError):
            await fake.people.press(user, message, what)
    with pytest.raises(LookupError):
        await fake.people.choose(ada, message, "sort", "oldest")


async def test_a_form(fake: Discord, bot: Bot, papers: Channel, ada: User) -> None:
    await serve(bot)
    seen = await fake.people.slash(ada, papers, "form")
    assert seen.modal["title"] == "Subscribe"
    for bad in ({}, {"Hour": "09:00:00"}, {"Hour": "09:00", "Day": "Monday"}):
        with pytest.raises(LookupError):
            await fake.people.submit_modal(ada, seen, bad)
    done = await fake.people.submit_modal(ada, seen, {"Hour": "09:00"})
    assert (await done.answer()).content == "09:00|"
    with pytest.raises(LookupError):
        await fake.people.submit_modal(ada, seen, {"Hour": "09:00"})


async def test_a_message_menu(fake: Discord, bot: Bot, papers: Channel, ada: User) -> None:
    await serve(bot)
    said = await fake.people.say(ada, papers, "arXiv 2401.00001")
    answer = await (await fake.people.context_menu(ada, said, "Find related")).answer()
    # A menu shows the bot what it may not read elsewhere.
    assert (answer.content, answer.only_for) == ("about arXiv 2401.00001", ada.id)


async def test_records_as_options(
    fake: Discord, bot: Bot, papers: Channel, ada: User, guild: Guild
) -> None:
    await serve(bot)
    grace = fake.add_user("grace", guild)
    seen = await fake.people.slash(ada, papers, "papers", "where", channel=papers, person=grace)
    assert (await seen.answer()).content == f"{papers.id} grace"


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("search", {}),
        ("search", {"query": "x", "limit": 21}),
        ("search", {"query": "x", "limit": "5"}),
        ("search", {"query": "x", "sort": "worst"}),
        ("search", {"query": "x" * 6001}),
        ("search", {"query": "x", "page": 2}),
        ("find", {"query": "x"}),
        ("", {}),
    ],
)
async def test_what_no_client_would_send(
    fake: Discord, bot: Bot, papers: Channel, ada: User, command: str, options: dict[str, Any]
) -> None:
    await serve(bot)
    with pytest.raises(LookupError):
        await fake.people.slash(ada, papers, "papers", command, **options)


async def test_where_and_to_whom_a_command_is_offered(
    fake: Discord, bot: Bot, papers: Channel, ada: User, guild: Guild
) -> None:
    await serve(bot)
    linus = fake.add_user("linus", installed=True)
    chief = fake.add_user("chief")
    fake.add_member(guild, chief, Permission.MANAGE_GUILD)
    elsewhere = fake.add_guild("other", installed=False)
    fake.add_member(elsewhere, linus)
    foreign = fake.add_channel(elsewhere, "general")
    group = fake.add_group(linus, ada)

    async def says(user: User, channel: Channel) -> str:
        return (await (await fake.people.slash(user, channel, "anywhere")).answer()).content

    assert await says(ada, papers) == "by guild, in guild"
    # Installed to guilds is said of a direct message by the owner "0", which discord.py leaves out.
    assert await says(ada, fake.direct(ada)) == "in dm"
    assert await says(linus, foreign) == "by user, in guild"
    assert await says(linus, group) == "by user, in private"
    assert await says(linus, fake.direct(linus)) == "by user, in dm"
    assert (await (await fake.people.slash(chief, papers, "manage")).answer()).content == "managed"
    for user, channel, command in [
        (ada, papers, "manage"),
        (linus, papers, "anywhere"),
        (ada, group, "anywhere"),
        (linus, foreign, "manage"),
        (linus, group, "manage"),
    ]:
        with pytest.raises(LookupError):
            await fake.people.slash(user, channel, command)


async def test_only_five_follow_ups_where_the_bot_is_a_guest(
    fake: Discord, bot: Bot, papers: Channel
) -> None:
    await serve(bot)
    linus = fake.add_user("linus", installed=True)
    group = fake.add_group(linus)
    heard = asyncio.create_task(bot.wait_for("interaction", timeout=5))
    seen = await fake.people.slash(linus, group, "anywhere")
    interaction = await heard
    for number in range(5):
        await interaction.followup.send(f"{number}")
    with pytest.raises(discord.HTTPException) as caught:
        await interaction.followup.send("5")
    assert (caught.value.code, len(seen.answers)) == (40094, 6)
    with pytest.raises(discord.Forbidden):
        await bot.fetch_channel(int(group.id))


async def test_a_mention_is_answered_in_its_thread(
    fake: Discord, bot: Bot, papers: Channel, ada: User
) -> None:
    seen = await fake.people.mention(ada, papers, "papers on diffusion")
    asked = await bot.hear("papers on diffusion")
    thread = await asked.create_thread(name="Papers on diffusion")
    await thread.send("here they are")
    answer: Message = await seen.answer()
    assert answer.content == "here they are"
    assert fake.messages(papers) == [seen.asked]
    direct = await fake.people.dm(ada, "hello")
    await (await bot.hear("hello")).channel.send("hi")
    assert (await direct.answer()).content == "hi"
