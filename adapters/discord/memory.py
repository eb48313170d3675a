"""What must outlive a restart, and how often the bot may introduce itself to Discord."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

LASTING = timedelta(minutes=10)
"""A connection that lasted so long was a sound one."""
LONGEST_PAUSE = 300.0
"""Seconds; 288 a day, where Discord resets the token after 1,000 (events/gateway.mdx)."""


class Memory:
    """JSON values by name, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> dict[str, Any]:
        """The value; empty where there is none, or none that can be read."""
        try:
            found = json.loads((self._folder / f"{name}.json").read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            _log.warning("cannot read what was remembered of %s: %s", name, error)
            return {}
        return found if isinstance(found, dict) else {}

    def put(self, name: str, value: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(value))
        fresh.replace(path)


class Starts:
    """Growing pauses before connections, while those before did not last: 0, 1, 2, 4 … 300 s."""

    def __init__(self, memory: Memory, now: Callable[[], datetime]) -> None:
        self._memory = memory
        self._now = now

    def pause(self) -> float:
        """Seconds to wait before the next connection, which is remembered as begun then."""
        now = self._now()
        before = self._memory.get("starts")
        short = 0
        try:
            if now - datetime.fromisoformat(before["at"]) < LASTING:
                short = int(before["short"]) + 1
        except (KeyError, ValueError, TypeError):  # the first one, or a damaged note
            pass
        # One short life is no crash loop: an upgrade, a machine started anew.
        seconds = min(2.0 ** min(short - 2, 30), LONGEST_PAUSE) if short > 1 else 0.0
        at = now + timedelta(seconds=seconds)
        self._memory.put("starts", {"at": at.isoformat(), "short": short})
        return seconds
