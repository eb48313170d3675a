from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model import key_of, read_key

_numbers = st.integers(0, 10**9 - 1)


@given(_numbers, st.dates(min_value=date(2000, 1, 1)), _numbers)
def test_a_key_can_be_taken_apart_again(subscription: int, on: date, part: int) -> None:
    assert read_key(key_of(subscription, on, part)) == (subscription, on, part)


@pytest.mark.parametrize("mark", ["", "pb-7", "pb-7-20261301-0", "pb-7-20260630-0 ", "tell-1"])
def test_other_marks_are_none_of_ours(mark: str) -> None:
    assert read_key(mark) is None
