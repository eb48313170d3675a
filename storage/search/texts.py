"""The texts that candidates are ranked by: one append-only file, mapped into memory.

tantivy's own store would decompress a block for each candidate while Python waits; here a
candidate costs one slice.
"""

from __future__ import annotations

import mmap
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LENGTH_BITS = 24  # of a place: below them stands the length, above them the offset
_LONGEST = (1 << _LENGTH_BITS) - 1


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of the file is committed, the checksum of that, and how much of it is outdated."""

    size: int = 0
    checksum: int = 0
    waste: int = 0


class Texts:
    """The committed part of the file, for reading.

    A text is bytes of four lines: title as shown, title folded, everything else folded, id.
    """

    def __init__(self, path: Path, size: int) -> None:
        """Raises ValueError or OSError where the file is missing or shorter than ``size``."""
        self._data: mmap.mmap | bytes = b""  # an empty file cannot be mapped
        if size:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
            # What stands beside a text is of no use: reading it took most of a cold answer's time.
            self._data.madvise(mmap.MADV_RANDOM)

    def __getitem__(self, place: int) -> bytes:
        start = place >> _LENGTH_BITS
        return self._data[start : start + (place & _LONGEST)]


class TextsWriter:
    """Appends to the file; what was written after ``extent`` by a process that died is cut off."""

    def __init__(self, path: Path, extent: Extent) -> None:
        self._file: BinaryIO = path.open("ab")
        self._file.truncate(extent.size)
        self._size, self._checksum, self._waste = extent.size, extent.checksum, extent.waste

    def append(self, text: bytes) -> int:
        """Returns the place by which ``Texts`` finds it.  Raises ValueError over 16 MB."""
        if len(text) > _LONGEST:
            raise ValueError(f"a text of {len(text):,} bytes is over {_LONGEST:,}")
        place = self._size << _LENGTH_BITS | len(text)
        self._file.write(text)
        self._size += len(text)
        self._checksum = zlib.crc32(text, self._checksum)
        return place

    def discard(self, place: int) -> None:
        """Count the text at ``place`` as outdated."""
        self._waste += place & _LONGEST

    def sync(self) -> Extent:
        """Bring everything to the disk; what the index must remember with its next commit."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return Extent(self._size, self._checksum, self._waste)

    def close(self) -> None:
        self._file.close()


def checksum(path: Path, size: int) -> int:
    """CRC-32 of the first ``size`` bytes of a file (fewer where it is shorter)."""
    value = 0
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(size, 1 << 20))):
            value = zlib.crc32(block, value)
            size -= len(block)
    return value
