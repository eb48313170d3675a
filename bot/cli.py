"""The command line: ``paperbot --help``."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from adapters.base import DeliveryError, Finding, SourceError
from adapters.console import Console, spelt_out, to_json
from adapters.console.chat import HERE
from bot import operate
from bot.app import App, open_store, utc_now
from bot.doctor import examine
from bot.importing import import_files, learn
from bot.settings import SettingsError, load, read_env
from bot.terminal import configured as _settings
from bot.terminal import err as _err
from bot.terminal import out as _out
from bot.terminal import with_app as _with_app
from commands import COMMANDS
from commands.cards import plural
from commands.model import Call, Caller, Reply
from storage.database import StorageError
from storage.papers import Saved


class Platform(StrEnum):
    SLACK = "slack"
    DISCORD = "discord"


class Look(StrEnum):
    TEXT = "text"
    SLACK = "slack"
    DISCORD = "discord"


cli = typer.Typer(
    name="paperbot",
    help="Daily threads of trending papers and fuzzy search, where your team talks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
index = typer.Typer(help="The search index.", no_args_is_help=True)
cli.add_typer(operate.commands)
cli.add_typer(operate.database, name="db")
cli.add_typer(index, name="index")

_ME = Caller("local", "you")


@cli.command()
def run() -> None:
    """Post and answer until Ctrl-C.  Without a platform configured, serve the playground."""
    from bot.run import run as run_app  # noqa: PLC0415 - the server would slow `say` down

    settings = _settings()

    def ready(text: str) -> None:
        leave = "  ·  Ctrl-C ends it" if _err.is_terminal else ""
        _err.print(f"{text}{leave}", soft_wrap=True)

    asyncio.run(run_app(settings, ready))


@cli.command()
def say(
    line: Annotated[str, typer.Argument(help="A command line: search difusion models")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    look: Annotated[
        Look, typer.Option("--as", help="As text, or the messages that a platform would get.")
    ] = Look.TEXT,
    stdin: Annotated[bool, typer.Option("--stdin", help="A line in, an answer out.")] = False,
) -> None:
    """Run one command, or many from standard input, and print the answers.

    Ends with 1 where one was refused.
    """
    lines = sys.stdin if stdin else [line]
    calls = (Call(caller=_ME, target=HERE, text=text.strip()) for text in lines)
    _answer(calls, as_json, look)


@cli.command()
def search(
    query: Annotated[list[str], typer.Argument(help="Words, an author, an id; typos are fine.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many papers.")] = 5,
    arxiv: Annotated[bool, typer.Option("--arxiv", help="Ask arXiv, not the catalogue.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say how each paper has the words.")
    ] = False,
) -> None:
    """Find papers.  Ends with 1 where the question cannot be read."""
    values = {"query": " ".join(query), "limit": limit, "arxiv": arxiv, "explain": explain}
    _answer([Call(caller=_ME, target=HERE, command="search", values=values)], as_json)


@cli.command()
def chat() -> None:
    """Ask in the terminal, with history and completion.  Ctrl-D leaves."""

    async def work(app: App) -> None:
        if sys.stdin.isatty():
            _err.print("Type help for what you can ask; Ctrl-D leaves.", style="dim")
        history = app.settings.data_dir / "history"
        await Console(sys.stdout, sys.stdin, history=history).chat(COMMANDS, app.dispatch)

    _with_app(work)


@cli.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Hub API JSON (files or folders), an arXiv dump, an export."),
    ],
) -> None:
    """Take papers from files; bad entries are told and left out."""
    saved, problems = import_files(_settings(), paths, utc_now(), _err)
    told = f" {plural(problems, 'problem')}, told above." if problems else ""
    _err.print(f"{_counted(saved)}{told}")
    if problems:
        raise typer.Exit(1)


@cli.command()
def ingest(
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="Fetch the lists from this day on to it."
        ),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Fetch all lists since this day.")
    ] = None,
) -> None:
    """Fetch daily lists from Hugging Face now."""

    async def work(app: App) -> None:
        first = (since or on or app.now()).date()
        with _err.status(f"Fetching lists since {first}"):
            saved = await app.ingest.fetch(first, on.date() if on else None)
        _err.print(_counted(saved))

    _with_app(work)


@cli.command()
def deliver(
    at: Annotated[
        str, typer.Option(help="Plan as if it were this instant (ISO 8601); now by itself.")
    ] = "",
) -> None:
    """Post what is due, then exit."""
    instant = _instant(at) if at else None

    async def work(app: App) -> None:
        try:
            await app.start()
            await app.read_back.run()
            sent = await app.deliver()
        finally:
            await app.stop()
        _err.print(f"{plural(sent, 'message')} posted.")
        for chat, count in app.store.deliveries.waiting().items():
            why = "waiting" if chat in app.chats else f"waiting for {chat}, which is not set up"
            _err.print(f"{count:,} {why}.", style="yellow")

    _with_app(work, now=(lambda: instant) if instant else utc_now, chats=True)


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Look at everything that can be wrong, and say what to do.  Ends with 1 on a fault."""
    found: list[Finding] = []

    async def work(app: App) -> None:
        found.extend(await examine(app))

    try:
        with _err.status("Looking"):
            _with_app(work, chats=True)
    except SettingsError as error:
        found = [Finding("settings", str(error), "docs/settings.md explains each.")]
    except StorageError as error:
        after = "Then look again: all else needs the database."
        found = [Finding("settings"), Finding("database", str(error), after)]
    for one in found:
        if as_json:
            print(json.dumps(asdict(one), ensure_ascii=False))  # noqa: T201
        elif one.fault:
            _out.print(f"[red]✗[/] {escape(one.about)}: {escape(one.fault)}", soft_wrap=True)
            _out.print(f"  {escape(one.advice)}", soft_wrap=True)
        else:
            _out.print(f"[green]✓[/] {escape(one.about)}", soft_wrap=True)
    if any(one.fault for one in found):
        raise typer.Exit(1)


