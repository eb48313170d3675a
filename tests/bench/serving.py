"""A server in a process of its own, so that it takes no time from whoever asks it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.answers import show


@asynccontextmanager
async def served(module: str, *arguments: str) -> AsyncIterator[str]:
    """The address of what ``python -m module`` serves, which calls ``serve``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def serve(url: str) -> None:
    """Tell the address, and wait until nobody needs the server any more."""
    show(url)
    await asyncio.to_thread(sys.stdin.read)
