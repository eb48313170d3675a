"""The terminal as a chat: answers to read, or as JSON for other programs."""

from __future__ import annotations

from adapters.console.chat import Console
from adapters.console.render import spelt_out, to_json

__all__ = ["Console", "spelt_out", "to_json"]
