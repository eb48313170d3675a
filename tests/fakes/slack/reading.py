"""Reading blocks as people do: their words, their buttons, their forms."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.fakes.slack.model import Json

_TYPED = {"datetimepicker": "selected_date_time", "datepicker": "selected_date"}
_PICKED = {
    "timepicker": "selected_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
_INLINE = {
    "emoji": ":{name}:",
    "user": "<@{user_id}>",
    "channel": "<#{channel_id}>",
    "broadcast": "@{range}",
    "date": "{format}",
}


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every element that can be used, with the id of its block."""
    for block in blocks:
        inner = [block.get("accessory"), block.get("element")]
        if block["type"] in ("actions", "context_actions"):
            inner += block["elements"]
        for element in inner:
            if element and "action_id" in element:
                yield block["block_id"], element


def find(blocks: list[Json], wanted: str) -> tuple[str, Json]:
    """The first element with this label, value or action_id.  Raises LookupError for none."""
    for block_id, element in elements(blocks):
        if wanted in (element["action_id"], words(element.get("text", "")), element.get("value")):
            return block_id, element
    offered = [words(element.get("text", "")) for _, element in elements(blocks)]
    raise LookupError(f"nothing here is called {wanted!r}, only {offered}")


def words(value: Any) -> str:
    """All text in it in reading order: a message's blocks, one block or a text object."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(words, value)))
    if not isinstance(value, dict):
        return ""
    if value.get("type") == "link":
        return str(value.get("text") or value["url"])
    if value.get("type") in _INLINE:
        return _INLINE[value["type"]].format(**value)
    if value.get("type") in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        return "".join(map(words, value["elements"]))
    parts = ("title", "text", "fields", "elements", "rows", "accessory", "label")
    return "\n".join(filter(None, (words(value[name]) for name in parts if name in value)))


def with_ids(blocks: list[Json], new_id: Callable[[str], str]) -> list[Json]:
    """A copy in which blocks and their elements have the ids that Slack makes up for them."""
    completed = copy.deepcopy(blocks)
    for block in completed:
        block.setdefault("block_id", new_id("b"))
        inner = [block.get("accessory"), block.get("element")]
        if block["type"] in ("actions", "context_actions"):
            inner += block["elements"]
        for element in inner:
            if element and element["type"] != "image":
                element.setdefault("action_id", new_id("a"))
    return completed


def chosen(element: Json, value: Any) -> Json:
    """The state of an element after a person put ``value`` in: text, an option's value, ids.

    Raises LookupError for an option that is not there, as nobody could choose it.
    """
    kind = element["type"]
    if kind in ("static_select", "radio_buttons", "overflow", "external_select"):
        return {"type": kind, "selected_option": _option(element, value)}
    if kind in ("multi_static_select", "checkboxes", "multi_external_select"):
        return {"type": kind, "selected_options": [_option(element, one) for one in value]}
    return {"type": kind, {**_TYPED, **_PICKED}.get(kind, "value"): value}


def initial(element: Json) -> Any:
    """What an element holds before anybody touched it, in the form that ``chosen`` takes."""
    for name in ("initial_option", "initial_options"):
        if name in element:
            held = element[name]
            return held["value"] if isinstance(held, dict) else [one["value"] for one in held]
    return next((element[name] for name in element if name.startswith("initial_")), None)


def _option(element: Json, value: Any) -> Json:
    groups = element.get("option_groups", [])
    options = element.get("options", []) + [one for group in groups for one in group["options"]]
    for option in options:
        if value in (option["value"], words(option["text"])):
            return dict(option)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value}, "value": value}
    raise LookupError(f"no option {value!r}, only {[option['value'] for option in options]}")
