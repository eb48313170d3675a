"""The terminal as a chat: prints what is posted, answers what is typed."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from adapters.base import DeliveryError, Finding, Handle, RenderAs
from adapters.console.render import render, styled
from commands.model import Action, Call, Caller, Command, Reply
from storage.model import Payload, Standing, Target

WIDEST = 100
"""Columns of text at most: longer lines are hard to read."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPINNER_AFTER = 0.2
"""Seconds before a spinner shows that something takes long."""

HERE = Target("console", "local", "terminal")

log = logging.getLogger(__name__)


class Console:
    """One person at a terminal, or a pipe with a line in and an answer out.

    Prints to ``output``.  Reads from ``input``; without one it only prints.  ``history`` is the
    file that remembers typed lines.
    """

    name = "console"
    pace = timedelta(0)

    def __init__(
        self,
        output: TextIO,
        input: TextIO | None = None,
        *,
        history: Path | None = None,
        caller: Caller | None = None,
    ) -> None:
        self._output = output
        self._input = input
        self._history = history
        self._caller = caller or Caller("local", "you")
        self._refs = itertools.count(1)
        self._loop: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return True

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        """Hold the conversation in the background, where there is an input."""
        if self._input:
            self._loop = asyncio.create_task(self.chat(commands, handle))

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        return render(reply, layout)

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        """Print one message."""
        self._print(payload)
        return f"line-{next(self._refs)}"

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        raise DeliveryError("What a terminal printed cannot be looked up.", permanent=True)

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        raise DeliveryError("What a terminal printed cannot be looked up.", permanent=True)

    async def tell(self, team: str, person: str, text: str) -> None:
        self._print(_sentence(text))

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        return []

    async def stop(self) -> None:
        loop, self._loop = self._loop, None
        if loop:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop

    async def chat(self, commands: Sequence[Command], handle: Handle) -> None:
        """Answer line after line until the input ends (Ctrl-D).

        A number presses that button of the last answer; Ctrl-C clears the line, or gives up
        waiting for an answer.
        """
        if self._input is None:
            raise ValueError("this console was made without an input to read from")
        from adapters.console.prompt import typed_lines  # noqa: PLC0415 - slow; who types can wait

        actions: list[Action] = []
        async for line in typed_lines(self._input, self._output, commands, self._history):
            text = line.strip()
            if text.isdecimal() and actions:
                number = int(text[:9])
                if not 1 <= number <= len(actions):
                    self._print(_sentence(f"There are buttons 1 to {len(actions)}."))
                    continue
                text = actions[number - 1].line
            if text:
                reply = await self._answer(text, handle)
                actions = reply.all_actions()
                for payload in render(reply, "answer"):
                    self._print(payload)

    async def _answer(self, text: str, handle: Handle) -> Reply:
        call = Call(caller=self._caller, target=HERE, text=text)
        work = asyncio.ensure_future(handle(call))
        try:
            async with self._spinner(), _given_up(work, self._output.isatty()):
                return await work
        except asyncio.CancelledError:
            if not work.cancelled() or _cancelling():
                raise
            return Reply(title="", text="Given up.")
        except Exception:
            log.exception("a line from the console failed")
            return Reply(title="That did not work", text="It is paperbot's fault; see its log.")

    def _print(self, payload: Payload) -> None:
        terminal = self._output.isatty()
        columns = min(shutil.get_terminal_size().columns, WIDEST) if terminal else 80
        text = styled(payload, columns, terminal and not os.environ.get("NO_COLOR"))
        encoding = self._output.encoding or "utf-8"
        self._output.write(text.encode(encoding, "replace").decode(encoding) + "\n\n")
        self._output.flush()

    @asynccontextmanager
    async def _spinner(self) -> AsyncIterator[None]:
        spinner = asyncio.create_task(self._spin()) if self._output.isatty() else None
        try:
            yield
        finally:
            if spinner:
                spinner.cancel()
                self._output.write("\r\x1b[K")

    async def _spin(self) -> None:
        await asyncio.sleep(SPINNER_AFTER)
        for frame in itertools.cycle(SPINNER):
            self._output.write(f"\r{frame} ")
            self._output.flush()
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _given_up(work: asyncio.Future[Reply], terminal: bool) -> AsyncIterator[None]:
    """Let Ctrl-C end this work only, not the conversation."""
    if not terminal:
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, work.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _sentence(text: str) -> Payload:
    return render(Reply(title="", text=text), "answer")[0]
