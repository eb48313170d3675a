"""How anything gets to the app: through the door that is open, again where it is an event."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from tests.fakes.slack.model import APP_ID, Json

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace

Kind: TypeAlias = Literal["slash_commands", "interactive", "events_api"]


class UndeliveredError(Exception):
    """The app did not acknowledge in time, or not at all.

    The text is the name that Slack shows to the person (memory): ``dispatch_failed``,
    ``operation_timeout``, or ``http_`` and the status.
    """


class Door(Protocol):
    async def deliver(self, kind: Kind, payload: Json, retry: int, reason: str) -> Json:
        """Hand over and return the body of the acknowledgement.  Raises UndeliveredError."""


class Events:
    """Deliveries, by HTTP where a Request URL is set and by Socket Mode else.

    ``lost``: events that were not acknowledged after the last retry.
    """

    def __init__(self, slack: Workspace, retries: Sequence[float]) -> None:
        self.lost: list[Json] = []
        self._slack = slack
        self._retries = retries
        self._waiting: set[asyncio.Task[None]] = set()

    async def deliver(self, kind: Kind, payload: Json, retry: int = 0, reason: str = "") -> Json:
        """Hand over once.  Raises UndeliveredError."""
        http = self._slack.request_url
        door: Door = http if http.url else self._slack.socket
        return await door.deliver(kind, payload, retry, reason)

    async def tell(self, team: str, event: Json, needs: str = "") -> None:
        """Tell the app of an event, if it has the scope for it; returns after the first try.

        Retries go on in the background.
        """
        installed = self._slack.teams[team]
        if needs and needs not in installed.scopes:
            return
        payload = {
            "type": "event_callback",
            "token": "verification-token",
            "team_id": team,
            "api_app_id": APP_ID,
            "event": {"event_ts": self._slack.new_ts(), **event},
            "event_id": self._slack.new_id("Ev"),
            "event_time": int(self._slack.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team,
                    "user_id": installed.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }
        try:
            await self.deliver("events_api", payload)
        except UndeliveredError as undelivered:
            task = asyncio.create_task(self._again(payload, str(undelivered)))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _again(self, payload: Json, reason: str) -> None:
        for attempt, seconds in enumerate(self._retries, start=1):
            await asyncio.sleep(seconds)
            try:
                await self.deliver("events_api", payload, attempt, reason)
            except UndeliveredError as undelivered:
                reason = str(undelivered)
            else:
                return
        self.lost.append(payload)
        self._slack.changed()

    async def stop(self) -> None:
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
