"""What a person's client makes of a command that they type, by what the bot has registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.discord.command_rules import GROUP, INTEGER, NUMBER, STRING, SUBCOMMAND
from tests.fakes.discord.model import Channel, Guild, Json, User

BOOLEAN, USER, CHANNEL = 5, 6, 7
LONGEST = 6000
"""Characters that a person may type into an option (reliability.md, section 5)."""


def leaf(command: Json, path: str) -> tuple[list[Json], list[str]]:
    """The option list of the subcommand at ``path`` ("" for none), and the names on the way.

    Raises LookupError where there is no such subcommand.
    """
    options, names = command["options"], path.split()
    for name in names:
        inner = [one for one in options if one["type"] in (SUBCOMMAND, GROUP)]
        found = [one for one in inner if one["name"] == name]
        if not found:
            raise LookupError(f"/{command['name']} has no {path!r}")
        options = found[0].get("options") or []
    if any(one["type"] in (SUBCOMMAND, GROUP) for one in options):
        raise LookupError(f"/{command['name']} {path} needs a subcommand")
    return options, names


def typed(
    command: Json, path: str, values: Mapping[str, Any], focus: tuple[str, str] | None = None
) -> list[Json]:
    """The options of the interaction.  ``focus``: the option being typed and its text so far.

    Raises LookupError for what no client would send.
    """
    options, names = leaf(command, path)
    known = {option["name"]: option for option in options}
    for name in [*values, *(focus[:1] if focus else ())]:
        if name not in known:
            raise LookupError(f"/{command['name']} {path} has no option {name!r}")
    for option in options:
        if option.get("required") and option["name"] not in values and not focus:
            raise LookupError(f"the option {option['name']!r} has to be filled in")
    filled = [
        {"name": name, "type": known[name]["type"], "value": _value(known[name], value)}
        for name, value in values.items()
    ]
    if focus:
        name, text = focus
        if not known[name].get("autocomplete"):
            raise LookupError(f"the option {name!r} does not autocomplete")
        filled.append({"name": name, "type": known[name]["type"], "value": text, "focused": True})
    for depth, name in enumerate(reversed(names)):
        kind = SUBCOMMAND if depth == 0 else GROUP
        filled = [{"name": name, "type": kind, "options": filled}]
    return filled


def _value(option: Json, value: Any) -> Any:
    kind, name = option["type"], option["name"]
    if kind == USER and isinstance(value, User):
        return value.id
    if kind == CHANNEL and isinstance(value, Channel):
        return value.id
    wanted = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: int | float}.get(kind)
    if wanted is None or not isinstance(value, wanted) or (kind == INTEGER and value is True):
        raise LookupError(f"the option {name!r} does not take {value!r}")
    for choice in option.get("choices") or []:
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    if option.get("choices"):
        offered = [choice["value"] for choice in option["choices"]]
        raise LookupError(f"the option {name!r} offers {offered}, not {value!r}")
    size: float = len(value) if isinstance(value, str) else value
    least = option.get("min_length", 0) if kind == STRING else option.get("min_value", size)
    most = option.get("max_length", LONGEST) if kind == STRING else option.get("max_value", size)
    if not least <= size <= most:
        raise LookupError(f"the option {name!r} takes {least} to {most}, not {size}")
    return value


def resolved(values: Mapping[str, Any], guild: Guild | None, now: float) -> Json:
    """The records behind the users and channels among ``values``."""
    users = [value for value in values.values() if isinstance(value, User)]
    channels = [value for value in values.values() if isinstance(value, Channel)]
    found: Json = {}
    if users:
        found["users"] = {user.id: user.to_json() for user in users}
    if users and guild:
        here = [user for user in users if user.id in guild.members]
        found["members"] = {user.id: guild.member(user) for user in here}
    if channels:
        found["channels"] = {one.id: one.to_json(now) | {"permissions": "0"} for one in channels}
    return found
