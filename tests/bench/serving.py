"""A server in a process of its own, so that it takes no time from whoever asks it."""

from __future__ import annotations

import asyncio
import ctypes
import mmap
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

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


@contextmanager
def in_memory(folder: Path) -> Iterator[None]:
    """Keep all files of ``folder`` in memory, as those of a bot in use are.

    Some machines take them back within seconds.  Where locking memory is not allowed, so be it.
    """
    lock = ctypes.CDLL(None).mlock
    with ExitStack() as held:
        for path in folder.rglob("*"):
            if path.is_file() and (size := path.stat().st_size):
                with path.open("r+b") as file:
                    pages = mmap.mmap(file.fileno(), size)
                start = ctypes.c_char.from_buffer(pages)
                lock(ctypes.byref(start), ctypes.c_size_t(size))
                held.callback(pages.close)
                del start
        yield
