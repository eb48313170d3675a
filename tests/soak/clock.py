"""A clock that all processes of a run share: real time, moved ahead where nothing happens."""

from __future__ import annotations

import mmap
import struct
import time
from datetime import UTC, datetime
from pathlib import Path


class SharedClock:
    """Reads the offset from a file, which whoever leads the run writes."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 8)

    def seconds(self) -> float:
        """Unix seconds."""
        offset: float = struct.unpack("d", self._map[:])[0]
        return time.time() + offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def move_to(self, moment: datetime) -> None:
        self._map[:] = struct.pack("d", moment.timestamp() - time.time())
