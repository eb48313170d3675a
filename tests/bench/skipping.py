"""An event loop whose clock moves only when everybody waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

Result = TypeVar("Result")

_QUIET = 0.002
"""Seconds without traffic after which nobody is on the way: all ends are in this process."""


class _Selector(selectors.DefaultSelector):
    """Waits for traffic a moment, then pretends to have waited as long as was asked."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if found := super().select(_QUIET):
            return found
        self.waited += timeout
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._selected = _Selector()
        super().__init__(self._selected)

    def time(self) -> float:
        return self._selected.waited


class Inline(Executor):
    """Runs work at once: a thread's work would not be seen as traffic."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def run_skipping(work: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run`` on such a loop.  No work of it may be in a thread."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(work)
