"""What can go wrong between a client and a platform: scripted one by one, or drawn by a seed."""

from __future__ import annotations

import random
import socket
import struct
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from aiohttp import web

Kind = TypeVar("Kind", bound=str)


@dataclass(frozen=True, slots=True)
class Fault:
    """One mishap.  ``seconds``: how long a hang lasts, or what Retry-After says."""

    kind: str
    seconds: float

    @property
    def stored(self) -> bool:
        """Whether the platform does what it was asked before the mishap hides it."""
        return self.kind.startswith("stored_then_")

    @property
    def action(self) -> str:
        return self.kind.removeprefix("stored_then_")


class Mishaps(Generic[Kind]):
    """The mishaps to come, of the platform's ``Kind``.

    ``method`` is what the platform calls what is asked for, ``*`` any of it; where none is named,
    ``posting`` is meant.  A scripted fault comes before a random one.
    """

    posting: ClassVar[str]

    def __init__(self, seed: int = 0) -> None:
        self.injected: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._script: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._chances: list[tuple[str, float, Fault]] = []

    def script(self, kind: Kind, *, method: str = "", times: int = 1, seconds: float = 5) -> None:
        """Let the next ``times`` calls of ``method`` meet ``kind``."""
        self._script[method or self.posting].extend([Fault(kind, seconds)] * times)

    def chance(self, kind: Kind, rate: float, *, method: str = "", seconds: float = 5) -> None:
        """Let each call of ``method`` meet ``kind`` with probability ``rate``, 0 to 1."""
        self._chances.append((method or self.posting, rate, Fault(kind, seconds)))

    def stop(self) -> None:
        """No more mishaps."""
        self._script.clear()
        self._chances.clear()

    def draw(self, method: str) -> Fault | None:
        """What happens to this call."""
        fault = self._scripted(method) or self._random_one(method)
        if fault:
            self.injected[fault.kind] += 1
        return fault

    def _scripted(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._script[name]:
                return self._script[name].popleft()
        return None

    def _random_one(self, method: str) -> Fault | None:
        for name, rate, fault in self._chances:
            if name in (method, "*") and self._random.random() < rate:
                return fault
        return None


def cut(request: web.Request) -> web.Response:
    """Reset the connection of ``request`` (errno 104 on Linux); the response goes nowhere."""
    transport = request.transport
    if transport is not None:
        # Lingering for 0 s makes the kernel send RST in place of FIN.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
