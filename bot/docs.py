"""Writes the generated pages of ``docs/``: ``python -m bot.docs`` (``make docs``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.settings import names
from commands import COMMANDS
from commands.help import describe
from commands.model import Command

_NOTE = "<!-- Written by `make docs`; edit the code it describes instead. -->"


def pages() -> dict[str, str]:
    """The generated pages: file name and text."""
    return {"commands.md": _commands(), "settings.md": _settings()}


def _commands() -> str:
    lines = [
        "# Commands",
        "",
        _NOTE,
        "",
        "The same words everywhere: after `/papers` in Slack, in Discord, in the playground, in",
        '`paperbot chat` and as `paperbot say "…"`. Options may stand anywhere in a line; the rest',
        "of it needs no quotes.",
    ]
    for command in COMMANDS:
        lines += ["", *_command(command)]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    yield f"## {command.name}"
    yield ""
    yield command.help + (" Can be subscribed to." if command.posts else "")
    if command.args:
        yield ""
        yield "| argument | what it is |"
        yield "|---|---|"
        for arg in command.args:
            yield f"| `{arg.name}` | {describe(arg)} |"
    if command.examples:
        yield ""
        yield "```"
        yield from command.examples
        yield "```"


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _NOTE,
        "",
        "From the environment or a file `.env` in the folder that paperbot runs in.",
        "",
        "| setting | by itself | what it is |",
        "|---|---|---|",
    ]
    for name, default, description in names():
        lines.append(f"| `{name}` | {f'`{default}`' if default else ''} | {description} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = Path(__file__).parents[1] / "docs"
    for name, text in pages().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
