"""The records of a fake Discord, and their JSON as Discord writes it."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

APP_ID = "1000000000000000001"
EPOCH_MS = 1_420_070_400_000
TEXT, DM, GROUP_DM, ANNOUNCEMENT, ANNOUNCEMENT_THREAD, THREAD, FORUM = 0, 1, 3, 5, 10, 11, 15
REQUIRE_TAG = 1 << 4


class Permission(IntFlag):
    """The permissions that the fake looks at: topics/permissions.mdx."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


NOTHING = Permission(0)
EVERYTHING = functools.reduce(operator.or_, Permission)
EVERYONE = EVERYTHING & ~(
    Permission.ADMINISTRATOR
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.MENTION_EVERYONE
)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def created(id: str) -> float:
    """The Unix seconds in a snowflake."""
    return ((int(id) >> 22) + EPOCH_MS) / 1000


@dataclass(slots=True)
class User:
    """``installed``: has the app for themselves; ``dms``: takes direct messages."""

    id: str
    name: str
    bot: bool = False
    installed: bool = False
    dms: bool = True

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "username": self.name,
            "discriminator": "0",
            "global_name": None if self.bot else self.name.title(),
            "avatar": None,
            "bot": self.bot,
        }


@dataclass(slots=True)
class Guild:
    """A server.  ``members``: user ids with what each may do beyond ``everyone``."""

    id: str
    name: str
    installed: bool = True
    everyone: Permission = EVERYONE
    members: dict[str, Permission] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    def allowed(self, user: str) -> Permission:
        own = self.everyone | self.members.get(user, NOTHING)
        return EVERYTHING if Permission.ADMINISTRATOR in own else own

    def role_list(self) -> list[Json]:
        """@everyone, and one role for each member who may do more."""
        own = {role: self.members[user] for user, role in self.roles.items()}
        return [
            {
                "id": id,
                "name": "@everyone" if id == self.id else f"role {id}",
                "permissions": str(int(permissions)),
                "position": position,
                "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                "hoist": False,
                "managed": False,
                "mentionable": False,
                "flags": 0,
            }
            for position, (id, permissions) in enumerate({self.id: self.everyone, **own}.items())
        ]

    def member(self, user: User) -> Json:
        return {
            "user": user.to_json(),
            "nick": None,
            "avatar": None,
            "roles": [self.roles[user.id]] if user.id in self.roles else [],
            "joined_at": iso(created(self.id)),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
        }

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "owner_id": "1",
            "preferred_locale": "en-US",
            "roles": self.role_list(),
            "emojis": [],
            "stickers": [],
            "features": [],
        }


@dataclass(slots=True)
class Message:
    """``only_for``: an ephemeral one that this person alone sees.  ``files``: name to bytes."""

    id: str
    channel: str
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    flags: int = 0
    type: int = 0
    nonce: str | None = None
    reference: Json | None = None
    mentions: list[User] = field(default_factory=list)
    interaction: Json | None = None
    only_for: str | None = None
    edited: float | None = None
    reactions: set[str] = field(default_factory=set)
    thread: str | None = None
    deleted: bool = False

    def to_json(self) -> Json:
        said: Json = {
            "id": self.id,
            "channel_id": self.channel,
            "author": self.author.to_json(),
            "content": self.content,
            "timestamp": iso(created(self.id)),
            "edited_timestamp": None if self.edited is None else iso(self.edited),
            "tts": False,
            "mention_everyone": False,
            "mentions": [user.to_json() for user in self.mentions],
            "mention_roles": [],
            "attachments": self.attachments,
            "embeds": [{"type": "rich", **embed} for embed in self.embeds],
            "components": self.components,
            "pinned": False,
            "type": self.type,
            "flags": self.flags,
        }
        if self.reference:
            said["message_reference"] = self.reference
        if self.interaction:
            said |= {"interaction_metadata": self.interaction, "webhook_id": APP_ID}
        if self.author.bot:
            said["application_id"] = APP_ID
        return said


@dataclass(slots=True)
class Thread:
    """What a thread has beyond a channel.  ``active_at``: of its last message or opening."""

    owner: str
    minutes: int
    active_at: float
    changed_at: float
    archived: bool = False
    locked: bool = False
    tags: list[str] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    sent: int = 0

    def closed(self, now: float) -> bool:
        """Whether it is archived, by somebody or for want of activity."""
        return self.archived or now >= self.active_at + self.minutes * 60

    def stamp(self, now: float) -> float:
        """When it was last opened or archived."""
        in_time = self.archived or not self.closed(now)
        return self.changed_at if in_time else self.active_at + self.minutes * 60

    def open(self, now: float) -> None:
        self.archived, self.active_at, self.changed_at = False, now, now


@dataclass(slots=True)
class Channel:
    """A place with messages by id, oldest first.

    ``denied``: what an overwrite takes from a user in it.  ``guild`` is "" for direct messages.
    """

    id: str
    kind: int
    guild: str = ""
    name: str = ""
    topic: str | None = None
    parent: str | None = None
    recipients: list[User] = field(default_factory=list)
    denied: dict[str, Permission] = field(default_factory=dict)
    tags: list[Json] = field(default_factory=list)
    flags: int = 0
    thread: Thread | None = None
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def last_message_id(self) -> str | None:
        return next(reversed(self.messages), None)

    def to_json(self, now: float) -> Json:
        said: Json = {
            "id": self.id,
            "type": self.kind,
            "flags": self.flags,
            "last_message_id": self.last_message_id,
        }
        if not self.guild:
            return said | {"recipients": [user.to_json() for user in self.recipients]}
        said |= {"guild_id": self.guild, "name": self.name, "parent_id": self.parent}
        if self.thread:
            return said | self._thread_json(self.thread, now)
        overwrites = [
            {"id": user, "type": 1, "allow": "0", "deny": str(int(taken))}
            for user, taken in self.denied.items()
        ]
        said |= {"position": 0, "topic": self.topic, "permission_overwrites": overwrites}
        return said | ({"available_tags": self.tags} if self.kind == FORUM else {})

    def _thread_json(self, thread: Thread, now: float) -> Json:
        said: Json = {
            "owner_id": thread.owner,
            "message_count": min(len(self.messages), 50),
            "member_count": len(thread.members),
            "total_message_sent": thread.sent,
            "rate_limit_per_user": 0,
            "applied_tags": thread.tags,
            "thread_metadata": {
                "archived": thread.closed(now),
                "archive_timestamp": iso(thread.stamp(now)),
                "auto_archive_duration": thread.minutes,
                "locked": thread.locked,
                "create_timestamp": iso(created(self.id)),
            },
        }
        return said

    def membership(self, user: str) -> Json:
        return {
            "id": self.id,
            "user_id": user,
            "join_timestamp": iso(created(self.id)),
            "flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Called:
    """One call that reached the REST door: the route's name, where, and its body."""

    method: str
    where: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something of the bot's that Discord refused, and not by an injected fault."""

    method: str
    status: int
    code: int
    message: str
    errors: Json
    payload: Any
