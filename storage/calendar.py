"""Days to post on, and the one rule of when a subscription is due."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_MONTHDAY = 28
"""The last day that every month has."""
_SETS = {
    frozenset(range(7)): "daily",
    frozenset(range(5)): "weekdays",
    frozenset((5, 6)): "weekends",
}
_WORDS = {
    "everyday": frozenset(range(7)),
    "weekly": frozenset((0,)),
    **{name: days for days, name in _SETS.items()},
    **{name.rstrip("s"): days for days, name in _SETS.items()},
}
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")


@dataclass(frozen=True, slots=True)
class Days:
    """On which days to post.  ``str()`` gives the words that ``parse`` takes.

    ``weekdays``: 0 is Monday; ``monthdays``: 1 to 28.  A day of either kind counts.
    """

    weekdays: frozenset[int]
    monthdays: frozenset[int] = frozenset()

    @classmethod
    def of(cls, weekdays: Iterable[int]) -> Days:
        return cls(frozenset(weekdays))

    @classmethod
    def parse(cls, text: str) -> Days:
        """Read ``daily``, ``weekdays``, ``weekends``, ``mon,wed``, ``tue-fri`` or ``15th``.

        ``weekly`` is on Mondays, ``monthly`` on the 1st.  Raises ValueError with a sentence for the
        reader.
        """
        weekdays: set[int] = set()
        monthdays: set[int] = set()
        for part in filter(None, text.lower().replace("and", ",").replace(" ", "").split(",")):
            if part == "monthly":
                monthdays.add(1)
            elif ordinal := _ORDINAL.fullmatch(part):
                monthdays.add(_monthday(int(ordinal[1])))
            elif part in _WORDS:
                weekdays |= _WORDS[part]
            else:
                ends = [_weekday(word, text) for word in part.split("-", 1)]
                first, last = ends[0], ends[-1]
                weekdays |= {day % 7 for day in range(first, last + 1 + 7 * (last < first))}
        if not weekdays and not monthdays:
            raise ValueError("no day was named; write weekdays, daily or mon,wed,fri")
        return cls(frozenset(weekdays), frozenset(monthdays))

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day.day in self.monthdays

    def __str__(self) -> str:
        if self == Days(frozenset(), frozenset((1,))):
            return "monthly"
        names = ",".join(WEEKDAY_NAMES[day] for day in sorted(self.weekdays))
        ordinals = [f"{day}{_ending(day)}" for day in sorted(self.monthdays)]
        return ",".join(filter(None, [_SETS.get(self.weekdays, names), *ordinals]))


def _weekday(word: str, text: str) -> int:
    for number, name in enumerate(calendar.day_name):
        if len(word) >= 3 and name.lower().startswith(word.removesuffix("s")):
            return number
    raise ValueError(f"“{text}” names no days; write weekdays, daily, mon,wed,fri or 15th")


def _monthday(day: int) -> int:
    if not 1 <= day <= LAST_MONTHDAY:
        raise ValueError(f"not every month has that day; write 1st to {LAST_MONTHDAY}th")
    return day


def _ending(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


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


def edition_date(due: datetime, at: time, zone: ZoneInfo) -> date:
    """The local date that a due instant is for.

    It is the day before where a skipped time was moved over midnight, as in Nuuk at 23:00.
    """
    day = due.astimezone(zone).date()
    before = day - timedelta(days=1)
    moved = due_instant(day, at, zone) != due and due_instant(before, at, zone) == due
    return before if moved else day
