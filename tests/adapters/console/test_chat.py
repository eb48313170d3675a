"""A conversation at a terminal, and through a pipe."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from adapters.console import Console
from adapters.console.chat import HERE
from adapters.console.prompt import LineCompleter, prompted
from commands.model import Action, Call, Context, Hint, Reply, command
from tests.adapters.console.harness import Screen


@command("search", help="Finds papers.")
def search(
    ctx: Context,
    query: Annotated[str, "words"],
    order: Annotated[Literal["votes", "date"], "which first"] = "votes",
    limit: Annotated[int, "how many"] = 5,
) -> Reply:
    return Reply(title="")


@command("subscribe", help="Posts daily.")
def subscribe(ctx: Context, what: Annotated[str, "a line"] = "") -> Reply:
    return Reply(title="")


@command("help", help="Explains.")
def explain(ctx: Context, name: Annotated[str, "which", Hint(complete="command")] = "") -> Reply:
    return Reply(title="")


COMMANDS = (search, subscribe, explain)


class Desk:
    """Stands in for dispatch and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, call: Call) -> Reply:
        self.asked.append(call.text)
        if call.text == "boom":
            raise RuntimeError("secret detail")
        if call.text == "bare":
            return Reply(title="No buttons")
        return Reply(
            title=f"You said {call.text}",
            actions=(Action("Next", "next page"), Action("Help", "help")),
            more=Action("More", "more " * 100),
        )


async def talk(typed: str) -> tuple[list[str], str]:
    """Feed lines through a string; what was asked and what was printed."""
    desk = Desk()
    screen = Screen()
    await Console(screen, io.StringIO(typed)).chat(COMMANDS, desk)
    return desk.asked, screen.getvalue()


async def test_a_line_in_an_answer_out() -> None:
    asked, printed = await talk("search x\n\n   \n  search y  ")
    assert asked == ["search x", "search y"]
    assert printed.startswith("You said search x\n\n[1] Next [2] Help [3] More\n\n")
    assert "\x1b" not in printed


async def test_a_number_presses_that_button_of_the_last_answer() -> None:
    asked, _ = await talk("x\n1\n3\n2\n")
    assert asked == ["x", "next page", "more " * 100, "help"]


async def test_a_number_without_its_button_is_explained_and_not_asked() -> None:
    asked, printed = await talk("x\n4\n0\n" + "9" * 5_000 + "\n2\n")
    assert asked == ["x", "help"]
    assert printed.count("There are buttons 1 to 3.") == 3


async def test_a_number_where_there_are_no_buttons_is_a_line() -> None:
    asked, _ = await talk("bare\n7\n")
    assert asked == ["bare", "7"]


async def test_a_bug_is_said_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    asked, printed = await talk("boom\nagain\n")
    assert asked == ["boom", "again"]
    assert "That did not work" in printed
    assert "secret detail" not in printed
    assert "secret detail" in caplog.text


@pytest.fixture
def pipe() -> Iterator[tuple[io.TextIOWrapper, int]]:
    read, write = os.pipe()
    with os.fdopen(read) as file:
        yield file, write


async def test_a_pipe_is_read_as_it_comes(pipe: tuple[io.TextIOWrapper, int]) -> None:
    file, write = pipe
    desk = Desk()
    screen = Screen()
    task = asyncio.create_task(Console(screen, file).chat(COMMANDS, desk))
    os.write(write, b"sear")
    os.write(write, b"ch x\nsubscribe \xc3")
    async with asyncio.timeout(10):
        await screen.printed.wait()
        assert desk.asked == ["search x"]
        os.write(write, b"\xbc\nlast \xff without an end")
        os.close(write)
        await task
    assert desk.asked == ["search x", "subscribe ü", "last \ufffd without an end"]


async def test_an_input_that_is_a_file_is_read_to_its_end() -> None:
    with tempfile.TemporaryFile("w+") as file:
        file.write("one\ntwo")
        file.seek(0)
        desk = Desk()
        await Console(Screen(), file).chat(COMMANDS, desk)
    assert desk.asked == ["one", "two"]


async def test_without_an_input_there_is_nothing_to_chat_with() -> None:
    with pytest.raises(ValueError, match="without an input"):
        await Console(Screen()).chat(COMMANDS, Desk())
    console = Console(Screen())
    await console.start(COMMANDS, Desk())
    await console.stop()


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
async def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    for screen in (Screen(terminal=True), Screen(terminal=False)):
        console = Console(screen)
        [payload] = console.render(Reply(title="Title"), "answer")
        await console.send(HERE, payload, None, "")
        assert ("\x1b[1mTitle" in screen.getvalue()) is (coloured and screen.isatty())


async def test_a_stream_that_cannot_write_a_letter_writes_another() -> None:
    raw = io.BytesIO()
    console = Console(io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    await console.tell("local", "you", "▲ naïve")
    assert raw.getvalue() == b"? na?ve\n\n"


# ---- the prompt


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


async def next_line(lines: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(lines)


async def test_keys_make_lines_ctrl_c_begins_anew_and_ctrl_d_ends(
    keys: PipeInput, tmp_path: Path
) -> None:
    lines = prompted(COMMANDS, tmp_path / "history")
    keys.send_text("wrong\x03")
    keys.send_text("search x\r")
    assert await next_line(lines) == "search x"
    keys.send_text("\x1b[A\r")
    assert await next_line(lines) == "search x"
    keys.send_text("\x04")
    with pytest.raises(StopAsyncIteration):
        await next_line(lines)
    assert "+search x" in (tmp_path / "history").read_text()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["search", "subscribe", "help"]),
        ("s", ["search", "subscribe"]),
        ("/SE", ["search"]),
        ("search ", []),
        ("search x -", ["--query", "--order", "--limit"]),
        ("search x --l", ["--limit"]),
        ("search --limit 3 --l", []),
        ("search x --order ", ["votes", "date"]),
        ("search x --order d", ["date"]),
        ("help s", ["search", "subscribe"]),
        ("help search s", []),
        ("unknown --", []),
    ],
)
def test_completion_offers_what_fits(typed: str, offered: list[str]) -> None:
    found = LineCompleter(COMMANDS).get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


def test_completion_explains_what_it_offers() -> None:
    [found] = LineCompleter(COMMANDS).get_completions(Document("sea"), CompleteEvent())
    assert found.display_meta_text == "Finds papers."
    assert found.start_position == -3
