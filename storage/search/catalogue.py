"""What is followed: the database's papers, by the numbers of their changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from storage.papers import Change

Progress: TypeAlias = Callable[[int, int], None]
"""Gets (done, of how many)."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far vectors are: by which model, of which catalogue, and up to which change."""

    model: str = ""
    catalogue: str = ""
    cursor: int = 0


class Catalogue(Protocol):
    """What the search follows: the database's papers."""

    def catalogue(self) -> object:
        """What names the database; where it changes, everything is indexed anew."""
        ...

    def cursor(self) -> int:
        """The number of the newest change."""
        ...

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """The changes numbered above ``after``, in order."""
        ...
