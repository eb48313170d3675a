"""The app's manifest: what to paste at api.slack.com/apps under “From a manifest”."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adapters.slack.doors import FIND_PAPERS
from commands.model import Command

SCOPES = {
    "commands": "/papers and the shortcut on messages",
    "chat:write": "to post, answer and reply in threads",
    "app_mentions:read": "to hear @paperbot",
    "im:history": "to hear direct messages",
    "im:write": "to tell the person whose subscription cannot be posted",
    "channels:history": "to look up whether a post arrived, so that none comes twice",
    "groups:history": "the same in private channels",
    "channels:read": "to see whether paperbot is in a channel",
    "groups:read": "the same for private channels, and that they are private",
    "users:read": "for people's time zones, and who is an administrator",
    "links:read": "to see links to papers",
    "links:write": "to show the paper below its link",
    "files:write": "to post charts",
}
"""Every scope with its reason.  Not chat:write.public: what is posted to a channel that the bot is
not in cannot be looked up."""

UNFURL_DOMAINS = ("arxiv.org", "huggingface.co", "alphaxiv.org")
EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "link_shared", "message.im")
_HINT = 1_000


def manifest(commands: Sequence[Command]) -> dict[str, Any]:
    """The manifest for these commands."""
    names = [command.name for command in commands if command.group == "read"]
    names += [command.name for command in commands if command.group != "read"]
    return {
        "display_information": {
            "name": "paperbot",
            "description": "Research papers, where your team already talks.",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "paperbot", "always_online": True},
            "shortcuts": [
                {
                    "name": "Find papers",
                    "type": "message",
                    "callback_id": FIND_PAPERS,
                    "description": "Find the papers in this message",
                }
            ],
            "slash_commands": [
                {
                    "command": "/papers",
                    "description": "Today's papers, search, subscriptions",
                    "usage_hint": f"[{' | '.join(names)}] …"[:_HINT],
                    "should_escape": False,
                }
            ],
            "unfurl_domains": list(UNFURL_DOMAINS),
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def to_yaml(manifest: dict[str, Any]) -> str:
    """The manifest as YAML: its reasons as comments, then JSON, which is YAML as it stands."""
    width = max(map(len, SCOPES))
    reasons = [f"#   {scope:<{width}}  {reason}" for scope, reason in SCOPES.items()]
    top = ["# Paste this at https://api.slack.com/apps, “Create New App”, “From a manifest”."]
    top += ["#", "# Why paperbot asks for each scope:", *reasons]
    return "\n".join([*top, json.dumps(manifest, indent=2, ensure_ascii=False), ""])
