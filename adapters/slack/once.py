"""Lets each request through once: Slack repeats what it has no answer to, and so can others."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.slack.people import Cache

_log = logging.getLogger(__name__)

REPEAT_SECONDS = 3600.0
"""How long a request is known again; Slack repeats an event for six minutes."""


class Once(AsyncMiddleware):
    """Bolt's listeners get each request of the workspace ``team`` once, and no others."""

    def __init__(self, team: str) -> None:
        self._team = team
        self._handled = Cache[bool](REPEAT_SECONDS, time.monotonic)

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse | None:
        """Ends with 200, so that Slack does not send it again, where it does not go on."""
        team = req.context.team_id
        if team != self._team:
            _log.warning("ignored a request of workspace %s, which is not ours", team)
            return BoltResponse(status=200)
        if key := str(req.body.get("event_id") or req.body.get("trigger_id") or ""):
            if self._handled.get(key):
                return BoltResponse(status=200)
            self._handled.put(key, True)
        return await next()
