"""Slack: threads on time, `/papers`, mentions, direct messages, a home tab and links."""

from __future__ import annotations

from adapters.slack.chat import Slack
from adapters.slack.manifest import manifest, to_yaml

__all__ = ["Slack", "manifest", "to_yaml"]
