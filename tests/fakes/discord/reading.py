"""Reading messages and forms as people do: their words, their buttons, their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.discord.components import BUTTON, LABEL, ROW, STRING_SELECT, TEXT_INPUT, walk
from tests.fakes.discord.model import Json, Message

_NAMES = ("custom_id", "label", "placeholder", "url")


def words(message: Message) -> str:
    """All text in it in reading order: content, embeds, components."""
    return "\n".join([message.content, *_embedded(message), *_labels(message)]).strip()


def _embedded(message: Message) -> Iterator[str]:
    for embed in message.embeds:
        yield from filter(None, [(embed.get("author") or {}).get("name"), embed.get("title")])
        yield from filter(None, [embed.get("description")])
        for field in embed.get("fields") or []:
            yield from (field["name"], field["value"])
        yield from filter(None, [(embed.get("footer") or {}).get("text")])


def _labels(message: Message) -> Iterator[str]:
    for _, component in walk(message.components):
        yield from filter(None, [component.get("content"), component.get("label")])
        yield from (option["label"] for option in component.get("options") or [])


def find(message: Message, wanted: str) -> Json:
    """The first component with this custom_id, label or placeholder.  Raises LookupError."""
    usable = [one for _, one in walk(message.components) if "type" in one and one["type"] != ROW]
    for component in usable:
        if wanted in [component.get(name) for name in _NAMES]:
            return component
    offered = [one.get("label") or one.get("placeholder") or one.get("custom_id") for one in usable]
    raise LookupError(f"nothing here is called {wanted!r}, only {offered}")


def buttons(message: Message) -> list[str]:
    """The labels of its buttons, in order."""
    found = [one for _, one in walk(message.components) if one.get("type") == BUTTON]
    return [str(one.get("label", "")) for one in found]


def chosen(component: Json, values: tuple[str, ...]) -> list[str]:
    """The values of these options, named by value or label.  Raises LookupError."""
    options = {one["value"]: one["value"] for one in component.get("options", [])}
    options |= {one["label"]: one["value"] for one in component.get("options", [])}
    if component["type"] == STRING_SELECT and not set(values) <= set(options):
        raise LookupError(f"no options {values}, only {list(options)}")
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if not least <= len(values) <= most:
        raise LookupError(f"{least} to {most} have to be chosen, not {len(values)}")
    return [options.get(value, value) for value in values]


def submitted(modal: Json, values: Mapping[str, Any]) -> list[Json]:
    """The components of a form as a person leaves them; fields by custom_id or label.

    Raises LookupError for a field that is not there, that has to be filled in or is too long.
    """
    rest = dict(values)
    done = [_filled(component, rest) for component in modal["components"]]
    if rest:
        raise LookupError(f"the form has no field {', '.join(rest)}")
    return done


def _filled(component: Json, values: dict[str, Any]) -> Json:
    if component["type"] == ROW:
        return {"type": ROW, "components": [_filled(component["components"][0], values)]}
    if component["type"] == LABEL:
        inner = dict(component["component"], label=component["label"])
        return {"type": LABEL, "component": _filled(inner, values)}
    if "custom_id" not in component:
        return {"type": component["type"]}
    value: Any = component.get("value", "") if component["type"] == TEXT_INPUT else ()
    for name in (component["custom_id"], component.get("label", "")):
        value = values.pop(name, value)
    said: Json = {"type": component["type"], "custom_id": component["custom_id"]}
    if component["type"] != TEXT_INPUT:
        return said | {"values": chosen(component, tuple(value))}
    least, most = component.get("min_length", 0), component.get("max_length", 4000)
    if component.get("required", True):
        least = max(1, least)
    if not least <= len(value) <= most:
        raise LookupError(f"{component.get('label')!r} takes {least} to {most} characters")
    return said | {"value": value}
