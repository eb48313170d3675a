"""Days of the week and the one rule of when a subscription is due."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SETS = {
    frozenset(range(7)): "daily",
    frozenset(range(5)): "weekdays",
    frozenset((5, 6)): "weekends",
}


@dataclass(frozen=True, slots=True)
class Days:
    """On which weekdays to post (0 is Monday).  ``str()`` gives the words that ``parse`` takes."""

    weekdays: frozenset[int]

    @classmethod
    def of(cls, weekdays: Iterable[int]) -> Days:
        return cls(frozenset(weekdays))

    @classmethod
    def parse(cls, text: str) -> Days:
        """Read ``daily``, ``weekdays``, ``weekends``, ``mon,wed`` or ``tue-fri``.

        Raises ValueError with a sentence for the reader.
        """
        found: set[int] = set()
        for part in filter(None, text.lower().replace("and", ",").replace(" ", "").split(",")):
            for days, name in _SETS.items():
                if part in (name, name.rstrip("s")) or (name == "daily" and part == "everyday"):
                    found |= days
                    break
            else:
                ends = [_weekday(word, text) for word in part.split("-", 1)]
                first, last = ends[0], ends[-1]
                found |= {day % 7 for day in range(first, last + 1 + 7 * (last < first))}
        if not found:
            raise ValueError("no day was named; write weekdays, daily or mon,wed,fri")
        return cls(frozenset(found))

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays

    def __str__(self) -> str:
        names = ",".join(WEEKDAY_NAMES[day] for day in sorted(self.weekdays))
        return _SETS.get(self.weekdays, names)


def _weekday(word: str, text: str) -> int:
    for number, name in enumerate(calendar.day_name):
        if len(word) >= 3 and name.lower().startswith(word.removesuffix("s")):
            return number
    raise ValueError(f"“{text}” names no days; write weekdays, daily or mon,wed,fri")


def due_instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a local wall time.

    A time that a clock change skips moves forward by the gap; one that happens twice is the first
    (PEP 495, ``fold=0``).
    """
    return datetime.combine(on, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=4096)  # thousands of subscriptions are due at the same instants
def next_due(at: time, zone: ZoneInfo, days: Days, after: datetime) -> datetime:
    """The first due instant, in UTC, that is later than ``after`` (aware, any zone)."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        due = due_instant(day, at, zone)
        if due > after and day in days:
            return due
        day += timedelta(days=1)
