"""The hop from the event loop to the threads that may wait for disk and database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


async def in_thread(
    pool: Executor, work: Callable[[*Arguments], Result], *arguments: *Arguments
) -> Result:
    """What ``work`` returns, or raises, in a thread of ``pool``."""
    return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
