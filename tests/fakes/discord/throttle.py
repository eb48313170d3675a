"""Discord's rate limits, off until ``enabled``: facts/limits.md, topics/rate-limits.mdx."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5

GLOBAL, GLOBAL_SECONDS = 50, 1.0
IDENTIFY_SECONDS = 5.0
INVALID, INVALID_SECONDS = 10_000, 600.0

_WEBHOOK = (
    "execute_webhook",
    "get_webhook_message",
    "edit_webhook_message",
    "delete_webhook_message",
)
_REACTION = ("add_reaction", "remove_reaction")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may go on, and the headers that tell of its bucket.

    ``retry_after``: seconds to wait, 0 where it may.
    """

    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float = 0.0
    scope: str = "user"


class Throttle:
    """Counts calls by ``clock`` (seconds).

    ``limits``: calls and seconds of a route; Discord publishes none, so they may be changed.
    ``invalid``: when a call was answered with 401, 403 or 429, which is counted always; 10,000 of
    them in 10 minutes are a ban.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.enabled = False
        self.limits: dict[str, tuple[int, float]] = {
            "create_message": (5, 5.0),
            **dict.fromkeys(_REACTION, (1, 0.25)),
            **dict.fromkeys(_WEBHOOK, (5, 2.0)),
        }
        self.invalid: deque[float] = deque()
        self._clock = clock
        self._all: deque[float] = deque()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._identified = float("-inf")

    def admit(self, route: str, major: str, *, counts: bool) -> Verdict:
        """Judge a call of ``route`` on the channel, guild or webhook ``major``, and count it.

        ``counts``: towards the global limit.
        """
        if not self.enabled:
            return Verdict()
        now = self._clock()
        while self._all and self._all[0] <= now - GLOBAL_SECONDS:
            self._all.popleft()
        if counts and len(self._all) >= GLOBAL:
            wait = self._all[0] + GLOBAL_SECONDS - now
            return Verdict({"X-RateLimit-Global": "true"}, wait, "global")
        if counts:
            self._all.append(now)
        return self._route(route, major, now) if route in self.limits else Verdict()

    def _route(self, route: str, major: str, now: float) -> Verdict:
        most, seconds = self.limits[route]
        bucket = next((shared[0] for shared in (_WEBHOOK, _REACTION) if route in shared), route)
        start, used = self._windows.get((bucket, major), (now, 0))
        if now >= start + seconds:
            start, used = now, 0
        refused = used >= most
        used = min(used + 1, most)
        self._windows[bucket, major] = (start, used)
        reset_after = start + seconds - now
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(most - used),
            "X-RateLimit-Reset": f"{start + seconds:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": md5(bucket.encode(), usedforsecurity=False).hexdigest(),
        }
        return Verdict(headers, reset_after if refused else 0.0)

    def may_identify(self) -> bool:
        """Whether 5 s have passed since the last IDENTIFY; this one counts."""
        early = self._clock() - self._identified < IDENTIFY_SECONDS
        self._identified = self._clock()
        return not (self.enabled and early)

    def count_invalid(self) -> None:
        self.invalid.append(self._clock())

    @property
    def banned(self) -> bool:
        """Whether this address sent too many invalid requests."""
        while self.invalid and self.invalid[0] <= self._clock() - INVALID_SECONDS:
            self.invalid.popleft()
        return len(self.invalid) >= INVALID
