from __future__ import annotations

from datetime import timedelta

import pytest

from bot.allowance import Allowance
from commands.model import UserError
from tests.factories import NOON


def test_the_twenty_first_command_in_ten_seconds_waits_its_turn() -> None:
    allowance = Allowance()
    for number in range(20):
        allowance.take("T1", "U1", NOON + timedelta(milliseconds=number))
    with pytest.raises(UserError, match="Please go on in 7 s"):
        allowance.take("T1", "U1", NOON + timedelta(seconds=3.5))
    allowance.take("T1", "U2", NOON + timedelta(seconds=3.5))
    allowance.take("T2", "U1", NOON + timedelta(seconds=3.5))
    allowance.take("T1", "U1", NOON + timedelta(seconds=10))


def test_people_who_left_are_forgotten() -> None:
    allowance = Allowance(calls=1, people=2)
    for person in ("U1", "U2", "U3"):
        allowance.take("T1", person, NOON)
    allowance.take("T1", "U1", NOON)  # forgotten, so that memory stays small
    with pytest.raises(UserError):
        allowance.take("T1", "U3", NOON)
