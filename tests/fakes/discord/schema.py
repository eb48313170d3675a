"""Small checks that fit together: what a JSON value may look like, said in Discord's words.

A check takes a value and its path and yields one violation for each thing that is wrong.  Codes
and sentences are those that libraries' issues quote, such as ``embeds[0].title
[BASE_TYPE_MAX_LENGTH]: Must be 256 or fewer in length.``; those marked (memory) are not quoted
anywhere.  ``null`` counts as absent, and fields that no rule names are ignored, as Discord does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

INVALID_FORM = 50035

Path: TypeAlias = tuple[str, ...]


class Violation(NamedTuple):
    """One broken rule: where, Discord's name for it, its sentence and the error's number."""

    path: Path
    code: str
    message: str
    number: int = INVALID_FORM

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}[{self.code}]: {self.message}"


Check: TypeAlias = Callable[[Any, Path], Iterator[Violation]]


def errors(found: Iterable[Violation]) -> dict[str, Any]:
    """The nested ``errors`` of Discord's answer."""
    tree: dict[str, Any] = {}
    for violation in found:
        place = tree
        for step in violation.path:
            place = place.setdefault(step, {})
        said = {"code": violation.code, "message": violation.message}
        place.setdefault("_errors", []).append(said)
    return tree


def wrong_type(path: Path) -> Violation:
    return Violation(path, "BASE_TYPE_BAD_TYPE", "Value has the wrong type.")  # (memory)


def missing(path: Path) -> Violation:
    return Violation(path, "BASE_TYPE_REQUIRED", "This field is required")


def length(size: int, least: int, most: int | None, path: Path) -> Iterator[Violation]:
    """The violation of a length, if ``size`` is one."""
    if most is not None and not least <= size <= most:
        if least:
            sentence = f"Must be between {least} and {most} in length."
            yield Violation(path, "BASE_TYPE_BAD_LENGTH", sentence)
        else:
            yield Violation(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def anything(value: Any, path: Path) -> Iterator[Violation]:
    """Accept every value: where no limit is written down."""
    yield from ()


def flag(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, bool):
        yield wrong_type(path)


def string(most: int | None = None, least: int = 0, *, trimmed: bool = False) -> Check:
    """A string of ``least`` to ``most`` code points; ``trimmed``: white space around is dropped."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, str):
            yield wrong_type(path)
            return
        size = len(value.strip() if trimmed else value)
        if least and not size:
            yield missing(path)
        else:
            yield from length(size, least, most, path)

    return check


def number(least: float, most: float) -> Check:
    """A whole number from ``least`` to ``most``."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield wrong_type(path)
        elif value < least:
            yield Violation(
                path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}."
            )
        elif value > most:
            yield Violation(
                path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}."
            )

    return check


def bits(allowed: int) -> Check:
    """Flags of which only ``allowed`` may be set."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield wrong_type(path)
        elif value & ~allowed:
            # Discord drops some of these without a word; a bot that sets them is wrong (memory).
            sentence = f"Flags {value & ~allowed} cannot be set here."
            yield Violation(path, "FLAGS_INVALID", sentence)

    return check


def one_of(*values: object) -> Check:
    def check(value: Any, path: Path) -> Iterator[Violation]:
        if value not in values or isinstance(value, bool):
            listed = ", ".join(map(repr, values))
            yield Violation(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")

    return check


def url(*schemes: str, most: int = 2048) -> Check:
    """An absolute URL of one of ``schemes``."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        yield from string(most)(value, path)
        if not isinstance(value, str) or not value:
            return
        scheme, found, rest = value.partition("://")
        if not found or not rest or re.search(r"\s", value):
            yield Violation(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif scheme not in schemes:
            listed = ", ".join(map(repr, schemes))
            sentence = f'Scheme "{scheme}" is not supported. Scheme must be one of ({listed}).'
            yield Violation(path, "URL_TYPE_INVALID_SCHEME", sentence)

    return check


def array(inner: Check, most: int | None = None, least: int = 0) -> Check:
    """A list of ``least`` to ``most`` items, each passing ``inner``."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield wrong_type(path)
            return
        if least and not value:
            yield missing(path)
        else:
            yield from length(len(value), least, most, path)
        for index, item in enumerate(value):
            yield from inner(item, (*path, str(index)))

    return check


def shape(*required: str, **fields: Check) -> Check:
    """An object with these fields; those named first must be there."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield wrong_type(path)
            return
        for name in required:
            if value.get(name) is None:
                yield missing((*path, name))
        for name, inner in fields.items():
            if value.get(name) is not None:
                yield from inner(value[name], (*path, name))

    return check


def kinds(shapes: Mapping[int, Check], field: str = "type", default: int | None = None) -> Check:
    """An object whose ``field`` says which of ``shapes`` it has."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield wrong_type(path)
            return
        kind = value.get(field, default)
        inner = shapes.get(kind) if isinstance(kind, int) else None
        if inner is None:
            yield from one_of(*shapes)(value.get(field), (*path, field))
        else:
            yield from inner(value, path)

    return check


def also(inner: Check, *more: Check) -> Check:
    """``inner``, and where that finds nothing wrong also ``more``."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        found = list(inner(value, path))
        yield from found
        if not found:
            for one in more:
                yield from one(value, path)

    return check


def without(names: Collection[str], code: str, message: str) -> Check:
    """An object in which none of ``names`` is set."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        for name in names:
            if value.get(name):
                yield Violation((*path, name), code, message)

    return check


def repeats(values: Iterable[Any], path: Path, code: str, message: str) -> Iterator[Violation]:
    """One violation for each of ``values`` that came before."""
    known = set()
    for value in values:
        if value in known:
            yield Violation(path, code, message)
        known.add(value)
