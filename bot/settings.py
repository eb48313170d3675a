"""Settings from the environment and ``.env``: prefix ``PAPERBOT_``, nested by ``__``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from tzlocal import get_localzone_name

from storage.nearest import nearest

PREFIX = "PAPERBOT_"


class SettingsError(Exception):
    """A setting is unknown or cannot be used; the text names it and says what would be right."""


class Http(BaseModel):
    """The local web server: the playground."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; loopback by itself.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )


class Hub(BaseModel):
    """Hugging Face, where the daily lists come from."""

    endpoint: str = Field(
        default_factory=lambda: os.environ.get("HF_ENDPOINT", "https://huggingface.co"),
        pattern=r"^https?://",
        description="Address of the Hub or of a mirror, `https://huggingface.co` by itself; "
        "HF_ENDPOINT is read too.",
    )
    token: SecretStr | None = Field(
        default_factory=lambda: SecretStr(token) if (token := os.environ.get("HF_TOKEN")) else None,
        description="A token for higher rate limits, not needed; HF_TOKEN is read too.",
    )


class ArxivSettings(BaseModel):
    """arXiv, for the papers that Hugging Face lacks."""

    api_url: str = Field(
        default="https://export.arxiv.org/api/query",
        pattern=r"^https?://",
        description="Address of arXiv's query interface, or of a mirror.",
    )
    categories: str = Field(
        default="",
        description="Categories to take new papers from, with commas: `cs.CL,cs.LG`; none by "
        "itself. A large one brings 300 papers a day.",
    )

    @field_validator("categories")
    @classmethod
    def _known_form(cls, value: str) -> str:
        for name in _split(value):
            if not re.fullmatch(r"[a-z-]+(\.([a-z-]+|[A-Z]{2}|\*))?", name):
                raise ValueError(f"“{name}” is no arXiv category; write them as cs.CL,math.CO")
        return value

    @property
    def names(self) -> list[str]:
        return _split(self.categories)


class SearchSettings(BaseModel):
    """The search; its words need no setting."""

    embeddings: str = Field(
        default="",
        description="Turns search by meaning on: `catalogue` learns from the papers alone; a "
        "model2vec folder, or its name on Hugging Face such as `minishlab/potion-retrieval-32M`, "
        "knows other words, too. Needs `paperbot[semantic]`.",
    )


class SlackSettings(BaseModel):
    """Slack; it is set up where there is a bot token."""

    bot_token: SecretStr | None = Field(
        default=None, description="Bot token of the Slack app, `xoxb-…`; sets Slack up."
    )
    app_token: SecretStr | None = Field(
        default=None,
        description="App-level token, `xapp-…`, for Socket Mode: no public address is needed.",
    )
    signing_secret: SecretStr | None = Field(
        default=None,
        description="Signing secret, in place of the app token: Slack calls `/slack/events` here.",
    )
    api_url: str = Field(
        default="https://slack.com/api/",
        pattern=r"^https?://.*/$",
        description="Address of Slack's API; another one for GovSlack or a proxy.",
    )
    admins_only: bool = Field(
        default=False, description="Whether only workspace admins may change subscriptions."
    )


class DiscordSettings(BaseModel):
    """Discord; it is set up where there is a token."""

    token: SecretStr | None = Field(
        default=None, description="Token of the Discord bot; sets Discord up."
    )
    api_url: str = Field(
        default="https://discord.com/api/v10",
        pattern=r"^https?://.*[^/]$",
        description="Address of Discord's API; another one for a proxy.",
    )
    guild_ids: str = Field(
        default="",
        pattern=r"^[0-9, ]*$",
        description="Servers to offer the commands in, by id with commas; all by itself.",
    )

    @property
    def guilds(self) -> list[int]:
        return [int(part) for part in _split(self.guild_ids)]


class BackupSettings(BaseModel):
    """Backups of a SQLite database, one a night while paperbot runs."""

    keep: int = Field(
        default=7, ge=0, le=1000, description="Nightly backups to keep; 0 makes none."
    )
    folder: Path | None = Field(
        default=None, description="Folder of the nightly backups; `backups` in the data folder."
    )


class Settings(BaseSettings):
    """All settings, with their defaults.  ``load`` reads them and explains what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    data_dir: Path = Field(default=Path("data"), description="Folder for everything that is kept.")
    database_url: str = Field(
        default="",
        description="Database; by itself SQLite in the data folder (SQLAlchemy's URL form).",
    )
    timezone: str = Field(
        default_factory=lambda: (get_localzone_name() or "UTC").replace("Etc/UTC", "UTC"),
        description="Time zone for people whose own is not known; this machine's by itself.",
    )
    http: Http = Http()
    hf: Hub = Field(default_factory=Hub)
    arxiv: ArxivSettings = ArxivSettings()
    search: SearchSettings = SearchSettings()
    slack: SlackSettings = SlackSettings()
    discord: DiscordSettings = DiscordSettings()
    backup: BackupSettings = BackupSettings()
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text on a terminal, json elsewhere, unless one is chosen."
    )

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone; write it as Europe/Berlin") from None

    @model_validator(mode="after")
    def _slack_has_a_door(self) -> Settings:
        if self.slack.bot_token and not (self.slack.app_token or self.slack.signing_secret):
            raise ValueError(
                "PAPERBOT_SLACK__BOT_TOKEN needs PAPERBOT_SLACK__APP_TOKEN (Socket Mode) or "
                "PAPERBOT_SLACK__SIGNING_SECRET (HTTP) beside it"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def url(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'paperbot.db'}"


def _split(value: str) -> list[str]:
    return value.replace(",", " ").split()


def load() -> Settings:
    """Read the settings.  Raises SettingsError with one sentence for each fault."""
    faults = list(_unknown({**read_env(Path(".env")), **os.environ}))
    if faults:
        raise SettingsError("\n".join(faults))
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_told, error.errors(include_input=False)))) from None


def read_env(path: Path) -> dict[str, str | None]:
    """The lines ``NAME=value`` of a file; none where there is no file.  Raises SettingsError."""
    try:
        return dotenv_values(path)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is no text in UTF-8; write lines such as NAME=value") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None


def names() -> Iterator[tuple[str, str, str]]:
    """Every setting's environment variable, default and description."""
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            for inner, inner_field in group.model_fields.items():
                default = inner_field.default if inner_field.default_factory is None else ""
                yield _name((name, inner)), str(default or ""), inner_field.description or ""
        else:
            default = field.default if field.default_factory is None else ""
            yield _name((name,)), str(default or ""), field.description or ""


def _told(fault: ErrorDetails) -> str:
    text = fault["msg"].removeprefix("Value error, ") + "."
    if not fault["loc"]:
        return text
    name = _name(fault["loc"])
    if fault["type"] == "value_error":  # our own sentence
        return f"{name}: {text}"
    default, description = next((rest for one, *rest in names() if one == name), ("", ""))
    if fault["type"] == "string_pattern_mismatch":  # whose text is a regular expression
        text = f"write it as {default} is." if default else "that is not how it is written."
    return f"{name}: {text} {description}".rstrip()


def _name(location: tuple[int | str, ...]) -> str:
    return PREFIX + "__".join(str(part).upper() for part in location)


def _unknown(values: Mapping[str, str | None]) -> Iterator[str]:
    known = [name for name, _, _ in names()]
    for name in sorted(values):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = nearest(name.upper(), known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}."
            yield f"{name} is no setting of paperbot; {hint}"
