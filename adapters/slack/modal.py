"""The form to subscribe a channel, made from the declared arguments.  Pure.

Every input block bears the name of its argument; ``what`` is split into a menu of the commands
that can be posted and a field for their options.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from adapters.slack.blocks import Block, Element, literal
from adapters.text import shorten
from commands.model import Arg, Command, UserError
from commands.parse import clean, parse
from commands.words import convert

SUBSCRIBE = "subscribe"
"""The command, and the callback of the form."""
CHANNEL = "channel"
OPTIONS = "options"
_CHOICE_LIMIT = 75


def form(commands: Sequence[Command], zone: ZoneInfo | None, channel: str) -> dict[str, Any]:
    """The view, with the person's zone and, where ``channel`` is one, the channel filled in."""
    command = next(one for one in commands if one.name == SUBSCRIBE)
    fields = [_channel(channel)]
    for arg in command.args:
        if arg.complete == "line":
            fields += _line([one for one in commands if one.posts])
        else:
            initial = zone.key if zone and arg.kind == "zone" else arg.default
            fields.append(_field(arg, initial))
    return {
        "type": "modal",
        "callback_id": SUBSCRIBE,
        "title": literal("Subscribe a channel"),
        "submit": literal("Subscribe"),
        "close": literal("Cancel"),
        "blocks": fields,
    }


def read(view: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The channel and what was filled in, by argument."""
    state = view["state"]["values"]
    values = {block: _held(next(iter(fields.values()))) for block, fields in state.items()}
    channel = values.pop(CHANNEL)
    options = values.pop(OPTIONS, "")
    return channel, values | {"what": f"{values.get('what', '')} {options}".strip()}


def mistakes(commands: Sequence[Command], values: dict[str, str], today: date) -> dict[str, str]:
    """What cannot be read, as sentences by field."""
    command = next(one for one in commands if one.name == SUBSCRIBE)
    found = {}
    for arg in command.args:
        text = clean(values.get(arg.name, ""))
        try:
            if arg.complete == "line":
                parse(text, commands, today)
            elif text:
                convert(arg, text, today)
        except (UserError, ValueError) as error:
            found[OPTIONS if arg.complete == "line" else arg.name] = sentence(str(error))
    return found


def sentence(text: str) -> str:
    """A text for the place below a field, which knows no code."""
    return text.replace("`", "").strip() or "That did not work."


def _channel(channel: str) -> Block:
    element = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    if channel and not channel.startswith("D"):
        element["initial_conversation"] = channel
    return _input(CHANNEL, "Channel", "paperbot has to be in it", element)


def _line(posts: Sequence[Command]) -> list[Block]:
    """Which command to post, and its options."""
    options = [_option(one.name, one.help) for one in posts]
    menu = {"type": "static_select", "options": options, "initial_option": options[0]}
    hints = {f"--{arg.name}" for one in posts for arg in one.args if arg.name != "page"}
    more = {"type": "plain_text_input", "placeholder": literal("--limit 5")}
    return [
        _input("what", "What to post", "", menu),
        _input(OPTIONS, "Its options", f"as in a command: {', '.join(sorted(hints))}", more, True),
    ]


def _field(arg: Arg, initial: Any) -> Block:
    if arg.kind == "time":
        element: Element = {"type": "timepicker"}
        if initial is not None:
            element["initial_time"] = f"{initial:%H:%M}"
    elif arg.kind == "choice":
        options = {choice: _option(choice) for choice in arg.choices}
        element = {"type": "static_select", "options": [*options.values()]}
        if initial in options:
            element["initial_option"] = options[initial]
    else:
        element = {"type": "plain_text_input"}
        if initial not in (None, ""):
            element["initial_value"] = str(initial)
    return _input(arg.name, arg.name.capitalize(), arg.help, element, not arg.required)


def _input(
    name: str, label: str, hint: str, element: Element, optional: bool = False
) -> dict[str, Any]:
    block = {
        "type": "input",
        "block_id": name,
        "label": literal(label),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return block | ({"hint": literal(hint)} if hint else {})


def _option(name: str, help: str = "") -> dict[str, Any]:
    option: dict[str, Any] = {"text": literal(name), "value": name}
    return option | ({"description": literal(shorten(help, _CHOICE_LIMIT))} if help else {})


def _held(field: dict[str, Any]) -> str:
    """What one field holds, whatever its kind."""
    option = field.get("selected_option") or {}
    kinds = ("value", "selected_time", "selected_conversation")
    return next((str(field[kind]) for kind in kinds if field.get(kind)), option.get("value", ""))
