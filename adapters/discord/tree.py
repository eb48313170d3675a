"""Discord's commands from the declared ones: options, choices and completions."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal, Optional, TypeAlias, cast

import discord
from discord import app_commands

from adapters.discord.markup import OPTION_LIMIT, OPTIONS_LIMIT
from adapters.text import one_line
from commands.model import Arg, Command
from commands.words import zone_names

_log = logging.getLogger(__name__)

Interaction: TypeAlias = discord.Interaction[Any]
Answer: TypeAlias = Callable[[Interaction, str, Mapping[str, Any]], Awaitable[None]]
Found: TypeAlias = Callable[[Interaction, discord.Message], Coroutine[Any, Any, None]]
Suggest: TypeAlias = Callable[[str], Awaitable[list[tuple[str, str]]]]
"""Labels and values for what was typed so far."""

FIND_PAPERS = "Find the papers in this message"
GROUPS = {"read": "papers", "setup": "papers-setup", "team": "papers-team"}
_HELP = {
    "read": "Today's papers, search, subscriptions",
    "setup": "What is posted to this channel, and when",
    "team": "What this team keeps",
}
_HELP_LIMIT = 100
_SUGGEST_SECONDS = 2.0
"""Discord waits three."""


def plant(
    tree: app_commands.CommandTree[Any],
    commands: Sequence[Command],
    answer: Answer,
    found: Found,
    suggest: Suggest | None,
) -> None:
    """Add a group for each kind of command, and the entry in the menu of messages.

    ``answer`` gets the interaction, the command's name and its values.
    """
    completions = {
        "paper": suggest,
        "command": _among([command.name for command in commands]),
        "zone": _among(zone_names()),
        "line": _among(_lines(commands)),
    }
    everywhere: dict[str, Any] = {
        "allowed_installs": app_commands.AppInstallationType(guild=True, user=True),
        "allowed_contexts": app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
    }
    for kind, name in GROUPS.items():
        members = [command for command in commands if command.group == kind]
        if not members:
            continue
        setup = discord.Permissions(manage_guild=True) if kind == "setup" else None
        group = app_commands.Group(
            name=name, description=_HELP[kind], default_permissions=setup, **everywhere
        )
        for command in members:
            group.add_command(_command(command, answer, completions))
        tree.add_command(group)
    tree.add_command(app_commands.ContextMenu(name=FIND_PAPERS, callback=found, **everywhere))


def _command(
    command: Command, answer: Answer, completions: Mapping[str, Suggest | None]
) -> app_commands.Command[Any, Any, Any]:
    async def run(interaction: Interaction, **values: Any) -> None:
        await answer(interaction, command.name, values)

    own = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [own.replace(annotation=discord.Interaction), *map(_parameter, command.args)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    named = {arg.name: arg.name.replace("_", "-") for arg in command.args}
    app_commands.rename(**{name: shown for name, shown in named.items() if name != shown})(run)
    app_commands.describe(**{arg.name: one_line(arg.help, _HELP_LIMIT) for arg in command.args})(
        run
    )
    made: app_commands.Command[Any, Any, Any] = app_commands.Command(
        name=command.name,
        description=one_line(command.help, _HELP_LIMIT),
        callback=cast("Any", run),  # its own signature says what it takes
    )
    for arg in command.args:
        if complete := completions.get(arg.complete or ""):
            made.autocomplete(arg.name)(_completing(complete))
    return made


def _parameter(arg: Arg) -> inspect.Parameter:
    kind: Any = str
    if arg.kind == "number":
        bounded = arg.least is not None or arg.most is not None
        kind = app_commands.Range[int, arg.least, arg.most] if bounded else int
    elif arg.kind == "flag":
        kind = bool
    elif arg.choices:
        kind = Literal[arg.choices]
    # What is left out is left to the command, whose defaults are not all Discord's types.
    how: dict[str, Any] = {} if arg.required else {"default": None}
    annotation = kind if arg.required else Optional[kind]  # noqa: UP045 - read at run time
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(arg.name, keyword, annotation=annotation, **how)


def _completing(
    suggest: Suggest,
) -> Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    async def complete(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        try:
            async with asyncio.timeout(_SUGGEST_SECONDS):
                found = await suggest(current)
        except Exception as error:
            _log.warning("no completions (%s)", type(error).__name__)
            found = []
        return choices(found)

    return complete


def choices(found: Sequence[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Labels and values as Discord takes them; what cannot be a value is left out."""
    fitting = [
        app_commands.Choice(name=one_line(label, OPTION_LIMIT), value=value)
        for label, value in found
        if one_line(label, OPTION_LIMIT) and value.strip() and len(value) <= OPTION_LIMIT
    ]
    return fitting[:OPTIONS_LIMIT]


def _among(names: Sequence[str]) -> Suggest:
    """Those that begin with what was typed, then those that hold it."""

    async def suggest(typed: str) -> list[tuple[str, str]]:
        wanted = typed.strip().lower().replace(" ", "_") if "/" in typed else typed.strip().lower()
        holding = [name for name in names if wanted in name.lower()]
        holding.sort(key=lambda name: not name.lower().startswith(wanted))
        return [(name, name) for name in holding[:OPTIONS_LIMIT]]

    return suggest


def _lines(commands: Sequence[Command]) -> list[str]:
    """Lines that can be posted: the names, then the examples."""
    posts = [command for command in commands if command.posts]
    names = [command.name for command in posts]
    examples = [example for command in posts for example in command.examples]
    return list(dict.fromkeys([*names, *examples]))
