"""Application commands with their limits, as data: facts/limits.md, "Discord commands".

The names of broken rules beyond the common ones are from memory.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from tests.fakes.discord.schema import (
    Check,
    Path,
    Violation,
    also,
    anything,
    array,
    flag,
    kinds,
    number,
    one_of,
    repeats,
    shape,
    string,
)

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
VALUE_TYPES = range(3, 12)

MOST = {SLASH: 100, USER_MENU: 15, MESSAGE_MENU: 15}
TOTAL = 8000
TOO_MANY_COMMANDS = 30032


def _letter(character: str) -> bool:
    """Whether ``[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]`` matches, in lower case."""
    known = (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or "\u0900" <= character <= "\u097f"
        or "\u0e00" <= character <= "\u0e7f"
    )
    return known and character == character.lower()


def name(value: Any, path: Path) -> Iterator[Violation]:
    """The name of a slash command or an option."""
    found = list(string(32, 1)(value, path))
    yield from found
    if not found and not all(map(_letter, value)):
        yield Violation(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


_BOUND = number(-(2**53), 2**53)


def _choice(value: Check) -> Check:
    return shape("name", "value", name=string(100, 1), value=value)


def _option(**fields: Check) -> Check:
    return shape(
        "name", "description", name=name, description=string(100, 1), required=flag, **fields
    )


def _choices_alone(value: Any, path: Path) -> Iterator[Violation]:
    if value.get("autocomplete") and value.get("choices"):
        sentence = "Choices and autocomplete exclude each other."
        yield Violation(path, "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES", sentence)
    yield from repeats(
        (choice["name"] for choice in value.get("choices") or []),
        (*path, "choices"),
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE",
        "Choice names must be unique.",
    )


def _chosen(value: Check, **fields: Check) -> Check:
    choices = array(_choice(value), 25)
    return also(_option(choices=choices, autocomplete=flag, **fields), _choices_alone)


_VALUES: dict[int, Check] = {
    **dict.fromkeys(VALUE_TYPES, _option()),
    STRING: _chosen(string(100, 1), min_length=number(0, 6000), max_length=number(1, 6000)),
    INTEGER: _chosen(_BOUND, min_value=_BOUND, max_value=_BOUND),
    NUMBER: _chosen(anything, min_value=anything, max_value=anything),
    7: _option(channel_types=array(number(0, 16))),
}


def _in_order(value: Any, path: Path) -> Iterator[Violation]:
    """Names once, what is required first, and subcommands not beside values."""
    options = value.get("options") or []
    where = (*path, "options")
    yield from repeats(
        (option["name"] for option in options),
        where,
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
        "Option name already exists",
    )
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        sentence = "Required options must be placed before non-required options"
        yield Violation(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence)
    if len({option["type"] in VALUE_TYPES for option in options}) > 1:
        sentence = (
            "Sub-command and sub-command group option types are mutually exclusive "
            "to all other types"
        )
        yield Violation(where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence)


_SUBCOMMAND = also(_option(options=array(kinds(_VALUES), 25)), _in_order)
_GROUP = also(_option(options=array(kinds({SUBCOMMAND: _SUBCOMMAND}), 25)), _in_order)
_INSIDE = {SUBCOMMAND: _SUBCOMMAND, GROUP: _GROUP, **_VALUES}


def size(command: Any) -> int:
    """Code points of name, description and value of a command, its options and their choices."""
    own = sum(len(str(command.get(part) or "")) for part in ("name", "description", "value"))
    inner = [*(command.get("options") or []), *(command.get("choices") or [])]
    return own + sum(map(size, inner))


def _small(value: Any, path: Path) -> Iterator[Violation]:
    if size(value) > TOTAL:
        sentence = f"Command exceeds maximum size ({TOTAL})"
        yield Violation(path, "APPLICATION_COMMAND_TOO_LARGE", sentence)


_PLACES: dict[str, Check] = {
    "contexts": array(one_of(0, 1, 2)),
    "integration_types": array(one_of(0, 1)),
    "nsfw": flag,
    # Written as a string, but discord.py sends a number, which is taken too.
    "default_member_permissions": anything,
}
_MENU = shape("name", name=string(32, 1), **_PLACES)
_SLASH = also(
    shape(
        "name",
        "description",
        name=name,
        description=string(100, 1),
        options=array(kinds(_INSIDE), 25),
        **_PLACES,
    ),
    _in_order,
    _small,
)


def _menu_bare(value: Any, path: Path) -> Iterator[Violation]:
    for part in ("description", "options"):
        if value.get(part):
            sentence = f"Context menu commands cannot have {part}"
            yield Violation((*path, part), "APPLICATION_COMMAND_CONTEXT_MENU_INVALID", sentence)


_BARE = also(_MENU, _menu_bare)
COMMAND = kinds({SLASH: _SLASH, USER_MENU: _BARE, MESSAGE_MENU: _BARE}, default=SLASH)


def _together(value: Any, path: Path) -> Iterator[Violation]:
    """All commands of one scope: names once in a type, and not too many of it."""
    pairs = [(command.get("type", SLASH), command["name"]) for command in value]
    yield from repeats(
        pairs,
        path,
        "APPLICATION_COMMANDS_DUPLICATE_NAME",
        "Application command names must be unique",
    )
    for type, most in MOST.items():
        if sum(own == type for own, _ in pairs) > most:
            sentence = f"Maximum number of application commands reached ({most})."
            yield Violation(path, "MAX_COMMANDS", sentence, TOO_MANY_COMMANDS)


COMMANDS = also(array(COMMAND), _together)
