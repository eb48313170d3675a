"""``paperbot run`` on the clock that ``month`` moves; its settings come from the environment."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from bot import logs, outbox, schedule
from bot.run import run
from bot.settings import load
from tests.soak.clock import SharedClock

PATIENCE = timedelta(seconds=1)
"""In place of ten seconds for a request: what hangs would make the run ten times as long."""


def main() -> None:
    outbox.TIMEOUT = PATIENCE
    schedule.FIRST_POLL = timedelta(0)
    schedule.POST_EVERY = timedelta(seconds=0.25)  # thousands of ticks are waited for
    settings = load()
    logs.configure(settings)
    clock = SharedClock(Path(os.environ["CLOCK"]))
    asyncio.run(run(settings, lambda text: print(text, file=sys.stderr), clock.now))  # noqa: T201


if __name__ == "__main__":
    main()
