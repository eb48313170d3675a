"""Where typed lines come from: a prompt with completion on a terminal, else the stream."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from commands.model import Arg, Command


def typed_lines(
    input: TextIO, output: TextIO, commands: Sequence[Command], history: Path | None
) -> AsyncIterator[str]:
    """Lines until the end of the input.  ``history`` is the file that remembers them."""
    terminal = input.isatty() and output.isatty()
    return prompted(commands, history) if terminal else read_lines(input)


async def prompted(commands: Sequence[Command], history: Path | None) -> AsyncIterator[str]:
    """Lines typed at a prompt; Ctrl-C begins the line anew, Ctrl-D ends."""
    kept: History = FileHistory(str(history)) if history else InMemoryHistory()
    session: PromptSession[str] = PromptSession(history=kept, completer=LineCompleter(commands))
    while True:
        try:
            yield await session.prompt_async("› ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


async def read_lines(input: TextIO) -> AsyncIterator[str]:
    """Lines of a pipe, without blocking the loop; of a file or a string, which never block."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    try:
        handle = input.fileno()
        loop.add_reader(handle, lambda: chunks.put_nowait(os.read(handle, 65_536)))
    except OSError:  # a file cannot be waited for, a string has no number
        for line in input:
            yield line
        return
    begun = b""
    try:
        while chunk := await chunks.get():
            *whole, begun = (begun + chunk).split(b"\n")
            for part in whole:
                yield part.decode(errors="replace")
        yield begun.decode(errors="replace")
    finally:
        loop.remove_reader(handle)


class LineCompleter(Completer):
    """Completes command names, then options and their choices."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = {command.name: command for command in commands}

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        before, _, word = document.text_before_cursor.lstrip().rpartition(" ")
        for text, help in self._offers(before.split(), word).items():
            if text.startswith(word.lstrip("/").lower()):
                yield Completion(text, start_position=-len(word), display_meta=help)

    def _offers(self, before: list[str], word: str) -> dict[str, str]:
        names = {command.name: command.help for command in self._commands.values()}
        if not before:
            return names
        command = self._commands.get(before[0].lstrip("/").lower())
        if command is None:
            return {}
        arg = command.arg(before[-1].removeprefix("--")) if before[-1].startswith("--") else None
        if arg and arg.choices:
            return dict.fromkeys(arg.choices, arg.help)
        if command.rest and command.rest.complete == "command" and len(before) == 1:
            return names
        return _options(command.args, before) if word.startswith("-") else {}


def _options(args: Sequence[Arg], before: list[str]) -> dict[str, str]:
    return {f"--{arg.name}": arg.help for arg in args if f"--{arg.name}" not in before}
