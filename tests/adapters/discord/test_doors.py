"""People come in: slash commands, completions, the menu of a message, mentions, direct messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands import COMMANDS
from commands.model import Arg, Call, Command, Reply
from tests.adapters.discord.conftest import Start, calls, echo
from tests.contracts.discord import Lab, started
from tests.fakes.discord import Permission, buttons, violations, words
from tests.fakes.discord.command_rules import size
from tests.fakes.discord.model import THREAD

EPHEMERAL = 1 << 6


async def test_a_command_is_answered_to_its_author_alone(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.slash(
            lab.ada, lab.papers, "papers", "search", query="widgets"
        )
        answer = await asked.answer()
        assert answer.only_for == lab.ada.id
        assert "Papers for “widgets”" in words(answer)
        assert lab.discord.messages(lab.papers) == []


async def test_typed_options_reach_the_command(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.slash(
            lab.ada, lab.papers, "papers", "today", date="2026-06-30", limit=3
        )
        assert len((await asked.answer()).embeds) == 4
        asked = await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today", date="soon")
        assert "soon" in words(await asked.answer())
        with pytest.raises(LookupError, match="takes 1 to 50"):
            await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today", limit=51)


async def test_every_command_is_offered_within_the_limits(lab: Lab, start: Start) -> None:
    async with start():
        offered = list(lab.discord.commands[""].values())
    assert [one["name"] for one in offered] == [
        "papers",
        "papers-setup",
        "Find the papers in this message",
    ]
    names = {option["name"] for one in offered for option in one["options"]}
    assert names == {command.name for command in COMMANDS}
    for one in offered:
        assert violations("command", one) == []
        assert len(one["options"]) <= 25
        assert size(one) <= 8_000
        assert one["contexts"] == [0, 1, 2]
        assert one["integration_types"] == [0, 1]
    assert offered[1]["default_member_permissions"] == str(int(Permission.MANAGE_GUILD))


async def test_all_kinds_of_arguments_become_options(lab: Lab, tmp_path: Path) -> None:
    heard: list[Call] = []

    async def note(call: Call) -> Reply:
        heard.append(call)
        return Reply(title="Noted")

    def arg(name: str, kind: str, **more: object) -> Arg:
        return Arg(name, kind, "h" * 300, required=False, **more)  # type: ignore[arg-type]

    args = (
        arg("how_many", "number", least=1, most=9),
        arg("free", "number"),
        arg("layout", "choice", choices=("thread", "compact")),
        *(arg(kind, kind) for kind in ("text", "date", "time", "zone", "days")),
        Arg("needed", "text", "what", required=True),
    )
    command = Command("do", "x" * 300, args, lambda: Reply(title=""))
    async with started(lab.discord, note, tmp_path, [command]):
        options: dict[str, object] = {"needed": "n", "how-many": 3, "layout": "compact"}
        asked = await lab.discord.people.slash(lab.ada, lab.papers, "papers", "do", **options)
        await asked.answer()
    assert heard[0].values == {"needed": "n", "how_many": 3, "layout": "compact"}
    assert heard[0].command == "do"
    [made] = next(iter(lab.discord.commands[""].values()))["options"]
    kinds = {option["name"]: option["type"] for option in made["options"]}
    assert kinds == {
        **dict.fromkeys(("needed", "layout", "text", "date", "time", "zone", "days"), 3),
        **dict.fromkeys(("how-many", "free"), 4),
    }


async def test_commands_are_registered_only_when_they_change(lab: Lab, start: Start) -> None:
    now = datetime.now(UTC)
    for hours in range(3):
        later = now + timedelta(hours=hours)
        async with start(now=lambda at=later: at):
            pass
    assert lab.discord.syncs == {"": 1}
    async with start(commands=COMMANDS[:3], now=lambda: now + timedelta(hours=5)):
        pass
    assert lab.discord.syncs == {"": 2}
    guild = int(lab.guild.id)
    async with start(guild_ids=[guild], now=lambda: now + timedelta(hours=7)):
        await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today")
    assert lab.discord.syncs == {"": 3, lab.guild.id: 1}
    assert lab.discord.commands[""] == {}
    assert len(lab.discord.commands[lab.guild.id]) == 3


# -- completions


async def complete(lab: Lab, group: str, command: str, option: str, text: str) -> list[str]:
    seen = await lab.discord.people.autocomplete(lab.ada, lab.papers, group, command, option, text)
    assert not seen.error
    return [choice["name"] for choice in seen.choices]


async def test_completions(lab: Lab, start: Start) -> None:
    typed: list[str] = []

    async def suggest(text: str) -> list[tuple[str, str]]:
        typed.append(text)
        if text == "boom":
            raise RuntimeError
        many = [(f"Paper {n} " + "x" * 200, f"2606.{n:05}") for n in range(40)]
        return [("", "2606.1"), ("Long", "v" * 101), ("Empty", " "), *many]

    async with start(suggest=suggest):
        titles = await complete(lab, "papers", "search", "query", "pap")
        assert len(titles) == 25
        assert titles[0].startswith("Paper 0 ")
        assert all(len(title) <= 100 for title in titles)
        assert await complete(lab, "papers", "show", "paper", "boom") == []
        assert typed == ["pap", "boom"]
        zones = await complete(lab, "papers-setup", "subscribe", "zone", "ber")
        assert "Europe/Berlin" in zones
        assert await complete(lab, "papers", "help", "command", "tre") == ["trending"]
        lines = await complete(lab, "papers-setup", "subscribe", "what", "")
        assert {"today", "trending"} <= set(lines)
        assert "search" not in lines


# -- who may, and where


async def test_setting_up_is_for_those_who_manage_the_server(lab: Lab, start: Start) -> None:
    async with start():
        with pytest.raises(LookupError, match="not offered"):
            await lab.discord.people.slash(
                lab.grace, lab.papers, "papers-setup", "subscribe", what="today"
            )
        asked = await lab.discord.people.mention(lab.grace, lab.papers, "subscribe today")
        refused = words(await asked.answer())
        assert "is set" not in refused
        asked = await lab.discord.people.mention(lab.ada, lab.papers, "subscribe today")
        assert "Subscription 1 is set" in words(await asked.answer())


async def test_a_change_is_told_to_the_channel(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.slash(
            lab.ada, lab.papers, "papers-setup", "subscribe", what="today"
        )
        assert (await asked.answer()).only_for
        notice = await lab.discord.until(lambda: lab.discord.messages(lab.papers))
        assert "subscribed this channel to" in words(notice[0])
        assert f"<#{lab.papers.id}>" in words(notice[0])


async def test_without_a_server_there_is_no_subscribing(lab: Lab, start: Start) -> None:
    traveller = lab.discord.add_user("traveller", installed=True)
    abroad = lab.discord.add_guild("abroad", installed=False)
    lab.discord.add_member(abroad, traveller, Permission.MANAGE_GUILD)
    channel = lab.discord.add_channel(abroad, "general")
    async with start():
        for asked in (
            await lab.discord.people.dm(traveller, "subscribe today"),
            await lab.discord.people.slash(
                traveller, lab.discord.direct(traveller), "papers-setup", "subscribe", what="today"
            ),
            await lab.discord.people.slash(
                traveller, channel, "papers-setup", "subscribe", what="today"
            ),
        ):
            assert "a server that paperbot was added to" in words(await asked.answer())
        asked = await lab.discord.people.slash(traveller, channel, "papers", "today")
        assert "Papers of Tuesday" in words(await asked.answer())


async def test_the_team_is_the_server_or_the_person(lab: Lab, tmp_path: Path) -> None:
    heard: list[Call] = []

    async def note(call: Call) -> Reply:
        heard.append(call)
        return await echo(call)

    lab.ada.installed = True
    secret = lab.discord.add_channel(lab.guild, "secret")
    async with started(lab.discord, note, tmp_path):
        await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today")
        await lab.discord.people.slash(lab.ada, lab.discord.direct(lab.ada), "papers", "today")
        await (await lab.discord.people.mention(lab.grace, secret, "today")).answer()
    team, alone, third = heard
    assert (team.target.team, team.target.channel) == (lab.guild.id, lab.papers.id)
    assert (alone.target.team, alone.private) == (f"user:{lab.ada.id}", True)
    assert (team.caller.id, team.caller.name, team.caller.may_setup) == (lab.ada.id, "Ada", True)
    assert (third.caller.id, third.caller.may_setup, third.private) == (lab.grace.id, False, False)


async def test_a_thread_counts_as_its_channel(lab: Lab, tmp_path: Path) -> None:
    heard: list[Call] = []

    async def note(call: Call) -> Reply:
        heard.append(call)
        return await echo(call)

    async with started(lab.discord, note, tmp_path):
        thread = lab.discord.start_thread(
            lab.papers, "aside", lab.ada, lab.discord.new_id(), 1440, []
        )
        assert thread.kind == THREAD
        asked = await lab.discord.people.mention(lab.ada, thread, "today")
        assert words(await asked.answer()) == "### You said today"
        await lab.discord.people.slash(lab.ada, thread, "papers", "today")
    assert [call.target.channel for call in heard] == [lab.papers.id, lab.papers.id]


async def test_a_lacking_permission_is_told_before_it_is_missed(lab: Lab, start: Start) -> None:
    lab.discord.deny(lab.papers, Permission.EMBED_LINKS | Permission.READ_MESSAGE_HISTORY)
    async with start():
        asked = await lab.discord.people.slash(
            lab.ada, lab.papers, "papers-setup", "subscribe", what="today"
        )
        assert "Embed Links, Read Message History" in words(await asked.answer())


# -- messages


async def test_a_mention_is_answered_in_place(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.mention(lab.grace, lab.papers, "search widgets")
        answer = await asked.answer()
        assert "Papers for “widgets”" in words(answer)
        assert asked.asked
        assert (answer.reference or {})["message_id"] == asked.asked.id
        assert answer.only_for is None
        [sent] = calls(lab, "create_message")
        assert sent["allowed_mentions"] == {"parse": [], "replied_user": False}


async def test_what_is_not_meant_for_the_bot_is_not_answered(lab: Lab, tmp_path: Path) -> None:
    heard: list[str] = []

    async def note(call: Call) -> Reply:
        heard.append(call.text)
        return await echo(call)

    async with started(lab.discord, note, tmp_path):
        other = lab.discord.add_user("robot", lab.guild, bot=True)
        await lab.discord.people.say(lab.ada, lab.papers, "search widgets")
        await lab.discord.people.mention(other, lab.papers, "search loops")
        # A reply to a post of the bot's mentions it, but not in the text.
        lab.discord.post(lab.papers, lab.ada, content="nice", mentions=[lab.discord.bot])
        asked = await lab.discord.people.mention(lab.ada, lab.papers, "hello")
        await asked.answer()
    assert [text.strip() for text in heard] == ["hello"]


async def test_the_menu_of_a_message_finds_its_papers(lab: Lab, start: Start) -> None:
    async with start():
        said = await lab.discord.people.say(
            lab.ada,
            lab.papers,
            "look: https://arxiv.org/abs/2606.00001 and arxiv.org/pdf/2606.00002v2",
        )
        name = "Find the papers in this message"
        asked = await lab.discord.people.context_menu(lab.grace, said, name)
        answer = await asked.answer()
        assert answer.only_for == lab.grace.id
        assert "Widgets, Part 1" in words(answer)
        assert "Widgets, Part 2" in words(answer)
        nothing = await lab.discord.people.say(lab.ada, lab.papers, "no papers")
        asked = await lab.discord.people.context_menu(lab.grace, nothing, name)
        assert "No papers in this message" in words(await asked.answer())


async def test_a_long_answer_follows_in_further_messages(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.slash(lab.ada, lab.papers, "papers", "today", limit=12)
        await asked.answer(2)
        assert len(asked.answers) == 2
        assert all(one.flags & EPHEMERAL for one in asked.answers)
        assert buttons(asked.answers[0]) == []
