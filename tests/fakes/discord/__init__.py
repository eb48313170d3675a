"""A working fake of Discord for tests and soak runs, on 127.0.0.1 at a port of its own.

``Discord`` is all of it: ``people`` act, ``messages`` and ``thread`` show what they see,
``faults``, ``throttle`` and ``gateway`` make life hard, and ``refusals`` lists what the bot did
that Discord would not take.  ``connected`` runs a real ``discord.Client`` against it.
"""

from __future__ import annotations

from tests.fakes.discord.connecting import Bot, connected, pointed
from tests.fakes.discord.model import Message, Permission
from tests.fakes.discord.platform import Discord
from tests.fakes.discord.reading import buttons, words
from tests.fakes.discord.rules import violations
from tests.fakes.discord.seen import Seen
from tests.fakes.platform import Clock

__all__ = [
    "Bot",
    "Clock",
    "Discord",
    "Message",
    "Permission",
    "Seen",
    "buttons",
    "connected",
    "pointed",
    "violations",
    "words",
]
