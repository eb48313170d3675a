"""From a call to a reply: parse and run in a thread, fetch what is missing, explain what fails."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from adapters.base import Source
from bot.allowance import Allowance
from bot.fetch import Fetch
from bot.metrics import Metrics
from bot.threads import in_thread
from commands.model import Call, Command, Context, Missing, Reply, UserError
from commands.parse import bind, execute, find, parse
from storage.database import StorageError
from storage.store import Store

_log = structlog.get_logger(__name__)

_NO_STORAGE = (
    "paperbot's database does not work at the moment; whoever runs it finds the reason in its log. "
    "Please try again in a while."
)


class Dispatch:
    """Answers calls.  Storage and search run in ``pool``; sources are awaited outside it."""

    def __init__(
        self,
        store: Store,
        commands: tuple[Command, ...],
        sources: Sequence[Source],
        pool: Executor,
        zone: ZoneInfo,
        now: Callable[[], datetime],
        allowance: Allowance | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._store = store
        self._allowance = allowance
        self._commands = commands
        self._fetch = Fetch(sources, store, pool, now)
        self._pool = pool
        self._zone = zone
        self._now = now
        self._unkept: dict[str, str] = {}
        self._keeping: asyncio.Task[None] | None = None

    async def __call__(self, call: Call) -> Reply:
        """The reply to a call.  Never raises: what went wrong is a reply too."""
        try:
            reply = await self._answer(call)
        except UserError as error:
            reply = Reply(title="", text=str(error), actions=error.actions, refused=True)
        except StorageError as error:
            _log.error("command failed", command=call.command or call.text[:200], error=str(error))
            reply = Reply(title="", text=_NO_STORAGE, refused=True)
        except Exception:
            code = secrets.token_hex(3)
            _log.exception("command failed", code=code, command=call.command or call.text[:200])
            text = f"Something broke on our side. The log has the details under the code {code}."
            return Reply(title="", text=text, refused=True)
        self._remember(long_lines(reply))
        return reply

    def _remember(self, lines: dict[str, str]) -> None:
        """Keep the lines that buttons cannot carry, without letting the person wait for it."""
        self._unkept |= lines
        if self._unkept and (self._keeping is None or self._keeping.done()):
            self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while lines := dict(self._unkept):
            try:
                await in_thread(self._pool, self._store.lines.keep, lines)
            except Exception:
                _log.exception("the lines of some buttons could not be kept", count=len(lines))
            for token in lines:
                self._unkept.pop(token, None)

    async def _answer(self, call: Call) -> Reply:
        if self._allowance:
            self._allowance.take(call.target.team, call.caller.id, self._now())
        try:
            return await in_thread(self._pool, self._run, call)
        except Missing as missing:
            brought = await self._fetch.bring(missing)
        return await in_thread(self._pool, self._run, call, brought)

    def _run(self, call: Call, brought: tuple[str, ...] | None = None) -> Reply:
        ctx = Context(
            store=self._store,
            target=call.target,
            caller=call.caller,
            private=call.private,
            now=self._now(),
            commands=self._commands,
            zone=call.caller.zone or self._zone,
            brought=brought,
        )
        if call.command:
            command = find(call.command, self._commands)
            values = bind(command, call.values, ctx.today)
        else:
            command, values = parse(self._line(call.text), self._commands, ctx.today)
        with self._metrics.command.labels(command.name).time():
            return execute(ctx, command, values)

    def _line(self, text: str) -> str:
        if not text.startswith("#"):
            return text
        if line := self._unkept.get(text) or self._store.lines.get(text):
            return line
        raise UserError("This button is not known any more. Please type the command instead.")


def long_lines(reply: Reply) -> dict[str, str]:
    """The lines that its buttons cannot carry themselves, by their tokens."""
    lines = {action.token: action.line for action in reply.all_actions()}
    return {token: line for token, line in lines.items() if token != line}