@cli.command()
def setup(
    platform: Annotated[Platform, typer.Argument(help="What to connect to.")] = Platform.SLACK,
    answers: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file of NAME=value lines to answer from, for scripts.",
        ),
    ] = None,
) -> None:
    """Connect paperbot to Slack or Discord: a short dialogue that writes .env and says hello."""
    from bot.setup import Dialogue, SetupError, set_up  # noqa: PLC0415 - SDKs would slow `say`

    if answers is None and not sys.stdin.isatty():
        raise typer.BadParameter("there is nobody to ask; give the answers by --answers FILE")

    def ask(name: str, hint: str, default: str) -> str:
        hidden = name.endswith("TOKEN")
        _err.print(f"[bold]{name}[/]  {escape(hint)}", soft_wrap=True)
        # asyncio's own handler waits for its loop, which waits for the answer.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            answer: str = typer.prompt(
                "(it is not shown)" if hidden else "",
                default=default,
                hide_input=hidden,
                show_default=bool(default),
                prompt_suffix=" › ",
                err=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)
        return answer

    given = {name: value or "" for name, value in read_env(answers).items()} if answers else {}
    dialogue = Dialogue(_err.print, None if answers else ask, given)
    try:
        asyncio.run(set_up(dialogue, platform))
    except SetupError as error:
        _err.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


@cli.command()
def manifest(
    platform: Annotated[Platform, typer.Argument(help="Which platform's.")],
) -> None:
    """Print what a platform wants to know: Slack's app manifest, Discord's invite address."""
    if platform is Platform.SLACK:
        from adapters import slack  # noqa: PLC0415 - its SDK would slow `say` down

        print(slack.to_yaml(slack.manifest(COMMANDS)), end="")  # noqa: T201
        return
    from adapters.discord.manifest import application_id, invite_url  # noqa: PLC0415 - as above

    token = load().discord.token
    if token is None:
        raise SettingsError(
            "The address holds the application's id, which is in PAPERBOT_DISCORD__TOKEN: set it, "
            "or run paperbot setup discord."
        )
    print(invite_url(application_id(token.get_secret_value()), COMMANDS))  # noqa: T201


@index.command("rebuild")
def rebuild() -> None:
    """Build the search index anew from the database."""
    store = open_store(_settings())
    with Progress(console=_err, transient=True) as progress:
        task = progress.add_task("Indexing", total=None)
        count = store.search.rebuild(
            lambda done, of: progress.update(task, completed=done, total=of)
        )
        learn(store, progress, _err, anew=True)
    store.close()
    _err.print(f"{count:,} papers are indexed.")


def _answer(calls: Iterable[Call], as_json: bool, look: Look = Look.TEXT) -> None:
    """Print the replies.  Ends with 1 where one is a refusal."""
    refused = False

    async def work(app: App) -> None:
        nonlocal refused
        for call in calls:
            reply = await app.dispatch(call)
            refused |= reply.refused
            await _print(reply, as_json, look)

    _with_app(work)
    if refused:
        raise typer.Exit(1)


async def _print(reply: Reply, as_json: bool, look: Look) -> None:
    if as_json:
        print(json.dumps(to_json(reply), ensure_ascii=False), flush=True)  # noqa: T201
    elif look is Look.TEXT:
        await Console(sys.stdout).send(HERE, spelt_out(reply), None, "")
    else:
        render = import_module(f"adapters.{look}.render").render
        for payload in render(reply, "answer"):
            print(json.dumps(payload, ensure_ascii=False), flush=True)  # noqa: T201


def _counted(saved: Saved) -> str:
    return (
        f"Papers: {saved.added:,} new, {saved.changed:,} changed, "
        f"{saved.unchanged:,} known as they are."
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no instant; write 2026-06-30T09:00+02:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def main() -> None:
    """Faults that a person can mend are told in a sentence, without a traceback."""
    gc.freeze()  # what is imported stays: no collection, nor the last one, need look at it again
    try:
        cli()
    except (SettingsError, StorageError, SourceError, DeliveryError, OSError) as error:
        told = str(error)
        if isinstance(error, OSError) and error.strerror:
            where = f"{error.filename} cannot be used: " if error.filename else ""
            told = f"{where}{error.strerror}"
        _err.print(f"paperbot: {told}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:  # between commands: those end by themselves
        sys.exit(128 + signal.SIGINT)
