"""Processes of paperbot, and others that start within milliseconds."""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEADLINE = 60.0
"""Seconds until something that another process should have done is given up."""
RUN = (sys.executable, "-m", "bot", "run")
NOWHERE = "http://127.0.0.1:9"
"""Where nobody answers."""

FORKED = get_context("forkserver")
"""Forks from a process without threads, which has imported what takes long."""
FORKED.set_forkserver_preload(["tests.bot.crashing", "alembic.command"])


def environment(data: Path, **settings: str) -> dict[str, str]:
    """All that such a process knows; ``settings`` are named as in the environment, without the
    prefix.  No source answers unless they say where one is."""
    known = {
        "DATA_DIR": str(data),
        "HTTP__PORT": "0",
        "HF__ENDPOINT": NOWHERE,
        "ARXIV__API_URL": NOWHERE,
        **settings,
    }
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        **{f"PAPERBOT_{name}": value for name, value in known.items()},
    }
