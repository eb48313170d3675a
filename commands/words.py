"""Turning typed words into values: dates, times, zones, days, numbers, choices."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from commands.model import Arg, Kind
from storage.calendar import Days
from storage.nearest import nearest

_LONGEST = 80
_TIMES = {"noon": time(12), "midnight": time(0)}
_OFFSET = re.compile(r"(utc|gmt)?[+-]\d.*", re.IGNORECASE)
_DAY_OF_MONTH = re.compile(r"\d{1,2}(st|nd|rd|th)?", re.IGNORECASE)
_DATE_FORMATS = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%d.%m.%Y", "%Y/%m/%d")
_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", re.IGNORECASE)


def convert(arg: Arg, text: str, today: date) -> Any:
    """The value of ``arg`` that ``text`` says.

    Raises ValueError with a sentence that says what would be right.
    """
    if arg.kind != "text" and len(text) > _LONGEST:
        raise ValueError(f"that is too long for {arg.name}")
    if arg.kind == "number":
        return _number(arg, text)
    if arg.kind == "choice":
        return _choice(arg, text)
    if arg.kind == "date":
        return read_date(text, today)
    return _READERS[arg.kind](text)


def read_date(text: str, today: date) -> date:
    """``2026-06-30``, ``30 June 2026``, ``2026-W26``, ``2026-06``, ``yesterday`` or ``monday``."""
    words = text.lower().replace(",", " ").split()
    word = " ".join(words)
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    for number, name in enumerate(calendar.day_name):
        if len(word) >= 3 and name.lower().startswith(word):
            return today - timedelta(days=(today.weekday() - number) % 7)
    try:
        if match := re.fullmatch(r"(\d{4})-?w(\d{1,2})", word):
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        if match := re.fullmatch(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?", word):
            return date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        raise ValueError(f"there is no {text}; write a date as {today}") from None
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(word, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"“{text}” is no date; write {today}, {today:%Y-%m}, yesterday or monday")


def read_time(text: str) -> time:
    """``09:00``, ``9am``, ``17.30``, ``noon``."""
    if text.strip().lower() in _TIMES:
        return _TIMES[text.strip().lower()]
    match = _TIME.fullmatch(text.strip())
    if match:
        hour, minute = int(match[1]), int(match[2] or 0)
        half = (match[3] or "").lower()
        if (not half or 1 <= hour <= 12) and hour < 24 and minute < 60:
            return time(hour % 12 + 12 * (half == "pm") if half else hour, minute)
    raise ValueError(f"“{text}” is no time of day; write it as 09:00 or 17:30")


def read_zone(text: str) -> ZoneInfo:
    """``Europe/Berlin``, in any case, or just the city."""
    wanted = text.strip().lower().replace(" ", "_")
    zones = _zones()
    if wanted in zones:
        return ZoneInfo(zones[wanted])
    near = nearest(wanted, zones)
    hint = f"did you mean {zones[near]}?" if near else "write it as Europe/Berlin or UTC"
    raise ValueError(f"“{text}” is no time zone; {hint}")


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Zones by what people call them: the full name, and the city where only one has it."""
    names = sorted(
        zone for zone in available_timezones() if not zone.startswith(("posix", "right"))
    )
    cities: dict[str, list[str]] = {}
    for name in names:
        if "/" in name and not name.startswith("Etc/"):
            cities.setdefault(name.rsplit("/", 1)[1].lower(), []).append(name)
    unique = {city: full[0] for city, full in cities.items() if len(full) == 1}
    return unique | {name.lower(): name for name in names}


def resembles(arg: Arg, text: str) -> bool:
    """Whether ``text``, which cannot be read, was yet meant as this time, zone or days."""
    if arg.kind == "time":
        return text[:1].isdigit()
    if " " in text:
        return False
    if arg.kind == "zone":
        near = nearest(text.lower(), _zones(), 0.8)
        return "/" in text or near is not None or _OFFSET.fullmatch(text) is not None
    names = [*map(str.lower, calendar.day_name), "weekdays", "weekends", "daily"]
    return nearest(text.lower(), names, 0.8) is not None or bool(_DAY_OF_MONTH.fullmatch(text))


def zone_names() -> list[str]:
    """All IANA zone names, for completions."""
    return sorted(set(_zones().values()))


def _number(arg: Arg, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"“{text}” is no number; write {arg.default or arg.least or 1}") from None
    if arg.least is not None and value < arg.least:
        raise ValueError(f"{value} is too small; the least is {arg.least}")
    if arg.most is not None and value > arg.most:
        raise ValueError(f"{value} is too much; the most is {arg.most}")
    return value


def _choice(arg: Arg, text: str) -> str:
    word = text.strip().lower()
    if word in arg.choices:
        return word
    raise ValueError(f"“{text}” is none of {', '.join(arg.choices)}")


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("yes", "no", "true", "false", "on", "off"):
        raise ValueError(f"“{text}” is neither yes nor no")
    return word in ("yes", "true", "on")


def _text(text: str) -> str:
    return text


_READERS: dict[Kind, Callable[[str], Any]] = {
    "text": _text,
    "flag": _flag,
    "time": read_time,
    "zone": read_zone,
    "days": Days.parse,
}
