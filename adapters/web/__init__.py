"""The playground: a chat channel in the browser."""

from __future__ import annotations

from adapters.web.server import Web

__all__ = ["Web"]
