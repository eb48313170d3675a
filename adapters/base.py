"""The two ports: a chat that people talk in, and a source that papers come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from commands.model import Call, Command, Reply
from storage.model import Layout, Paper, Payload, Standing, Target

Handle: TypeAlias = Callable[[Call], Awaitable[Reply]]
"""Answers a call.  Never raises for what a person did: errors are replies too."""

RenderAs: TypeAlias = Layout | Literal["answer"]
"""How to lay a reply out: a subscription's layout, or ``answer`` without a header."""


class DeliveryError(Exception):
    """A send or look-up that surely did not succeed; any other exception leaves it uncertain.

    ``permanent``: the target cannot be posted to until a person acts, as the message says.
    ``retry_after``: seconds to wait before the next try.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class SourceError(Exception):
    """A source did not answer as documented.  The text says which, what and where."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, what is wrong with it (nothing if empty), what to do."""

    about: str
    fault: str = ""
    advice: str = ""


class Chat(Protocol):
    """A place where people talk.

    ``render`` is pure.  Its first payload is the header, the others go into the header's thread;
    as ``answer`` all stand alone, in order.  Whatever the reply holds, each payload is within the
    platform's limits.
    """

    name: str
    pace: timedelta
    """Least time between two messages to one channel."""

    @property
    def connected(self) -> bool:
        """Whether it can post and hear at this moment."""

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        """Connect and answer calls until ``stop``.  Returns when ready."""

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        """Turn a reply into messages, at least one."""

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        """Post one message, marked with ``key``, and return its ref.

        Never tries twice.  Raises DeliveryError where the message was surely not posted.  Any
        other exception means that it may have been.
        """

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        """The ref of the message marked ``key``, posted since then; None if there is none.

        Raises DeliveryError where it cannot be told, ``permanent`` where it never can.
        """

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        """All marked messages in a channel and its threads, posted since then.

        Takes its time where the platform asks for it.  Raises DeliveryError as ``find`` does.
        """

    async def tell(self, team: str, person: str, text: str) -> None:
        """Write to one person, who made something that does not work.  Raises DeliveryError."""

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        """Look at the connection, the permissions and each of these targets.  Never raises."""

    async def stop(self) -> None:
        """Disconnect.  Harmless when never started."""


class Teams(Protocol):
    """Who is told in which teams of a chat paperbot is."""

    async def joined(self, teams: Sequence[str]) -> None:
        """It is in these: found at the start, or added just now."""

    def left(self, team: str) -> Coroutine[Any, Any, None]:
        """It was removed from this one."""


class Source(Protocol):
    """A place that papers come from."""

    name: str

    def fetch(self, since: date) -> AsyncIterator[Paper]:
        """Papers listed on ``since`` or later, oldest list first; without lists, changed since.

        Raises SourceError; what came before it stands.
        """

    def trending(self) -> AsyncIterator[Paper]:
        """What the source itself calls trending, hottest first.  Raises SourceError."""

    async def get(self, id: str) -> Paper | None:
        """One paper by canonical id, or None where the source has none.  Raises SourceError."""


class WatchedSource(Source, Protocol):
    """A source that tells the newest state of many papers at once."""

    def many(self, ids: Sequence[str]) -> AsyncIterator[Paper]:
        """These papers, in any order, without those that the source lacks.

        Raises SourceError; what came before it stands.
        """


@runtime_checkable
class SearchedSource(Source, Protocol):
    """A source that can be asked in words."""

    async def search(self, query: str, limit: int) -> list[Paper]:
        """The most relevant papers, best first.

        ``query`` is written as for the catalogue (``storage.search.Query``).  Raises ValueError
        with a sentence for the reader, and SourceError.
        """
