"""How much one person may ask."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from commands.model import UserError


class Allowance:
    """At most ``calls`` within any ``window`` for each person; more is refused politely."""

    def __init__(
        self, calls: int = 20, window: timedelta = timedelta(seconds=10), people: int = 10_000
    ) -> None:
        self._calls = calls
        self._window = window
        self._most_people = people
        self._recent: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def take(self, team: str, person: str, now: datetime) -> None:
        """Count one call.  Raises UserError where it is too much."""
        recent = self._recent.setdefault((team, person), deque())
        self._recent.move_to_end((team, person))
        if len(self._recent) > self._most_people:
            self._recent.popitem(last=False)
        while recent and now - recent[0] >= self._window:
            recent.popleft()
        if len(recent) >= self._calls:
            wait = math.ceil((self._window - (now - recent[0])).total_seconds())
            raise UserError(
                f"That was {self._calls} commands in {self._window.seconds} seconds. "
                f"Please go on in {wait} s."
            )
        recent.append(now)
