from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.calendar import Days, due_instant, edition_date, next_due

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = Days.of(range(7))
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("weekdays", "weekdays"),
        ("Daily", "daily"),
        ("everyday", "daily"),
        ("weekend", "weekends"),
        ("mon, wed and Friday", "mon,wed,fri"),
        ("tue-thu", "tue,wed,thu"),
        ("sat-mon", "mon,sat,sun"),
        ("mon-fri", "weekdays"),
        ("weekly", "mon"),
        ("monthly", "monthly"),
        ("1st and 15th", "1st,15th"),
        ("fri, 2nd, 13th, 23rd", "fri,2nd,13th,23rd"),
    ],
)
def test_days_are_read_and_said(text: str, shown: str) -> None:
    assert str(Days.parse(text)) == shown


@given(st.frozensets(st.integers(0, 6)), st.frozensets(st.integers(1, 28)))
def test_days_come_back_from_their_words(
    weekdays: frozenset[int], monthdays: frozenset[int]
) -> None:
    days = Days(weekdays, monthdays)
    if weekdays or monthdays:
        assert Days.parse(str(days)) == days


@pytest.mark.parametrize("text", ["0th", "29th", "31st", "fri,30th"])
def test_a_day_that_not_every_month_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1st to 28th"):
        Days.parse(text)


def test_a_month_s_edition_is_due_on_its_day() -> None:
    due = datetime(2026, 1, 31, 12, tzinfo=UTC)
    found = []
    for _ in range(3):
        due = next_due(time(9), BERLIN, Days.parse("monthly"), due)
        found.append(f"{due:%d %b %H:%M}")
    assert found == ["01 Feb 08:00", "01 Mar 08:00", "01 Apr 07:00"]


@pytest.mark.parametrize("text", ["", "blursday", "mo", "mon,", ",", "mon-xyz"])
def test_wrong_days_are_explained(text: str) -> None:
    if text == "mon,":
        assert str(Days.parse(text)) == "mon"
        return
    with pytest.raises(ValueError, match="write weekdays"):
        Days.parse(text)


def test_a_skipped_time_moves_forward_by_the_gap() -> None:
    spring = date(2026, 3, 29)
    assert due_instant(spring, time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_repeated_time_is_the_first_and_only_once() -> None:
    first = next_due(time(2, 30), BERLIN, DAILY, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = next_due(time(2, 30), BERLIN, DAILY, first)
    assert second == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_only_the_chosen_days_are_due() -> None:
    friday = datetime(2026, 6, 26, 12, tzinfo=UTC)
    assert next_due(time(9), BERLIN, Days.parse("weekdays"), friday) == datetime(
        2026, 6, 29, 7, tzinfo=UTC
    )


AWKWARD = [time(hour, minute) for hour in (0, 1, 2, 3, 22, 23) for minute in (0, 30)]


@given(
    st.sampled_from(ZONES),
    st.one_of(st.sampled_from(AWKWARD), st.times()),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001 - made UTC below
)
def test_days_are_20_to_28_hours_apart_in_every_zone(zone: str, at: time, start: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    due = next_due(at, ZoneInfo(zone), DAILY, start.replace(tzinfo=UTC))
    for _ in range(3):
        following = next_due(at, ZoneInfo(zone), DAILY, due)
        _a_day_apart(due, following, at, ZoneInfo(zone))
        due = following


def test_clock_changes_give_one_edition_a_local_day_in_every_zone() -> None:
    """All zones at all awkward hours, around each change of offset from 2024 to 2030."""
    changes = {change: name for name in ZONES for change in _changes(ZoneInfo(name))}
    assert len(changes) > 300  # counted once for zones that do the same
    for (day, *_), name in changes.items():
        zone = ZoneInfo(name)
        for at in AWKWARD:
            due = next_due(at, zone, DAILY, day - timedelta(days=2))
            for _ in range(10):
                following = next_due(at, zone, DAILY, due)
                _a_day_apart(due, following, at, zone)
                due = following


def test_a_time_moved_over_midnight_belongs_to_its_own_day() -> None:
    nuuk, at = ZoneInfo("America/Nuuk"), time(23, 30)
    due = due_instant(date(2024, 3, 30), at, nuuk)
    assert due.astimezone(nuuk).date() == date(2024, 3, 31)
    assert edition_date(due, at, nuuk) == date(2024, 3, 30)
    assert edition_date(next_due(at, nuuk, DAILY, due), at, nuuk) == date(2024, 3, 31)
    assert edition_date(due + timedelta(minutes=7), at, nuuk) == date(2024, 3, 31)  # made by hand


def _a_day_apart(due: datetime, following: datetime, at: time, zone: ZoneInfo) -> None:
    assert timedelta(hours=20) <= following - due <= timedelta(hours=28)
    days = [edition_date(moment, at, zone) for moment in (due, following)]
    assert days[1] - days[0] == timedelta(days=1), f"{zone} at {at}: {days}"


Change: TypeAlias = tuple[datetime, timedelta | None, timedelta | None]


def _changes(zone: ZoneInfo) -> Iterator[Change]:
    """To the week, when the zone's offset changes, from what and to what."""
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.year <= 2030:
        following = day + timedelta(days=7)
        before, after = (moment.astimezone(zone).utcoffset() for moment in (day, following))
        if before != after:
            yield day, before, after
        day = following
