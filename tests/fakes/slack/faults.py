"""What can go wrong between an app and Slack."""

from __future__ import annotations

from typing import Literal, TypeAlias

from tests.fakes.mishaps import Mishaps

Kind: TypeAlias = Literal[
    "reset",
    "hang",
    "server_error",
    "rate_limited",
    "stored_then_reset",
    "stored_then_hang",
    "stored_then_server_error",
]


class Faults(Mishaps[Kind]):
    """``method`` is a Web API method or ``response_url``.

    Images whose URL is in ``broken_images`` cannot be fetched.
    """

    posting = "chat.postMessage"

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.broken_images: set[str] = set()
