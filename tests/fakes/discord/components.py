"""Message components and modals with their limits, as data: facts/limits.md, "Discord messages".

The names of broken rules beyond the common ones are from memory.
"""

from __future__ import annotations

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
    missing,
    number,
    one_of,
    repeats,
    shape,
    string,
    url,
    without,
)

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
ENTITY_SELECTS = (5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
LINK_STYLE = 5

ROWS = 5
ROW_BUTTONS = 5
V2_COMPONENTS = 40
V2_TEXT = 4000

CUSTOM_ID = string(100, 1)
_EMOJI = shape(id=string(), name=string(), animated=flag)
_NO_LINK = without(["url"], "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A link or an id.")
_NO_ID = without(
    ["custom_id"], "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A link or an id."
)


def _labelled(value: Any, path: Path) -> Iterator[Violation]:
    if not value.get("label") and not value.get("emoji"):
        yield missing((*path, "label"))


_PRESSED = also(
    shape("custom_id", custom_id=CUSTOM_ID, label=string(80), emoji=_EMOJI, disabled=flag),
    _labelled,
    _NO_LINK,
)
_LINK = also(
    shape("url", url=url("http", "https", "discord", most=512), label=string(80), emoji=_EMOJI),
    _labelled,
    _NO_ID,
)
_BUTTON = kinds({**dict.fromkeys((1, 2, 3, 4), _PRESSED), LINK_STYLE: _LINK}, field="style")

_OPTION = shape(
    "label",
    "value",
    label=string(100, 1),
    value=string(100, 1),
    description=string(100),
    emoji=_EMOJI,
    default=flag,
)


def _choosable(value: Any, path: Path) -> Iterator[Violation]:
    options = value.get("options", [])
    yield from repeats(
        (option["value"] for option in options),
        (*path, "options"),
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        "The specified option value is already used",
    )
    least, most = value.get("min_values"), value.get("max_values")
    if (least is not None and least > (most or 1)) or (options and (most or 1) > len(options)):
        sentence = "min_values, max_values and the number of options do not go together"
        yield Violation((*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_INVALID", sentence)


def _select(*required: str, **fields: Check) -> Check:
    inner = shape(
        "custom_id",
        *required,
        custom_id=CUSTOM_ID,
        placeholder=string(150),
        min_values=number(0, 25),
        max_values=number(1, 25),
        disabled=flag,
        **fields,
    )
    return also(inner, _choosable)


_SELECTS = {
    STRING_SELECT: _select("options", options=array(_OPTION, 25, 1)),
    **dict.fromkeys(ENTITY_SELECTS, _select()),
}


def _fits(value: Any, path: Path) -> Iterator[Violation]:
    """A row holds buttons, or a single select or text input."""
    wide = [part for part in value["components"] if part["type"] != BUTTON]
    if wide and len(value["components"]) > 1:
        sentence = "The specified component exceeds the maximum width"
        yield Violation((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence)


_IN_ROW = kinds({BUTTON: _BUTTON, **_SELECTS})
_ROW = also(shape("components", components=array(_IN_ROW, ROW_BUTTONS, 1)), _fits)

_TEXT = shape("content", content=string(V2_TEXT, 1))
_MEDIA = shape("url", url=url("http", "https", "attachment"))
_THUMBNAIL = shape("media", media=_MEDIA, description=string(1024))
_SECTION = shape(
    "components",
    "accessory",
    components=array(kinds({TEXT: _TEXT}), 3, 1),
    accessory=kinds({BUTTON: _BUTTON, THUMBNAIL: _THUMBNAIL}),
)
_V2_PARTS: dict[int, Check] = {
    ROW: _ROW,
    SECTION: _SECTION,
    TEXT: _TEXT,
    GALLERY: shape("items", items=array(_THUMBNAIL, 10, 1)),
    FILE: shape("file", file=shape("url", url=url("attachment"))),
    SEPARATOR: shape(divider=flag, spacing=one_of(1, 2)),
}
_CONTAINER = shape(
    "components", components=array(kinds(_V2_PARTS), None, 1), accent_color=number(0, 0xFFFFFF)
)


def walk(components: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every component, those inside others too, with where it stands."""
    for index, component in enumerate(components if isinstance(components, list) else []):
        if isinstance(component, dict):
            here = (*path, str(index))
            yield here, component
            yield from walk(component.get("components"), (*here, "components"))
            for name in ("accessory", "component"):
                for _, inner in walk([component.get(name)]):
                    yield (*here, name), inner


def _unique(value: Any, path: Path) -> Iterator[Violation]:
    known = set()
    for here, component in walk(value, path):
        custom_id = component.get("custom_id")
        if custom_id in known:
            sentence = "Component custom id cannot be duplicated"
            yield Violation((*here, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence)
        if custom_id is not None:
            known.add(custom_id)


def _v2_totals(value: Any, path: Path) -> Iterator[Violation]:
    found = [component for _, component in walk(value)]
    if len(found) > V2_COMPONENTS:
        sentence = f"The maximum number of components is {V2_COMPONENTS}"
        yield Violation(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", sentence)
    text = sum(len(one.get("content", "")) for one in found if one.get("type") == TEXT)
    if text > V2_TEXT:
        sentence = f"The total text of all components cannot exceed {V2_TEXT}"
        yield Violation(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", sentence)


IN_MESSAGE = also(array(kinds({ROW: _ROW}), ROWS), _unique)
IN_V2_MESSAGE = also(array(kinds({**_V2_PARTS, CONTAINER: _CONTAINER})), _unique, _v2_totals)

_TYPED = shape(
    "custom_id",
    "style",
    custom_id=CUSTOM_ID,
    style=one_of(1, 2),
    label=string(45),
    value=string(4000),
    placeholder=string(100),
    min_length=number(0, 4000),
    max_length=number(1, 4000),
    required=flag,
)
_TYPED_ROW = shape("components", components=array(kinds({TEXT_INPUT: _TYPED}), 1, 1))
_LABELLED = {
    TEXT_INPUT: _TYPED,
    **_SELECTS,
    # File uploads, radio buttons and checkboxes: no limits of theirs are in the facts.
    **dict.fromkeys((19, 21, 22, 23), anything),
}
_LABEL = shape(
    "label", "component", label=string(45, 1), description=string(100), component=kinds(_LABELLED)
)
MODAL = shape(
    "custom_id",
    "title",
    "components",
    custom_id=CUSTOM_ID,
    title=string(45, 1),
    components=also(array(kinds({ROW: _TYPED_ROW, TEXT: _TEXT, LABEL: _LABEL}), 5, 1), _unique),
)
