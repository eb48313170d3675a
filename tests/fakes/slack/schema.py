"""Small checks that fit together: what a JSON value may look like, said in Slack's words.

A check takes a value and its JSON pointer and yields one sentence for each thing that is wrong.
The sentences follow those that Slack is seen to answer, such as ``must be less than 3001
characters [json-pointer:/blocks/0/text/text]`` (grafana/oncall pull request 5121) and ``invalid
additional property: text [json-pointer:/blocks/1]``; those marked (memory) are not quoted anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from slack_sdk.models.basic_objects import JsonObject

Check: TypeAlias = Callable[[Any, str], Iterator[str]]

_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_WEB_URL = re.compile(r"https?://\S+", re.IGNORECASE)


def problem(sentence: str, path: str) -> str:
    return f"{sentence} [json-pointer:{path}]"


def anything(value: Any, path: str) -> Iterator[str]:
    """Accept every value: for properties whose inside no limit is written down for."""
    yield from ()


def flag(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield problem("must provide a boolean", path)


def number(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield problem("must provide a number", path)


def string(most: int | None = None, least: int = 0, form: re.Pattern[str] | None = None) -> Check:
    """A string of ``least`` to ``most`` code points, matching ``form`` as a whole."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must provide a string", path)
        elif most is not None and len(value) > most:
            yield problem(f"must be less than {most + 1} characters", path)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", path)  # (memory)
        elif form is not None and not form.fullmatch(value):
            yield problem("invalid url", path)  # (memory)

    return check


def address(most: int) -> Check:
    """Any absolute URL, as a button or a link may have it."""
    return string(most, 1, _ANY_URL)


def web_address(most: int) -> Check:
    """A URL that Slack itself fetches."""
    return string(most, 1, _WEB_URL)


def one_of(*values: object) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of {', '.join(map(str, values))}", path)  # (memory)

    return check


def array(inner: Check, least: int = 1, most: int | None = None) -> Check:
    """A list of ``least`` to ``most`` items, each passing ``inner``."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must provide an array", path)
            return
        if most is not None and len(value) > most:
            yield problem(f"no more than {most} items allowed", path)
        if len(value) < least:
            yield problem(f"no fewer than {least} items allowed", path)  # (memory)
        for index, item in enumerate(value):
            yield from inner(item, f"{path}/{index}")

    return check


def shape(*required: str, **fields: Check) -> Check:
    """An object with these fields and no others; those named first must be there."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", path)
            return
        for name in required:
            if name not in value:
                yield problem(f"missing required field: {name}", path)
        for name, inner in value.items():
            if name in fields:
                yield from fields[name](inner, f"{path}/{name}")
            else:
                yield problem(f"invalid additional property: {name}", path)

    return check


def needs_one(names: tuple[str, ...], inner: Check, *, only: bool = False) -> Check:
    """``inner``, with at least one of ``names``; with ``only``, exactly one."""

    def check(value: Any, path: str) -> Iterator[str]:
        yield from inner(value, path)
        found = [name for name in names if isinstance(value, dict) and name in value]
        if not found or (only and len(found) > 1):
            listed = " or ".join(f"`{name}`" for name in names)
            yield problem(f"must define either {listed}", path)

    return check


def kinds(**shapes: Check) -> Check:
    """An object whose ``type`` says which of ``shapes`` the rest of it has."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must provide an object", path)
            return
        inner = shapes.get(str(value.get("type")))
        if inner is None:
            yield problem(f"unsupported type: {value.get('type')}", f"{path}/type")
            return
        yield from inner({name: held for name, held in value.items() if name != "type"}, path)

    return check


def known(model: type[JsonObject], *required: str) -> Check:
    """The properties that slack_sdk's ``model`` has, with anything in them."""
    # `attributes` is a property of instances, and the constructors want the values themselves.
    names = object.__new__(model).attributes - {"type"}
    return shape(*required, **dict.fromkeys(names, anything))


def texts(most: int) -> dict[str, Check]:
    """The two kinds of text object, of 1 to ``most`` code points, for use among other kinds."""
    held = string(most, 1)
    return {
        "plain_text": shape("text", text=held, emoji=flag),
        "mrkdwn": shape("text", text=held, verbatim=flag),
    }


def text(most: int) -> Check:
    """A ``plain_text`` or ``mrkdwn`` object."""
    return kinds(**texts(most))


def plain(most: int) -> Check:
    """A ``plain_text`` object."""
    return kinds(plain_text=texts(most)["plain_text"])
