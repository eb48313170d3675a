"""What an operator types: the database, its backups, and the ledger of what was posted."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from bot import backup
from bot.app import open_store, utc_now
from bot.exporting import STDOUT, export
from bot.ledger import as_lines, as_row
from bot.plan import CATCH_UP
from bot.terminal import configured, err, out
from commands.cards import plural
from storage.model import State

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
    left_out = " The bundled sample is left out." if store.papers.has_sample() else ""
    store.close()
    err.print(f"{plural(count, 'paper')} written.{left_out}")


@commands.command("backup")
def backup_(
    file: Annotated[Path, typer.Argument(help="Where to write it; replaced if it is there.")],
) -> None:
    """Copy the database while paperbot runs, checked, readable by you alone."""
    settings = configured()
    if backup.is_sqlite(settings):
        with err.status("Copying and checking"):
            backup.back_up(settings, file)
        size = f"{file.stat().st_size / 1e6:,.1f} MB"
        err.print(f"{file}, {size}. To use it: paperbot restore {file}", soft_wrap=True)
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


# -- the ledger -------------------------------------------------------------------------------


@commands.command()
def deliveries(
    pending: Annotated[bool, typer.Option("--pending", help="Those that still wait.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Surely not posted.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Nobody can tell.")] = False,
    expired: Annotated[bool, typer.Option("--expired", help="It came too late.")] = False,
    channel: Annotated[str, typer.Option(help="Of this channel, by its id, alone.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """What was posted and what was not, the newest first, with the reasons."""
    states: list[State] = ["pending", "sending"] if pending else []
    chosen: dict[State, bool] = {"failed": failed, "unknown": unknown, "expired": expired}
    states += [state for state, wanted in chosen.items() if wanted]
    settings = configured()
    store = open_store(settings)
    entries = store.ledger.entries(states, channel.lstrip("#"), limit=limit)
    store.close()
    if as_json:
        for one in entries:
            print(json.dumps(as_row(one), ensure_ascii=False))  # noqa: T201
    elif entries:
        for line in as_lines(entries, settings.zone):
            out.print(line, soft_wrap=True)
    else:
        err.print("There are no such messages.")


@commands.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers of messages, as `deliveries` lists them.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that failed within the last 12 hours.")
    ] = False,
) -> None:
    """Try messages again: what may stand already is looked up first, never sent blindly.

    They go out while paperbot runs, or with `paperbot deliver`.
    """
    if not ids and not failed:
        raise typer.BadParameter("name messages by number (paperbot deliveries), or say --failed")
    store = open_store(configured())
    now = utc_now()
    wanted = list(ids or [])
    if failed:
        found = store.ledger.entries(["failed"], limit=10_000)
        wanted += sorted(one.id for one in found if now - one.due_at <= CATCH_UP)
    results = store.ledger.retry(wanted, now, CATCH_UP)
    store.close()
    for one in results:
        err.print(f"{one.id}: {one.words}", style="" if one.done else "yellow", soft_wrap=True)
    if not results:
        err.print("Nothing failed within the last 12 hours.")
    if not all(one.done for one in results):
        raise typer.Exit(1)
