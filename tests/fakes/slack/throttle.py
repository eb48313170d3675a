"""Slack's rate limits, off until ``enabled``: facts/limits.md, "Slack's other rules"."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

POST_BURST = 3
POST_SECONDS = 1.0
MINUTE = 60.0

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute, method and workspace."""

_METHODS = {
    1: ("apps.connections.open",),
    2: ("conversations.list", "users.list"),
    3: (
        *("chat.update", "chat.delete", "chat.unfurl", "users.conversations"),
        *("conversations.history", "conversations.replies", "conversations.info"),
        *("conversations.join", "conversations.open"),
    ),
    4: (
        *("chat.postEphemeral", "conversations.members", "users.info"),
        *("views.open", "views.push", "views.publish", "views.update"),
        *("files.getUploadURLExternal", "files.completeUploadExternal"),
    ),
}


class Throttle:
    """Counts calls by ``clock`` (seconds) and says how long a caller has to wait.

    ``per_minute`` may be changed, for instance to the 1 a minute that commercial apps outside the
    Marketplace get for ``conversations.history``.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.enabled = False
        self.per_minute = {name: TIERS[tier] for tier, names in _METHODS.items() for name in names}
        self._clock = clock
        self._posts: dict[tuple[str, str], float] = {}
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def wait(self, team: str, method: str, channel: str) -> int:
        """Whole seconds for Retry-After, or 0 where the call may go on (and is counted)."""
        if not self.enabled:
            return 0
        if method == "chat.postMessage":
            return self._post(team, channel)
        limit = self.per_minute.get(method)
        return self._call(team, method, limit) if limit else 0

    def _post(self, team: str, channel: str) -> int:
        """One a second and channel, in bursts of three (generic cell rate algorithm)."""
        now = self._clock()
        due = max(self._posts.get((team, channel), now), now)
        early = due - now - (POST_BURST - 1) * POST_SECONDS
        if early > 0:
            return max(1, math.ceil(early))
        self._posts[team, channel] = due + POST_SECONDS
        return 0

    def _call(self, team: str, method: str, limit: int) -> int:
        now = self._clock()
        calls = self._calls[team, method]
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return max(1, math.ceil(calls[0] + MINUTE - now))
        calls.append(now)
        return 0
