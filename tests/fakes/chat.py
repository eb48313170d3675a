"""A chat in memory that works, and that fails in the ways of real ones when it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from adapters.base import DeliveryError, Finding, Handle, RenderAs
from adapters.text import plain, shorten
from commands.model import Call, Caller, Card, Command, Reply
from storage.ids import ids_within
from storage.model import Payload, Standing, Target
from tests.contracts.harness import Harness

TEXT_LIMIT = 1_000
CARDS_IN_MESSAGE = 5

Fault: TypeAlias = Literal["lost", "hangs", "dropped", "refused", "busy", "broken"]
"""What goes wrong with one send:

* ``lost``: it is posted, but the answer never comes (an exception that is no DeliveryError)
* ``hangs``: it is posted, but the sender waits for the answer for ever
* ``dropped``: the same for the sender, but it was not posted
* ``refused``: a permanent DeliveryError, as for an archived channel
* ``busy``: a DeliveryError with ``retry_after``, as for HTTP 429
* ``broken``: a DeliveryError that may pass, as for HTTP 500
"""


@dataclass(frozen=True)
class FakePost:
    """One message in a channel of the fake."""

    ref: str
    target: Target
    payload: Payload
    parent: str | None
    key: str
    at: datetime

    @property
    def papers(self) -> tuple[str, ...]:
        return ids_within(self.payload["papers"])


class FakeChat:
    """Like Slack, it posts twice when asked twice: a double post is visible in ``posts``.

    ``faults`` are used up one a send, ``blind`` makes ``find`` impossible for good, ``deaf`` makes
    it fail for now.  ``attempts`` counts sends, whatever became of them; ``told`` is who was told
    what: (team, person, text).
    """

    name = "fake"
    pace = timedelta(0)

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), retry_after: float = 3.0
    ) -> None:
        self.posts: list[FakePost] = []
        self.told: list[tuple[str, str, str]] = []
        self.faults: deque[Fault] = deque()
        self.blind = False
        self.deaf = False
        self.attempts = 0
        self.hanging = asyncio.Event()
        self.commands: tuple[Command, ...] = ()
        self._now = now
        self._retry_after = retry_after
        self._handle: Handle | None = None

    @property
    def connected(self) -> bool:
        return self._handle is not None

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        self.commands = tuple(commands)
        self._handle = handle

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        header = _message([reply.title, reply.text])
        size = {"thread": CARDS_IN_MESSAGE, "answer": CARDS_IN_MESSAGE, "per-paper": 1}.get(layout)
        parts = range(0, len(reply.cards), size) if size else range(0)
        packs = [reply.cards[part : part + (size or 0)] for part in parts]
        papers = [_message([one.title for one in pack], pack) for pack in packs]
        return [header, *papers]

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        self.attempts += 1
        fault = self.faults.popleft() if self.faults else None
        if fault == "refused":
            raise DeliveryError("The channel is archived; choose another.", permanent=True)
        if fault == "busy":
            raise DeliveryError("Too many messages.", retry_after=self._retry_after)
        if fault == "broken":
            raise DeliveryError("The platform has a fault of its own.")
        if fault == "dropped":
            raise TimeoutError("no answer")
        ref = f"ref-{len(self.posts) + 1}"
        self.posts.append(FakePost(ref, target, payload, parent, key, self._now()))
        if fault == "hangs":
            self.hanging.set()
            await asyncio.get_running_loop().create_future()
        if fault == "lost":
            raise TimeoutError("no answer")
        return ref

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        if self.blind:
            raise DeliveryError("History cannot be read here.", permanent=True)
        if self.deaf:
            raise DeliveryError("History cannot be read now.")
        for post in self.posts:
            if (post.target, post.key, post.parent) == (target, key, parent) and post.at >= since:
                return post.ref
        return None

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        await self.find(target, "", None, since)  # fails where it would
        return [
            Standing(key=post.key, ref=post.ref, at=post.at, papers=post.papers)
            for post in self.posts
            if post.target == target and post.at >= since
        ]

    async def tell(self, team: str, person: str, text: str) -> None:
        self.told.append((team, person, text))

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        wrong = "the channel is archived" if "refused" in self.faults else ""
        return [Finding(f"fake #{target.channel}", wrong, "Choose another.") for target in targets]

    async def stop(self) -> None:
        self._handle = None

    async def say(self, text: str, caller: Caller, target: Target) -> list[Payload]:
        """Type a line as a person; the messages of the answer."""
        assert self._handle, "start it first"
        try:
            reply = await self._handle(Call(caller=caller, target=target, text=text))
        except Exception:
            reply = Reply(title="That did not work")
        return self.render(reply, "answer")

    def keys(self) -> list[str]:
        """The keys of all messages, in order; each once where nothing was posted twice."""
        return [post.key for post in self.posts]


def _message(texts: Sequence[str], cards: Sequence[Card] = ()) -> Payload:
    text = shorten("\n".join(map(plain, texts)).strip(), TEXT_LIMIT)
    return {"text": text, "papers": [plain(card.url) for card in cards]}


@asynccontextmanager
async def enter_fake(folder: Path, handle: Handle) -> AsyncIterator[Harness]:
    chat = FakeChat()
    target = Target("fake", "T1", "C1")
    await chat.start((), handle)

    async def say(text: str) -> str:
        payloads = await chat.say(text, Caller("U1"), target)
        return "\n".join(payload["text"] for payload in payloads)

    async def seen() -> str:
        told = [text for _, _, text in chat.told]
        return "\n".join([*told, *(post.payload["text"] for post in chat.posts)])

    def check(payload: Payload) -> None:
        assert set(payload) == {"text", "papers"}
        assert len(payload["text"]) <= TEXT_LIMIT

    yield Harness(chat, target, say, seen, check)
    await chat.stop()
