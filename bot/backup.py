"""Backups: one when asked, one a night by itself; for PostgreSQL, the line that makes one."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from bot.settings import Settings
from storage import backup
from storage.database import StorageError

_log = structlog.get_logger(__name__)

NIGHT = timedelta(hours=3)
"""The backup of a day is made by the first hourly look after this local time."""
_NAME = re.compile(r"paperbot-(\d{4}-\d{2}-\d{2})\.db")
_SECONDS = 60


def back_up(settings: Settings, copy: Path) -> None:
    """Copy the SQLite database.  Raises StorageError."""
    backup.back_up(database_of(settings), copy, secrets.randbits(62))


def restore(settings: Settings, copy: Path, now: datetime) -> Path:
    """Put a copy in the database's place; where the replaced one is.  Raises StorageError."""
    database = database_of(settings)
    aside = _aside(database, now)
    while aside.exists():
        now += timedelta(seconds=1)
        aside = _aside(database, now)
    backup.restore(copy, database, aside, secrets.randbits(62))
    return aside


def _aside(database: Path, now: datetime) -> Path:
    return database.with_name(f"{database.stem}-replaced-{now:%Y%m%d-%H%M%S}{database.suffix}")


def is_sqlite(settings: Settings) -> bool:
    return settings.url.startswith("sqlite")


def database_of(settings: Settings) -> Path:
    return Path(settings.url.partition(":///")[2])


def make_nightly(settings: Settings, now: datetime) -> Path | None:
    """Today's backup, if it is time and there is none yet; old ones go.  Raises StorageError."""
    keep = settings.backup.keep
    today = (now.astimezone(settings.zone) - NIGHT).date()
    folder = folder_of(settings)
    made = nightly(folder)
    if not keep or not is_sqlite(settings) or today in made:
        return None
    copy = folder / f"paperbot-{today}.db"
    _make_room(folder, database_of(settings).stat().st_size)
    back_up(settings, copy)
    for day in sorted({*made, today})[:-keep]:
        (folder / f"paperbot-{day}.db").unlink(missing_ok=True)
    return copy


def folder_of(settings: Settings) -> Path:
    """Where the nightly ones are."""
    return settings.backup.folder or settings.data_dir / "backups"


def nightly(folder: Path) -> set[date]:
    """The days that a folder has backups of."""
    names = (path.name for path in folder.glob("paperbot-*.db"))
    return {date.fromisoformat(match[1]) for name in names if (match := _NAME.fullmatch(name))}


def _make_room(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < 2 * size:
        raise StorageError(
            f"No backup was made: {folder} has {free >> 20} MB free, the database {size >> 20} MB. "
            "Set PAPERBOT_BACKUP__FOLDER to another disk, or PAPERBOT_BACKUP__KEEP to fewer."
        )


# -- PostgreSQL -------------------------------------------------------------------------------


def dump_line(settings: Settings, copy: Path) -> str:
    """What to type to back a PostgreSQL database up; without its password."""
    return shlex.join(["pg_dump", "--format=custom", f"--file={copy}", _plain_url(settings)])


def load_line(settings: Settings, copy: Path) -> str:
    """What to type to set a PostgreSQL database back."""
    how = ["--clean", "--if-exists", "--no-owner", "--single-transaction"]
    return shlex.join(["pg_restore", *how, f"--dbname={_plain_url(settings)}", str(copy)])


def check_dump(settings: Settings) -> None:
    """Try pg_dump on the tables without their rows.  Raises StorageError where it cannot run."""
    url = urlsplit(settings.url)
    password = {"PGPASSWORD": unquote(url.password)} if url.password else {}
    line = ["pg_dump", "--schema-only", f"--file={os.devnull}", _plain_url(settings)]
    try:
        subprocess.run(  # noqa: S603 - our own arguments, without a shell
            line,
            env={**os.environ, **password},
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise StorageError(
            "pg_dump is not installed here; it comes with PostgreSQL's client programs "
            "(postgresql-client)."
        ) from None
    except subprocess.TimeoutExpired:
        raise StorageError(f"pg_dump did not end within {_SECONDS} seconds.") from None
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip()
        for secret in filter(None, (url.password, *password.values())):
            said = said.replace(secret, "…")
        raise StorageError(f"pg_dump cannot read the database: {said}") from None


def _plain_url(settings: Settings) -> str:
    """The address as PostgreSQL's own programs take it, without its password."""
    url = urlsplit(settings.url)
    user, _, host = url.netloc.rpartition("@")
    name = user.partition(":")[0]
    query = "&".join(
        part for part in url.query.split("&") if not part.lower().startswith("password=")
    )
    return url._replace(
        scheme="postgresql", netloc=f"{name}@{host}" if name else host, query=query
    ).geturl()
