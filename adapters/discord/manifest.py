"""What the bot asks for when it is invited."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import discord

from commands.model import Command

PERMISSIONS = {
    "view_channel": ("View Channel", "to see the channels that it posts to"),
    "send_messages": ("Send Messages", "to post the header of a list"),
    "embed_links": ("Embed Links", "because papers are embeds"),
    "create_public_threads": ("Create Public Threads", "to open the thread below the header"),
    "send_messages_in_threads": ("Send Messages in Threads", "to post the papers into it"),
    "read_message_history": (
        "Read Message History",
        "to look up whether a post arrived, so that none comes twice, and to reply to mentions",
    ),
}
"""Every permission by discord.py's name: what Discord calls it, and the reason."""

SCOPES = {
    "bot": "to post",
    "applications.commands": "for /papers",
}


def permissions(names: Iterable[str] = PERMISSIONS) -> discord.Permissions:
    return discord.Permissions(**dict.fromkeys(names, True))


def lacking(own: discord.Permissions, *, forum: bool = False) -> str:
    """The names of the permissions that are missing to post in a channel; "" for none.

    In a forum, who may send messages may open posts.
    """
    needed = [one for one in PERMISSIONS if not (forum and one == "create_public_threads")]
    return ", ".join(PERMISSIONS[one][0] for one in needed if not getattr(own, one))


def application_id(token: str) -> int:
    """The application that a bot's token belongs to: its first part, in base64.

    Raises ValueError for what is no token.
    """
    head = token.split(".", maxsplit=1)[0]
    return int(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


def invite_url(application_id: int | str, commands: Sequence[Command]) -> str:
    """The address that adds the bot to a server; permissions only where commands can post."""
    needed = PERMISSIONS if any(command.posts for command in commands) else ()
    return discord.utils.oauth_url(
        int(application_id), permissions=permissions(needed), scopes=tuple(SCOPES)
    )
