from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.calendar import Days, due_instant, next_due

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
    ],
)
def test_days_are_read_and_said(text: str, shown: str) -> None:
    assert str(Days.parse(text)) == shown


@given(st.sets(st.integers(0, 6), min_size=1))
def test_days_come_back_from_their_words(weekdays: set[int]) -> None:
    assert Days.parse(str(Days.of(weekdays))) == Days.of(weekdays)


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


@given(
    st.sampled_from(ZONES),
    st.times(),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001 - made UTC below
)
def test_days_are_20_to_28_hours_apart_in_every_zone(zone: str, at: time, start: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    due = next_due(at, ZoneInfo(zone), DAILY, start.replace(tzinfo=UTC))
    for _ in range(3):
        following = next_due(at, ZoneInfo(zone), DAILY, due)
        assert timedelta(hours=20) <= following - due <= timedelta(hours=28)
        due = following
