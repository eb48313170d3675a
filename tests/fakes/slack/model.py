"""The records of a fake workspace, and their JSON as Slack writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

APP_ID = "A0FAKE001"

BOT_SCOPES = frozenset(
    {
        *("app_mentions:read", "commands", "chat:write", "files:write", "im:write", "users:read"),
        *("channels:read", "groups:read", "im:read", "channels:join"),
        *("channels:history", "groups:history", "im:history"),
        *("links:read", "links:write"),
    }
)


@dataclass(slots=True)
class Team:
    """One workspace that has installed the app, with the bot's identity and token in it."""

    id: str
    domain: str
    bot_user: str
    bot_id: str
    bot_token: str
    scopes: set[str]
    revoked: bool = False


@dataclass(slots=True)
class User:
    id: str
    team: str
    name: str
    tz: str = "Europe/Berlin"
    is_admin: bool = False
    is_bot: bool = False

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.name.title(),
            "tz": self.tz,
            "deleted": False,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_bot": self.is_bot,
            "profile": {"display_name": self.name, "real_name": self.name.title()},
        }


@dataclass(slots=True)
class Message:
    """A message in a channel; with ``only_for`` an ephemeral one that this person alone sees."""

    channel: str
    ts: str
    user: str
    team: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: Json | None = None
    bot_id: str | None = None
    files: list[Json] = field(default_factory=list)
    edited: str | None = None
    deleted: bool = False
    only_for: str | None = None

    @property
    def in_thread(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_json(self, *, metadata: bool = False) -> Json:
        """As history, replies and events show it; metadata only where it is asked for."""
        said: Json = {
            "type": "message",
            "user": self.user,
            "team": self.team,
            "text": self.text,
            "ts": self.ts,
        }
        if self.bot_id:
            said |= {"bot_id": self.bot_id, "app_id": APP_ID}
        if self.deleted:
            said["subtype"] = "tombstone"
        elif self.broadcast:
            said["subtype"] = "thread_broadcast"
        for name in ("blocks", "attachments", "files", "thread_ts"):
            if getattr(self, name):
                said[name] = getattr(self, name)
        if self.edited:
            said["edited"] = {"user": self.user, "ts": self.edited}
        if metadata and self.metadata:
            said["metadata"] = self.metadata
        return said


@dataclass(slots=True)
class Channel:
    """A conversation with its messages by ts, oldest first."""

    id: str
    team: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    im_with: str | None = None
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The first part of the scopes that open it, and of `types` in lists."""
        if self.im_with:
            return "im"
        return "groups" if self.is_private else "channels"

    @property
    def type(self) -> str:
        return {
            "im": "im",
            "groups": "private_channel",
            "channels": "public_channel",
        }[self.kind]

    def replies(self, ts: str) -> list[Message]:
        return [one for one in self.messages.values() if one.in_thread and one.thread_ts == ts]

    def to_json(self, bot_user: str) -> Json:
        said: Json = {
            "id": self.id,
            "is_channel": self.kind == "channels",
            "is_group": self.kind == "groups",
            "is_im": self.kind == "im",
            "is_private": self.is_private or self.kind == "im",
            "is_archived": self.is_archived,
            "is_member": bot_user in self.members,
            "num_members": len(self.members),
            "context_team_id": self.team,
        }
        return said | ({"user": self.im_with} if self.im_with else {"name": self.name})


@dataclass(slots=True)
class View:
    """A modal or a home tab as one person has it before them."""

    id: str
    user: str
    team: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    values: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        return {
            "title": None,
            "submit": None,
            "close": None,
            "callback_id": "",
            "external_id": "",
            "private_metadata": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **self.content,
            "id": self.id,
            "team_id": self.team,
            "app_id": APP_ID,
            "state": {"values": self.values},
            "hash": self.hash,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
        }


@dataclass(slots=True)
class Trigger:
    """Leave to open one modal for ``user``: 3 s, one use."""

    user: str
    team: str
    issued: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """One call that reached the Web API."""

    method: str
    team: str
    args: Json


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something of the app's that Slack refused, and not by an injected fault."""

    method: str
    error: str
    messages: tuple[str, ...]
    payload: Json
