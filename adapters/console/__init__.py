"""The terminal as a chat: answers to read, or as JSON for other programs."""

from __future__ import annotations

from adapters.console.chat import Console
from adapters.console.render import to_json, to_text

__all__ = ["Console", "to_json", "to_text"]
