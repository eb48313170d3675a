"""Reading a typed line the forgiving way that phones make necessary."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from commands.model import Action, Arg, Command, Context, Reply, UserError
from commands.words import convert, resembles
from storage.ids import paper_id
from storage.nearest import nearest

LONGEST = 2_000
"""Characters of a line that are read; what a person types is far shorter."""

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'"})
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u00a0\u200b\u2060\ufeff]+")
_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_LONG_DASH = re.compile(r"(?:^|(?<=\s))[—–―]{1,2}(?=[a-zA-Z])")
_TOKEN = re.compile(r'(?:[^\s"]*"[^"]*")+\S*|\S+')
_SLASH = re.compile(r"/papers(-[a-z]+)?", re.IGNORECASE)
"""What stands before a command in Slack and Discord, and is copied from there."""
_SHOWN = 80
"""Characters that are shown again of what could not be read."""


def run(ctx: Context, text: str) -> Reply:
    """Parse a line and run it in this context.  Raises UserError and Missing."""
    return execute(ctx, *parse(text, ctx.commands, ctx.today))


def execute(ctx: Context, command: Command, values: Mapping[str, Any]) -> Reply:
    """Run a command where the caller may.  Raises UserError and Missing."""
    if command.group != "read" and not ctx.caller.may_setup:
        raise UserError(
            f"`{command.name}` is for administrators here. Ask one of them, or have paperbot's "
            "operator open it to all members."
        )
    return command.run(ctx, **values)


def parse(text: str, commands: Sequence[Command], today: date) -> tuple[Command, dict[str, Any]]:
    """The command that a line names, and its arguments' values.

    ``today`` is the reader's date, which "yesterday" counts from.  Raises UserError that says
    what was understood and what was not.
    """
    tokens = _TOKEN.findall(clean(text))
    if tokens and _SLASH.fullmatch(tokens[0]):
        tokens = tokens[1:]
    if not tokens:
        tokens = ["help"]
    command = find(tokens[0].lstrip("/"), commands, tokens)
    return command, _values(command, tokens[1:], today)


def clean(text: str) -> str:
    """Undo what phones and chats do to typed text; what cannot be stored goes, too."""
    text = text.encode("utf-8", "ignore").decode()  # lone surrogates
    text = html.unescape(text[:LONGEST]).translate(_QUOTES)
    text = _LINK.sub(r"\1", _BLANKS.sub(" ", text))
    return _LONG_DASH.sub("--", text).strip()


def find(name: str, commands: Sequence[Command], tokens: Sequence[str] = ()) -> Command:
    """The command of this name.  Raises UserError with the nearest one, or what else to run."""
    names = {command.name: command for command in commands}
    if command := names.get(name.lower()):
        return command
    rest = " ".join(tokens[1:])
    if near := nearest(name.lower(), names, 0.7):
        meant = f"{near} {rest}".strip()
        raise UserError(
            f"There is no command “{name}”. Did you mean `{_cut(meant)}`?", Action(near, meant)
        )
    words = " ".join(tokens) or name
    if id := paper_id(words):
        raise UserError(
            f"That is a paper. To see it, write `show {id}`.", Action("Show", f"show {id}")
        )
    raise UserError(
        f"There is no command “{_cut(name)}”. To find papers, write `search {_cut(words)}`; "
        "`help` lists what else there is.",
        Action("Search", f"search {words}"),
        Action("Help", "help"),
    )


def bind(command: Command, given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Values from a platform's own form: names known, texts still to be read."""
    values = {}
    for arg in command.args:
        value = given.get(arg.name)
        if isinstance(value, str):
            value = _read(command, arg, clean(value), today)
        if value is not None and value != "":
            values[arg.name] = value
    return _complete(command, values)


def _values(command: Command, tokens: list[str], today: date) -> dict[str, Any]:
    values: dict[str, Any] = {}
    rest, others = _take_options(command, tokens, values, today)
    rest = _take_sentence(command, rest, values, today) + others
    rest = _take_positions(command, rest, values, today)
    target = command.rest
    if rest and target and target.name not in values:
        values[target.name] = _read(command, target, " ".join(rest), today)
    elif rest:
        what = "takes no words" if target is None else f"has `{target.name}` already"
        raise UserError(
            f"`{command.name}` {what}; “{_cut(' '.join(rest))}” is too much. {usage(command)}"
        )
    return _complete(command, values)


