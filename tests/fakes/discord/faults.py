"""What can go wrong between a bot and Discord."""

from __future__ import annotations

from typing import Literal, TypeAlias

from tests.fakes.mishaps import Mishaps

Kind: TypeAlias = Literal[
    "reset",
    "hang",
    "server_error",
    "unavailable",
    "rate_limited",
    "stored_then_reset",
    "stored_then_hang",
    "stored_then_server_error",
    "stored_then_unavailable",
]


class Faults(Mishaps[Kind]):
    """``method`` is the name of a REST route (``create_message``, see the tables ``ROUTES``).

    ``server_error`` is a 500, which discord.py tries again by itself; ``unavailable`` is a 503,
    which it does not.  Faults of the gateway are methods of ``fake.gateway``.
    """

    posting = "create_message"
