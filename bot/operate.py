"""What an operator types: the database, its backups, and the ledger of what was posted."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from bot import backup
from bot.app import open_store, utc_now
from bot.exporting import STDOUT, export
from bot.terminal import configured, err
from commands.cards import plural

commands = typer.Typer()
database = typer.Typer(help="The database.", no_args_is_help=True)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the tables to this version; happens by itself at each start."""
    open_store(configured()).close()
    err.print("The database is up to date.")


@database.command("restored")
def restored() -> None:
    """Say that the database was set back to an older state, by other means than `restore`.

    Stop all paperbots first.  What was posted since then is read back from the channels, before
    anything is posted there.
    """
    store = open_store(configured())
    store.recovery.mark(secrets.randbits(62))
    store.close()
    err.print("Every channel will be read back before anything is posted there.")


@commands.command("export")
def export_(
    file: Annotated[Path, typer.Argument(help="Where to; .gz packs it, - is the output.")] = STDOUT,
) -> None:
    """Write the catalogue, one paper a line, for `import` to read.

    Papers and the lists they stood on are written, not how their votes grew.
    """
    store = open_store(configured())
    count = export(store.papers, file, err)
    store.close()
    err.print(f"{plural(count, 'paper')} written.")


@commands.command("backup")
def backup_(
    file: Annotated[Path, typer.Argument(help="Where to write it; replaced if it is there.")],
) -> None:
    """Copy the database while paperbot runs, checked, readable by you alone."""
    settings = configured()
    if backup.is_sqlite(settings):
        with err.status("Copying and checking"):
            backup.back_up(settings, file)
        err.print(f"{file}, {file.stat().st_size / 1e6:,.1f} MB. To use it: paperbot restore.")
        return
    with err.status("Trying pg_dump"):
        backup.check_dump(settings)
    err.print("pg_dump can read this database. Its password goes into PGPASSWORD or ~/.pgpass:")
    print(backup.dump_line(settings, file))  # noqa: T201


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", exists=True, dir_okay=False)],
) -> None:
    """Set the database back to a backup; the replaced one is kept beside it.

    No paperbot may run on it meanwhile.  What was posted since the backup is read back from the
    channels at the next start, so that nothing is posted twice.
    """
    settings = configured()
    if not backup.is_sqlite(settings):
        err.print("Stop all paperbots on this database, then run these two lines:")
        print(backup.load_line(settings, file))  # noqa: T201
        print("paperbot db restored")  # noqa: T201
        return
    with err.status("Checking and copying"):
        aside = backup.restore(settings, file, utc_now())
    kept = f" The replaced one is {aside}." if aside.exists() else ""
    err.print(f"The database is that of {file}.{kept}", soft_wrap=True)
