"""Small valid payloads, each changed by keyword: what the tests of limits are made from."""

from __future__ import annotations

from typing import Any

from tests.fakes.discord.components import (
    BUTTON,
    CONTAINER,
    GALLERY,
    LABEL,
    ROW,
    SECTION,
    STRING_SELECT,
    TEXT,
    TEXT_INPUT,
)
from tests.fakes.discord.model import Json
from tests.fakes.discord.rules import COMPONENTS_V2

WEB = "https://example.org/"


def url(length: int) -> str:
    return WEB.ljust(length, "x")


def message(**more: Any) -> Json:
    return {"content": "a", **more}


def embed(**more: Any) -> Json:
    return {"embeds": [{"title": "a", **more}]}


def field(**more: Any) -> Json:
    return {"name": "a", "value": "b", **more}


def button(number: int = 0, **more: Any) -> Json:
    return {"type": BUTTON, "style": 1, "label": "Go", "custom_id": f"go {number}", **more}


def link(**more: Any) -> Json:
    return {"type": BUTTON, "style": 5, "label": "Read", "url": WEB, **more}


def option(number: int = 0, **more: Any) -> Json:
    return {"label": "One", "value": str(number), **more}


def select(count: int = 1, **more: Any) -> Json:
    offered = [option(number) for number in range(count)]
    return {"type": STRING_SELECT, "custom_id": "pick", "options": offered, **more}


def row(*parts: Json) -> Json:
    return {"type": ROW, "components": list(parts)}


def rows(*rows: Json) -> Json:
    return message(components=list(rows))


def text(content: str = "a") -> Json:
    return {"type": TEXT, "content": content}


def v2(*components: Json, **more: Any) -> Json:
    return {"flags": COMPONENTS_V2, "components": list(components), **more}


def section(*texts: Json, **more: Any) -> Json:
    return {"type": SECTION, "components": list(texts), "accessory": button(), **more}


def gallery(items: int, **more: Any) -> Json:
    return {"type": GALLERY, "items": [{"media": {"url": WEB}, **more}] * items}


def container(*inner: Json) -> Json:
    return {"type": CONTAINER, "components": list(inner)}


def typed(number: int = 0, **more: Any) -> Json:
    return {
        "type": TEXT_INPUT,
        "custom_id": f"field {number}",
        "style": 1,
        "label": "Name",
        **more,
    }


def label(component: Json, **more: Any) -> Json:
    return {"type": LABEL, "label": "Name", "component": component, **more}


def modal(*components: Json, **more: Any) -> Json:
    inner = list(components) or [row(typed())]
    return {"custom_id": "form", "title": "Form", "components": inner, **more}


def command(**more: Any) -> Json:
    return {"name": "papers", "description": "Find papers", **more}


def menu(**more: Any) -> Json:
    return {"name": "Save Paper", "type": 3, **more}


def argument(number: int = 0, **more: Any) -> Json:
    return {"type": 3, "name": f"words{number}", "description": "what", **more}


def subcommand(*options: Json, **more: Any) -> Json:
    inner = {"type": 1, "name": "search", "description": "Find", "options": list(options)}
    return {**inner, **more}


def choices(count: int) -> list[Json]:
    return [{"name": f"choice {number}", "value": "a"} for number in range(count)]


def post(**more: Any) -> Json:
    return {"name": "a paper", "message": message(), **more}


def long_command(length: int) -> Json:
    """A command of so many characters in all: most of them in the descriptions of options."""
    made = command(name="x", description="x", options=[])
    rest = length - 2
    for number in range(4):
        inner = [
            argument(index, name=f"o{index}".ljust(32, "x"), description="d" * 100)
            for index in range(15)
        ]
        made["options"].append(
            {"type": 1, "name": f"sub{number}", "description": "d", "options": inner}
        )
        rest -= len(f"sub{number}") + 1 + 132 * 15
    made["description"] += "x" * rest
    return made
