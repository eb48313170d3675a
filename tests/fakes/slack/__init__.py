"""A working fake of Slack for tests and soak runs, on 127.0.0.1 at a port of its own.

``Workspace`` is all of it: ``people`` act, ``seen`` and ``screens`` show what they see,
``faults`` and ``throttle`` make life hard, ``socket`` and ``request_url`` are the doors to the
app, and ``refusals`` lists what the app did that Slack would not take.
"""

from __future__ import annotations

from tests.fakes.platform import Clock
from tests.fakes.slack.model import Message, View
from tests.fakes.slack.reading import words
from tests.fakes.slack.rules import violations
from tests.fakes.slack.seen import Seen
from tests.fakes.slack.workspace import Workspace

__all__ = ["Clock", "Message", "Seen", "View", "Workspace", "violations", "words"]
