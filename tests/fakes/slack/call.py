"""One call of the Web API, as the methods see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.slack import rules
from tests.fakes.slack.model import Channel, Json, Team, User

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace


class SlackError(Exception):
    """Slack's ``ok: false``.  ``injected``: by a fault, so not the app's doing."""

    def __init__(
        self,
        error: str,
        messages: list[str] | None = None,
        *,
        retry_after: int = 0,
        injected: bool = False,
        **extra: str,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.retry_after = retry_after
        self.injected = injected
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Call:
    """A method's arguments and who calls; its methods raise SlackError."""

    slack: Workspace
    team: Team
    method: str
    args: Json

    def text(self, name: str) -> str:
        return str(self.args.get(name) or "")

    def flag(self, name: str) -> bool:
        """A boolean as JSON or a form has it."""
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        if value and not value.isdecimal():
            raise SlackError("invalid_arguments", [f"invalid `{name}`"])
        return int(value) if value else default

    def need(self, *scopes: str) -> None:
        missing = [scope for scope in scopes if scope not in self.team.scopes]
        if missing:
            provided = ",".join(sorted(self.team.scopes))
            raise SlackError("missing_scope", needed=missing[0], provided=provided)

    def valid(self) -> None:
        """Refuse what breaks the rules of this method, and images that cannot be fetched."""
        found = rules.check(self.method, self.args)
        if found:
            error = found[0].error
            raise SlackError(error, [one.message for one in found if one.error == error])
        for path in broken_images(self.args, self.slack.faults.broken_images):
            message = f"downloading image failed [json-pointer:{path}]"
            raise SlackError("invalid_blocks", [message], injected=True)

    def channel(self) -> Channel:
        """The channel of the arguments, if the bot may know of it."""
        channel = self.slack.channels.get(self.text("channel"))
        if channel is None or channel.team != self.team.id:
            raise SlackError("channel_not_found")
        if channel.kind != "channels" and self.team.bot_user not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def joined(self, scope: str = "") -> Channel:
        """The channel, if the bot is in it or ``scope`` lets it act from outside."""
        channel = self.channel()
        if self.team.bot_user not in channel.members and scope not in self.team.scopes:
            raise SlackError("not_in_channel")
        return channel

    def user(self, name: str = "user", error: str = "user_not_found") -> User:
        user = self.slack.users.get(self.text(name))
        if user is None or user.team != self.team.id:
            raise SlackError(error)
        return user


def broken_images(value: Any, broken: set[str], path: str = "") -> list[str]:
    """Where in ``value`` an image stands that cannot be fetched."""
    if isinstance(value, list):
        pairs: list[tuple[Any, Any]] = list(enumerate(value))
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        return []
    found = [f"{path}/{key}" for key, held in pairs if key == "image_url" and held in broken]
    for key, held in pairs:
        found += broken_images(held, broken, f"{path}/{key}")
    return found
