"""Buttons and menus: they say all that is needed, and outlive the process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.base import Handle
from adapters.discord.markup import buttons as rows
from adapters.discord.markup import custom_id, pressed
from commands.model import LINE_LIMIT, Action, Call, Caller, Card, Reply
from tests.adapters.discord.conftest import Start
from tests.contracts.discord import Lab, started
from tests.fakes.discord import Message, buttons, words
from tests.fakes.discord.components import ROW, STRING_SELECT, walk


async def ask(lab: Lab, command: str, **options: object) -> Message:
    asked = await lab.discord.people.slash(lab.ada, lab.papers, "papers", command, **options)
    return await asked.answer()


async def test_a_paper_of_a_list_is_opened_by_the_menu(lab: Lab, start: Start) -> None:
    async with start():
        answer = await ask(lab, "today", limit=3)
        chosen = await lab.discord.people.choose(
            lab.ada, answer, "Open a paper…", "2. A Study of Widgets, Part 2"
        )
        opened = await chosen.answer()
        assert opened.only_for == lab.ada.id
        assert "We count widgets of kind 2." in words(opened)
        assert "Share" in buttons(opened)


async def test_more_replaces_a_private_answer(lab: Lab, start: Start) -> None:
    async with start():
        answer = await ask(lab, "today", limit=3)
        seen = await lab.discord.people.press(lab.ada, answer, "More")
        changed = await seen.answer()
        assert changed.id == answer.id
        assert "4. A Study of Widgets, Part 4" in words(changed)
        assert "Part 3" not in words(changed)


async def test_a_public_message_is_never_replaced(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.mention(lab.ada, lab.papers, "today --limit 3")
        answer = await asked.answer()
        before = words(answer)
        seen = await lab.discord.people.press(lab.grace, answer, "More")
        more = await seen.answer()
        assert more.only_for == lab.grace.id
        assert "Part 4" in words(more)
        assert words(answer) == before


async def test_in_a_direct_conversation_it_is(lab: Lab, start: Start) -> None:
    async with start():
        asked = await lab.discord.people.dm(lab.ada, "today --limit 3")
        answer = await asked.answer()
        await (await lab.discord.people.press(lab.ada, answer, "More")).answer()
        assert "Part 4" in words(answer)


async def test_share_shows_it_to_all_and_says_who(lab: Lab, start: Start) -> None:
    async with start():
        answer = await ask(lab, "show", paper="2606.00001")
        await lab.discord.people.press(lab.ada, answer, "Share")
        [shown] = await lab.discord.until(lambda: lab.discord.messages(lab.papers))
        assert shown.content == f"Shared by <@{lab.ada.id}>"
        assert "Part 1" in words(shown)
        sent = [call.body for call in lab.discord.calls if call.method == "execute_webhook"]
        assert sent[-1]["allowed_mentions"] == {"parse": []}
        assert buttons(answer) == ["Related", "Share", "Ada Example", "Bob Example"]


async def test_a_refusal_is_neither_shared_nor_does_it_replace(lab: Lab, tmp_path: Path) -> None:
    async def handle(call: Call) -> Reply:
        if call.text:
            return Reply(title="", text="No.", refused=True)
        shown = Card(
            paper_id="1",
            title="One",
            url="https://arxiv.org/abs/1",
            actions=(Action("Share", "show 1", "share"), Action("More", "more", "update")),
        )
        return Reply(title="", cards=(shown,))

    async with started(lab.discord, handle, tmp_path):
        answer = await ask(lab, "today")
        for button in ("Share", "More"):
            seen = await lab.discord.people.press(lab.ada, answer, button)
            refused = await seen.answer()
            assert (words(refused), refused.only_for) == ("No.", lab.ada.id)
        assert lab.discord.messages(lab.papers) == []
        assert words(answer).startswith("One")


async def test_every_component_outlives_a_restart_and_the_subscription(
    lab: Lab, handle: Handle, tmp_path: Path
) -> None:
    """A daily thread, pressed by somebody else after both."""
    async with started(lab.discord, handle, tmp_path) as chat:
        await lab.discord.people.slash(
            lab.ada, lab.papers, "papers-setup", "subscribe", what="today --limit 12"
        )
        reply = await handle(Call(caller=Caller("1"), target=lab.target(), text="today --limit 12"))
        header, *parts = chat.render(reply, "thread")
        top = await chat.send(lab.target(), header, None, "pb-0")
        for number, part in enumerate(parts):
            await chat.send(lab.target(), part, top, f"pb-1-{number}")
        await lab.discord.people.slash(lab.ada, lab.papers, "papers-setup", "unsubscribe", number=1)
    later = datetime.now(UTC) + timedelta(hours=1)
    async with started(lab.discord, handle, tmp_path, now=lambda: later):
        posted = next(one for one in lab.discord.messages(lab.papers) if one.thread)
        opened = 0
        for message in lab.discord.thread(posted):
            for _, part in walk(message.components):
                assert part["type"] in (ROW, STRING_SELECT)
                for option in part.get("options", []):
                    seen = await lab.discord.people.choose(
                        lab.grace, message, "Open a paper…", option["value"]
                    )
                    title = option["label"].partition(". ")[2]
                    assert title in words(await seen.answer())
                    opened += 1
        assert opened == 12


# -- what a button carries


@pytest.mark.parametrize("mode", ["new", "update", "share"])
@pytest.mark.parametrize("length", [1, 98, 99, 100, 101, 3_000])
def test_a_line_of_any_length_comes_back(mode: str, length: int) -> None:
    """A line of just 100 characters leaves no room for its mode and is answered anew."""
    action = Action("x", "l" * length, mode)  # type: ignore[arg-type]
    id = custom_id(action)
    assert 0 < len(id) <= LINE_LIMIT
    assert pressed(id) == ("new" if length == LINE_LIMIT else mode, action.token)


@pytest.mark.parametrize("length", [99, 100, 101])
async def test_a_line_at_the_limit_is_run(lab: Lab, start: Start, length: int) -> None:
    """Beyond 100 characters, dispatch keeps lines under the token that the button carries."""
    line = "search {} --limit 2 --page 2"
    query = "widgets " * 20
    query = query[: length - len(line.format(""))]
    query = query[:-1] + "s"
    assert len(line.format(query)) == length
    async with start():
        answer = await ask(lab, "search", query=query, limit=2)
        seen = await lab.discord.people.press(lab.ada, answer, "More")
        more = await seen.answer()
        assert "3. A Study of Widgets" in words(more)
        assert (more.id == answer.id) == (length != LINE_LIMIT)


def test_the_same_line_is_one_button_and_there_are_25_at_most() -> None:
    same = [Action("One", "show 1"), Action("Two", "show 1"), Action("Share", "show 1", "share")]
    [row] = rows(same, 5)
    assert [one["label"] for one in row["components"]] == ["One", "Share"]
    many = rows([Action(str(n), f"show {n}") for n in range(99)], 5)
    assert [len(one["components"]) for one in many] == [5] * 5


@pytest.mark.parametrize("fault", ["reset", "unavailable", "stored_then_reset"])
async def test_a_private_answer_that_was_lost_is_sent_again(
    lab: Lab, start: Start, fault: str
) -> None:
    lab.discord.faults.script(fault, method="edit_webhook_message")  # type: ignore[arg-type]
    async with start():
        assert "Papers of" in words(await ask(lab, "today", limit=1))


@pytest.mark.parametrize("fault", ["stored_then_reset", "stored_then_server_error"])
async def test_what_is_shared_is_shared_once(lab: Lab, start: Start, fault: str) -> None:
    async with start():
        answer = await ask(lab, "show", paper="2606.00001")
        lab.discord.faults.script(fault, method="execute_webhook")  # type: ignore[arg-type]
        await lab.discord.people.press(lab.ada, answer, "Share")
        await lab.discord.until(lambda: lab.discord.messages(lab.papers))
    assert len(lab.discord.messages(lab.papers)) == 1