def _take_options(
    command: Command, tokens: Sequence[str], values: dict[str, Any], today: date
) -> tuple[list[str], list[str]]:
    """Read ``--name value``, ``--name=value`` and flags; returns the other words.

    Where the rest is itself a line, options that are not this command's own are left to it: they
    are returned apart, so that sentence words may stand before them.
    """
    rest: list[str] = []
    others: list[str] = []
    queue = list(tokens)
    nested = command.rest is not None and command.rest.complete == "line"
    while queue:
        token = queue.pop(0)
        if not (token.startswith("--") and token[2:3].isalpha()):
            rest.append(token)
            continue
        name, equals, value = token[2:].partition("=")
        arg = command.arg(name.lower())
        if arg is None and not nested:
            raise UserError(_unknown_option(command, name))
        if arg and arg.kind == "flag":
            value = value or "yes"
        elif not equals and queue and not queue[0].startswith("--"):
            value = queue.pop(0)
        if arg and not (nested and _foreign(arg, value, today)):
            values[arg.name] = _read(command, arg, value.strip('"'), today)
        else:
            others += [f"--{name}", value] if value else [f"--{name}"]
    return rest, others


def _foreign(arg: Arg, value: str, today: date) -> bool:
    """Whether a nested line's option only shares its name: ``--days 3`` beside ``--days mon``."""
    if not value.isdigit():
        return False
    try:
        convert(arg, value, today)
    except ValueError:
        return True
    return False


def _take_sentence(
    command: Command, tokens: list[str], values: dict[str, Any], today: date
) -> list[str]:
    """Read clauses such as ``at 09:00 in Europe/Berlin on weekdays`` from the end of a line."""
    words = {arg.word: arg for arg in command.args if arg.word}
    end = len(tokens)
    for start in range(len(tokens) - 2, 0, -1):
        arg = words.get(tokens[start].lower())
        if arg is None or arg.name in values:
            continue
        value = " ".join(tokens[start + 1 : end])
        try:
            values[arg.name] = convert(arg, value, today)
        except ValueError as error:
            # “in transformers” is just words, “at 9 in Mars” is not
            if not resembles(arg, value) and not _ends_in_clause(tokens[:start], words, today):
                break
            raise _misread(command, arg, value, error) from None
        end = start
    return tokens[:end]


def _ends_in_clause(tokens: list[str], words: Mapping[str, Arg], today: date) -> bool:
    """Whether the last words are a clause that can be read."""
    for start in range(len(tokens) - 2, 0, -1):
        if arg := words.get(tokens[start].lower()):
            try:
                convert(arg, " ".join(tokens[start + 1 :]), today)
            except ValueError:
                return False
            return True
    return False


def _take_positions(
    command: Command, tokens: list[str], values: dict[str, Any], today: date
) -> list[str]:
    """Give leading words to the arguments before the text one, as far as they fit."""
    for arg in command.args:
        if not tokens or arg is command.rest:
            break
        if arg.name in values:
            continue
        try:
            values[arg.name] = convert(arg, tokens[0], today)
        except ValueError:
            continue
        tokens = tokens[1:]
    return tokens


def _complete(command: Command, values: dict[str, Any]) -> dict[str, Any]:
    for arg in command.args:
        if arg.name not in values:
            if arg.required:
                raise UserError(f"`{command.name}` needs {arg.name}: {arg.help}. {usage(command)}")
            values[arg.name] = arg.default
    return values


def _read(command: Command, arg: Arg, text: str, today: date) -> Any:
    try:
        return convert(arg, text, today)
    except ValueError as error:
        raise _misread(command, arg, text, error) from None


def _misread(command: Command, arg: Arg, text: str, error: ValueError) -> UserError:
    told = f"I read `{command.name}` with {arg.name} “{_cut(text)}”, but {error}"
    return UserError(f"{told}{'' if told.endswith('?') else '.'} {usage(command)}")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _unknown_option(command: Command, name: str) -> str:
    if name.lower() == "help":
        return f"`help {command.name}` explains it. {usage(command)}"
    near = nearest(name.lower(), [arg.name for arg in command.args])
    hint = f"did you mean --{near}?" if near else ""
    known = ", ".join(f"--{arg.name}" for arg in command.args) or "no options"
    told = f"`{command.name}` has no option --{_cut(name)}; {hint or f'it takes {known}'}"
    return f"{told}. {usage(command)}"


def usage(command: Command) -> str:
    """An example to copy, one with arguments where there is one."""
    telling = [example for example in command.examples if " " in example]
    return f"For example: `{[*telling, *command.examples, command.name][0]}`."
