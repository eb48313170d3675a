"""Discord: threads on time, `/papers`, mentions, direct messages and menus."""

from __future__ import annotations

from adapters.discord.chat import Discord
from adapters.discord.manifest import PERMISSIONS, invite_url

__all__ = ["PERMISSIONS", "Discord", "invite_url"]
