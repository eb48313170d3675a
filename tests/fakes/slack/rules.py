"""What Slack refuses in what an app sends: pure checks, each rule traceable to facts/limits.md.

``violations(method, payload)`` takes the arguments of a Web API method as Python values, or a
body for ``response_url`` or ``ack`` (the answer to a slash command), and returns one string for
each thing that is wrong: ``error: sentence``.  An empty list means that Slack would take it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from tests.fakes.slack import blocks as kit
from tests.fakes.slack.schema import (
    anything,
    flag,
    kinds,
    one_of,
    plain,
    problem,
    shape,
    string,
)

Payload: TypeAlias = Mapping[str, Any]

TEXT = 40_000
ALL_BLOCK_TEXT = 13_200
ATTACHMENTS = 100
METADATA_BYTES = 16_000
VIEW_BYTES = 250_000
"""`view_too_large`, "greater than 250kb": the reference of views.open."""

_HELD = {
    "blocks": kit.IN_VIEW,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_HOME = shape("blocks", **_HELD)
_MODAL = shape(
    "title",
    "blocks",
    title=plain(24),
    submit=plain(24),
    close=plain(24),
    clear_on_close=flag,
    notify_on_close=flag,
    **_HELD,
)
# What slack_sdk's View knows beyond this (id, hash, state, ...) is Slack's to set, not the app's.
_VIEWS = {
    "views.open": kinds(modal=_MODAL),
    "views.push": kinds(modal=_MODAL),
    "views.update": kinds(modal=_MODAL, home=_HOME),
    "views.publish": kinds(home=_HOME),
}
_METADATA = shape("event_type", "event_payload", event_type=string(least=1), event_payload=anything)
_RESPONSE_TYPE = one_of("ephemeral", "in_channel")


class Violation(NamedTuple):
    """One broken rule: the ``error`` that Slack answers, and its sentence."""

    error: str
    message: str


def violations(method: str, payload: Payload) -> list[str]:
    """What Slack would refuse in ``payload``, as ``error: sentence``, most telling first."""
    return [f"{error}: {message}" for error, message in check(method, payload)]


def check(method: str, payload: Payload) -> list[Violation]:
    """The same as pairs.  Methods without rules of their own pass."""
    rule = _RULES.get(method)
    return list(rule(method, payload)) if rule else []


def _message(method: str, payload: Payload) -> Iterator[Violation]:
    text = payload.get("text", "")
    blocks = payload.get("blocks") or []
    attachments = payload.get("attachments") or []
    markdown = payload.get("markdown_text", "")
    if not isinstance(text, str) or not isinstance(markdown, str):
        yield Violation("invalid_arguments", "text must be a string")
        return
    if markdown and (text or blocks):
        yield Violation("markdown_text_conflict", "markdown_text stands alone")
    if not (text or blocks or attachments or markdown):
        yield Violation("no_text", "a message needs text, blocks or attachments")
    if len(text) > TEXT or len(markdown) > kit.MARKDOWN_TEXT:
        yield Violation("msg_too_long", f"text must be less than {TEXT + 1} characters")
    yield from _blocks(blocks, "/blocks")
    yield from _attachments(attachments)
    yield from _metadata(payload.get("metadata"), method)


def _response(method: str, payload: Payload) -> Iterator[Violation]:
    """A body posted to a ``response_url``, or the answer to a slash command."""
    for name in ("replace_original", "delete_original"):
        # Slack's own examples write these as strings.
        if payload.get(name, False) not in (True, False, "true", "false"):
            yield Violation("invalid_arguments", problem("must provide a boolean", f"/{name}"))
    for sentence in _RESPONSE_TYPE(payload.get("response_type", "ephemeral"), "/response_type"):
        yield Violation("invalid_arguments", sentence)
    bare_delete = payload.get("delete_original") in (True, "true") and not (
        payload.get("text") or payload.get("blocks")
    )
    if not bare_delete:
        yield from _message(method, payload)


def _acknowledgement(method: str, payload: Payload) -> Iterator[Violation]:
    """An empty acknowledgement is fine; another one is shown to the person."""
    if payload:
        # Slack shows the person only this name: slack-review-notify pull request 99.
        for violation in _response(method, payload):
            yield Violation("invalid_command_response", violation.message)


def _blocks(blocks: object, path: str) -> Iterator[Violation]:
    for sentence in [*kit.IN_MESSAGE(blocks, path), *_repeats(blocks, path)]:
        yield Violation("invalid_blocks", sentence)
    if not isinstance(blocks, list):
        return
    marked = [block for block in _objects(blocks) if block.get("type") == "markdown"]
    if kit.shown_length(marked) > kit.MARKDOWN_TEXT:
        sentence = f"must be less than {kit.MARKDOWN_TEXT + 1} characters in all"
        yield Violation("invalid_blocks", problem(sentence, path))
    # respond() is said to get away with more (bolt-js issue 2867); the stricter rule serves all.
    if kit.shown_length(blocks) > ALL_BLOCK_TEXT:
        yield Violation("msg_blocks_too_long", f"more than {ALL_BLOCK_TEXT} characters in {path}")


def _attachments(attachments: object) -> Iterator[Violation]:
    if not isinstance(attachments, list):
        yield Violation("invalid_attachments", "attachments must be an array")
        return
    if len(attachments) > ATTACHMENTS:
        yield Violation("too_many_attachments", f"no more than {ATTACHMENTS} attachments")
    for index, attachment in enumerate(attachments):
        path = f"/attachments/{index}"
        if not isinstance(attachment, dict):
            yield Violation("invalid_attachments", problem("must provide an object", path))
        else:
            yield from _blocks(attachment.get("blocks", []), f"{path}/blocks")


def _metadata(metadata: object, method: str) -> Iterator[Violation]:
    if metadata is None or (metadata == {} and method == "chat.update"):
        return  # an empty object removes a message's metadata: the reference of chat.update
    for sentence in _METADATA(metadata, "/metadata"):
        yield Violation("invalid_metadata_format", sentence)
    if isinstance(metadata, dict) and not isinstance(metadata.get("event_payload"), dict):
        sentence = problem("must provide an object", "/metadata/event_payload")
        yield Violation("invalid_metadata_format", sentence)
    if _size(metadata) > METADATA_BYTES:
        yield Violation("metadata_too_large", f"more than {METADATA_BYTES} bytes")


def _view(method: str, payload: Payload) -> Iterator[Violation]:
    view = payload.get("view")
    for sentence in _VIEWS[method](view, "/view"):
        yield Violation("invalid_arguments", sentence)
    if not isinstance(view, dict):
        return
    for sentence in _repeats(view.get("blocks"), "/view/blocks"):
        yield Violation("invalid_arguments", sentence)
    if view.get("type") == "modal" and "submit" not in view and _has_input(view.get("blocks")):
        sentence = problem("missing required field: submit", "/view")
        yield Violation("invalid_arguments", sentence)
    if _size(view) > VIEW_BYTES:
        yield Violation("view_too_large", f"more than {VIEW_BYTES} bytes")


def _unfurl(method: str, payload: Payload) -> Iterator[Violation]:
    unfurls = payload.get("unfurls")
    if unfurls is None:
        yield Violation("missing_unfurls", "unfurls is missing")
        return
    if not isinstance(unfurls, dict):
        yield Violation("invalid_unfurls_format", "unfurls must map addresses to attachments")
        return
    for url, unfurl in unfurls.items():
        path = f"/unfurls/{url}"
        if not isinstance(unfurl, dict) or not unfurl:
            # Its legacy fields are not checked: no limit of theirs is in the facts.
            yield Violation("cannot_parse_attachment", problem("must provide an object", path))
            continue
        for violation in _blocks(unfurl.get("blocks", []), f"{path}/blocks"):
            yield Violation("cannot_parse_attachment", violation.message)


def _repeats(blocks: object, path: str) -> Iterator[str]:
    """Ids that are not unique: a block's in the message, an action's in its block."""
    for block_id in _twice(_objects(blocks), "block_id"):
        yield problem(f"block_id {block_id!r} needs to be unique", path)
    for index, block in enumerate(_objects(blocks)):
        for action_id in _twice(_objects(block.get("elements")), "action_id"):
            yield problem(f"action_id {action_id!r} needs to be unique", f"{path}/{index}/elements")


def _twice(found: list[dict[str, Any]], name: str) -> list[str]:
    counts = Counter(item[name] for item in found if isinstance(item.get(name), str))
    return [value for value, count in counts.items() if count > 1]


def _has_input(blocks: object) -> bool:
    return any(block.get("type") == "input" for block in _objects(blocks))


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


_RULES: dict[str, Callable[[str, Payload], Iterator[Violation]]] = {
    "chat.postMessage": _message,
    "chat.postEphemeral": _message,
    "chat.update": _message,
    "chat.unfurl": _unfurl,
    "response_url": _response,
    "ack": _acknowledgement,
    **dict.fromkeys(_VIEWS, _view),
}
