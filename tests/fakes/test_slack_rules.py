"""The fake refuses what Slack refuses: each limit at its edge and one beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.fakes.slack import violations
from tests.fakes.slack.model import Json
from tests.fakes.slack.samples import (
    WEB,
    actions,
    button,
    confirm,
    field,
    grouped,
    icon_button,
    image,
    long_lines,
    message,
    metadata,
    modal,
    mrkdwn,
    option,
    plain,
    rich,
    section,
    select,
    table,
    url,
    video,
)


@dataclass(frozen=True)
class Limit:
    """``build`` makes a payload of a given size; ``most`` is the largest that Slack takes."""

    name: str
    most: int
    build: Callable[[int], Json]
    error: str = "invalid_blocks"
    method: str = "chat.postMessage"


def on_view(name: str, most: int, build: Callable[[int], Json]) -> Limit:
    return Limit(name, most, build, "invalid_arguments", "views.open")


LIMITS = [
    Limit("blocks", 50, lambda n: message(*[{"type": "divider"}] * n)),
    Limit("text", 40_000, lambda n: {"text": "x" * n}, "msg_too_long"),
    Limit("all text", 13_200, lambda n: message(*long_lines(n)), "msg_blocks_too_long"),
    Limit(
        "all text, with the addresses of links",
        13_200,
        lambda n: message(*[rich({"type": "link", "url": url(2200)})] * 5 + long_lines(n - 11_000)),
        "msg_blocks_too_long",
    ),
    Limit("attachments", 100, lambda n: {"attachments": [{}] * n}, "too_many_attachments"),
    Limit("block_id", 255, lambda n: message(section(block_id="x" * n))),
    Limit("action_id", 255, lambda n: message(actions(button(action_id="x" * n)))),
    Limit("section text", 3000, lambda n: message(section(text=mrkdwn("x" * n)))),
    Limit("section fields", 10, lambda n: message(section(fields=[mrkdwn("a")] * n))),
    Limit("section field", 2000, lambda n: message(section(fields=[mrkdwn("x" * n)]))),
    Limit("header", 150, lambda n: message({"type": "header", "text": plain("x" * n)})),
    Limit("context", 10, lambda n: message({"type": "context", "elements": [mrkdwn("a")] * n})),
    Limit(
        "context text",
        3000,
        lambda n: message({"type": "context", "elements": [mrkdwn("x" * n)]}),
    ),
    Limit("actions", 25, lambda n: message(actions(*[button()] * n))),
    Limit("image_url", 3000, lambda n: message(image(image_url=url(n)))),
    Limit("alt_text", 2000, lambda n: message(image(alt_text="x" * n))),
    Limit("image title", 2000, lambda n: message(image(title=plain("x" * n)))),
    Limit("input label", 2000, lambda n: message(field(label=plain("x" * n)))),
    Limit("input hint", 2000, lambda n: message(field(hint=plain("x" * n)))),
    Limit("markdown", 12_000, lambda n: message({"type": "markdown", "text": "x" * n})),
    Limit(
        "all markdown",
        12_000,
        lambda n: message(*[{"type": "markdown", "text": "x" * size} for size in (6000, n - 6000)]),
    ),
    Limit("table rows", 100, lambda n: message(table(n))),
    Limit("table columns", 20, lambda n: message(table(1, n))),
    Limit("table text", 10_000, lambda n: message(table(1, 1, "x" * n))),
    Limit("button text", 75, lambda n: message(actions(button(text=plain("x" * n))))),
    Limit("button value", 2000, lambda n: message(actions(button(value="x" * n)))),
    Limit("button url", 3000, lambda n: message(actions(button(url=url(n))))),
    Limit("button label", 75, lambda n: message(actions(button(accessibility_label="x" * n)))),
    Limit("placeholder", 150, lambda n: message(actions(select(placeholder=plain("x" * n))))),
    Limit("options", 100, lambda n: message(actions(select(options=[option()] * n)))),
    Limit(
        "option groups",
        100,
        lambda n: message(actions(grouped(*[{"label": plain("g"), "options": [option()]}] * n))),
    ),
    Limit(
        "option text", 75, lambda n: message(actions(select(options=[option(text=plain("x" * n))])))
    ),
    Limit("option value", 150, lambda n: message(actions(select(options=[option(value="x" * n)])))),
    Limit(
        "option description",
        75,
        lambda n: message(actions(select(options=[option(description=plain("x" * n))]))),
    ),
    Limit(
        "option url",
        3000,
        lambda n: message(actions({"type": "overflow", "options": [option(url=url(n))]})),
    ),
    Limit(
        "overflow", 5, lambda n: message(actions({"type": "overflow", "options": [option()] * n}))
    ),
    Limit(
        "checkboxes",
        10,
        lambda n: message(actions({"type": "checkboxes", "options": [option()] * n})),
    ),
    Limit(
        "radio buttons",
        10,
        lambda n: message(actions({"type": "radio_buttons", "options": [option()] * n})),
    ),
    Limit(
        "option group's label",
        75,
        lambda n: message(actions(grouped({"label": plain("x" * n), "options": [option()]}))),
    ),
    Limit(
        "option group's options",
        100,
        lambda n: message(actions(grouped({"label": plain("g"), "options": [option()] * n}))),
    ),
    Limit(
        "checkbox's text",
        75,
        lambda n: message(
            actions({"type": "checkboxes", "options": [option(text=mrkdwn("x" * n))]})
        ),
    ),
    Limit(
        "context actions",
        5,
        lambda n: message({"type": "context_actions", "elements": [icon_button()] * n}),
    ),
    Limit("video title", 200, lambda n: message(video(title=plain("x" * n)))),
    Limit("video author", 50, lambda n: message(video(author_name="x" * n))),
    Limit("confirm title", 100, lambda n: message(actions(confirm(title=plain("x" * n))))),
    Limit("confirm text", 300, lambda n: message(actions(confirm(text=mrkdwn("x" * n))))),
    Limit("confirm button", 30, lambda n: message(actions(confirm(confirm=plain("x" * n))))),
    Limit("deny button", 30, lambda n: message(actions(confirm(deny=plain("x" * n))))),
    Limit("metadata", 16_000, lambda n: message(metadata=metadata(n)), "metadata_too_large"),
    Limit(
        "answer's text",
        3000,
        lambda n: message(section(text=mrkdwn("x" * n))),
        "invalid_command_response",
        "ack",
    ),
    Limit(
        "response's blocks",
        50,
        lambda n: message(*[{"type": "divider"}] * n),
        method="response_url",
    ),
    Limit(
        "unfurl's blocks",
        50,
        lambda n: {"unfurls": {WEB: {"blocks": [{"type": "divider"}] * n}}},
        "cannot_parse_attachment",
        "chat.unfurl",
    ),
    on_view("view blocks", 100, lambda n: modal(blocks=[{"type": "divider"}] * n)),
    on_view("view title", 24, lambda n: modal(title=plain("x" * n))),
    on_view("view submit", 24, lambda n: modal(submit=plain("x" * n))),
    on_view("view close", 24, lambda n: modal(close=plain("x" * n))),
    on_view("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    on_view("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    on_view("external_id", 255, lambda n: modal(external_id="x" * n)),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_holds_exactly(limit: Limit) -> None:
    assert violations(limit.method, limit.build(limit.most)) == []
    beyond = violations(limit.method, limit.build(limit.most + 1))
    assert {one.split(":")[0] for one in beyond} == {limit.error}


def test_a_sentence_says_what_and_where() -> None:
    too_long = message(section(), section(text=mrkdwn("x" * 3001)))
    assert violations("chat.postMessage", too_long) == [
        "invalid_blocks: must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    ]
