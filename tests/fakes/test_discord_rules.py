"""The fake refuses what Discord refuses: each limit at its edge and one beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.discord import violations
from tests.fakes.discord.samples import (
    argument,
    button,
    choices,
    command,
    container,
    embed,
    field,
    gallery,
    label,
    link,
    long_command,
    menu,
    message,
    modal,
    option,
    post,
    row,
    rows,
    section,
    select,
    subcommand,
    text,
    typed,
    url,
    v2,
)

LONG = "BASE_TYPE_MAX_LENGTH"
BETWEEN = "BASE_TYPE_BAD_LENGTH"
MOST = "NUMBER_TYPE_MAX"


@dataclass(frozen=True)
class Limit:
    """``build`` makes a payload of a given size; ``most`` is the largest that Discord takes."""

    name: str
    most: int
    build: Callable[[int], Any]
    code: str = LONG
    kind: str = "message"


def of_command(name: str, most: int, build: Callable[[int], Any], code: str = BETWEEN) -> Limit:
    return Limit(name, most, build, code, "command")


def of_modal(name: str, most: int, build: Callable[[int], Any], code: str = LONG) -> Limit:
    return Limit(name, most, build, code, "modal")


def many(count: int, **more: Any) -> list[Any]:
    return [command(name=f"c{number}", **more) for number in range(count)]


LIMITS = [
    Limit("content", 2000, lambda n: message(content="x" * n)),
    Limit("answer's content", 2000, lambda n: message(content="x" * n), kind="answer"),
    Limit("edited content", 2000, lambda n: message(content="x" * n), kind="edit"),
    Limit("nonce", 25, lambda n: message(nonce="x" * n)),
    Limit("embeds", 10, lambda n: {"embeds": [{"title": "a"}] * n}),
    Limit("embed title", 256, lambda n: embed(title="x" * n)),
    Limit("embed description", 4096, lambda n: embed(description="x" * n)),
    Limit("embed fields", 25, lambda n: embed(fields=[field()] * n)),
    Limit("field name", 256, lambda n: embed(fields=[field(name="x" * n)]), BETWEEN),
    Limit("field value", 1024, lambda n: embed(fields=[field(value="x" * n)]), BETWEEN),
    Limit("footer", 2048, lambda n: embed(footer={"text": "x" * n}), BETWEEN),
    Limit("author", 256, lambda n: embed(author={"name": "x" * n}), BETWEEN),
    Limit("embed url", 2048, lambda n: embed(url=url(n))),
    Limit("image url", 2048, lambda n: embed(image={"url": url(n)})),
    Limit("colour", 0xFFFFFF, lambda n: embed(color=n), MOST),
    Limit(
        "all embeds",
        6000,
        lambda n: {"embeds": [{"description": "x" * 4000}, {"description": "x" * (n - 4000)}]},
        "MAX_EMBED_SIZE_EXCEEDED",
    ),
    Limit(
        "all parts of an embed",
        6000,
        lambda n: embed(
            title=" " + "t" * 256,
            description="d" * 2440,
            footer={"text": "f" * 2024},
            author={"name": "a" * 256},
            fields=[{"name": "n" * 256, "value": "v" * (n - 5232)}],
        ),
        "MAX_EMBED_SIZE_EXCEEDED",
    ),
    Limit("attachments", 10, lambda n: message(attachments=[{"id": 0}] * n)),
    Limit(
        "attachment's description",
        1024,
        lambda n: message(attachments=[{"id": 0, "description": "x" * n}]),
    ),
    Limit("mentioned users", 100, lambda n: message(allowed_mentions={"users": ["1"] * n})),
    Limit("mentioned roles", 100, lambda n: message(allowed_mentions={"roles": ["1"] * n})),
    Limit("action rows", 5, lambda n: rows(*[row(button(i)) for i in range(n)])),
    Limit("buttons", 5, lambda n: rows(row(*map(button, range(n)))), BETWEEN),
    Limit("button label", 80, lambda n: rows(row(button(label="x" * n)))),
    Limit("button url", 512, lambda n: rows(row(link(url=url(n))))),
    Limit("button custom_id", 100, lambda n: rows(row(button(custom_id="x" * n))), BETWEEN),
    Limit("select custom_id", 100, lambda n: rows(row(select(custom_id="x" * n))), BETWEEN),
    Limit("options", 25, lambda n: rows(row(select(n))), BETWEEN),
    Limit("placeholder", 150, lambda n: rows(row(select(placeholder="x" * n)))),
    Limit("max_values", 25, lambda n: rows(row(select(25, max_values=n))), MOST),
    Limit(
        "option label", 100, lambda n: rows(row(select(options=[option(label="x" * n)]))), BETWEEN
    ),
    Limit(
        "option value", 100, lambda n: rows(row(select(options=[option(value="x" * n)]))), BETWEEN
    ),
    Limit(
        "option description",
        100,
        lambda n: rows(row(select(options=[option(description="x" * n)]))),
    ),
    Limit(
        "components v2",
        40,
        lambda n: v2(container(*[text()] * 20), *[text()] * (n - 21)),
        "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
    ),
    Limit(
        "text of components v2",
        4000,
        lambda n: v2(text("x" * 2000), section(text("x" * (n - 2000)))),
        "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    Limit("section texts", 3, lambda n: v2(section(*[text()] * n)), BETWEEN),
    Limit("gallery items", 10, lambda n: v2(gallery(n)), BETWEEN),
    Limit("gallery description", 1024, lambda n: v2(gallery(1, description="x" * n))),
    of_modal("modal title", 45, lambda n: modal(title="x" * n), BETWEEN),
    of_modal("modal custom_id", 100, lambda n: modal(custom_id="x" * n), BETWEEN),
    of_modal("modal components", 5, lambda n: modal(*[row(typed(i)) for i in range(n)]), BETWEEN),
    of_modal("modal row", 1, lambda n: modal(row(*map(typed, range(n)))), BETWEEN),
    of_modal("input label", 45, lambda n: modal(row(typed(label="x" * n)))),
    of_modal("input value", 4000, lambda n: modal(row(typed(value="x" * n)))),
    of_modal("input placeholder", 100, lambda n: modal(row(typed(placeholder="x" * n)))),
    of_modal("input min_length", 4000, lambda n: modal(row(typed(min_length=n))), MOST),
    of_modal("input max_length", 4000, lambda n: modal(row(typed(max_length=n))), MOST),
    of_modal("label", 45, lambda n: modal(label(typed(), label="x" * n)), BETWEEN),
    of_modal("label's description", 100, lambda n: modal(label(typed(), description="x" * n))),
    of_command("command name", 32, lambda n: command(name="x" * n)),
    of_command("command description", 100, lambda n: command(description="x" * n)),
    of_command("menu name", 32, lambda n: menu(name="x" * n)),
    of_command("options", 25, lambda n: command(options=[*map(argument, range(n))]), LONG),
    of_command(
        "subcommands",
        25,
        lambda n: command(options=[subcommand(name=f"s{i}") for i in range(n)]),
        LONG,
    ),
    of_command(
        "subcommand's options",
        25,
        lambda n: command(options=[subcommand(*map(argument, range(n)))]),
        LONG,
    ),
    of_command("option name", 32, lambda n: command(options=[argument(name="x" * n)])),
    of_command(
        "option description", 100, lambda n: command(options=[argument(description="x" * n)])
    ),
    of_command("choices", 25, lambda n: command(options=[argument(choices=choices(n))]), LONG),
    of_command(
        "choice name",
        100,
        lambda n: command(options=[argument(choices=[{"name": "x" * n, "value": "a"}])]),
    ),
    of_command(
        "choice value",
        100,
        lambda n: command(options=[argument(choices=[{"name": "a", "value": "x" * n}])]),
    ),
    of_command("min_length", 6000, lambda n: command(options=[argument(min_length=n)]), MOST),
    of_command("whole command", 8000, long_command, "APPLICATION_COMMAND_TOO_LARGE"),
    Limit("slash commands", 100, many, "MAX_COMMANDS", "commands"),
    Limit(
        "user commands",
        15,
        lambda n: [menu(name=f"m{i}", type=2) for i in range(n)],
        "MAX_COMMANDS",
        "commands",
    ),
    Limit(
        "message commands",
        15,
        lambda n: [menu(name=f"m{i}") for i in range(n)],
        "MAX_COMMANDS",
        "commands",
    ),
    Limit("offered", 25, lambda n: {"choices": choices(n)}, kind="autocomplete"),
    Limit(
        "offered name",
        100,
        lambda n: {"choices": [{"name": "x" * n, "value": "a"}]},
        BETWEEN,
        "autocomplete",
    ),
    Limit(
        "offered value",
        100,
        lambda n: {"choices": [{"name": "a", "value": "x" * n}]},
        BETWEEN,
        "autocomplete",
    ),
    Limit("thread name", 100, lambda n: {"name": "x" * n}, BETWEEN, "thread"),
    Limit("edited thread name", 100, lambda n: {"name": "x" * n}, BETWEEN, "thread_edit"),
    Limit("post name", 100, lambda n: post(name="x" * n), BETWEEN, "forum_post"),
    Limit("post tags", 5, lambda n: post(applied_tags=["1"] * n), LONG, "forum_post"),
    Limit("post content", 2000, lambda n: post(message={"content": "x" * n}), LONG, "forum_post"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_holds_exactly(limit: Limit) -> None:
    assert violations(limit.kind, limit.build(limit.most)) == []
    beyond = violations(limit.kind, limit.build(limit.most + 1))
    assert {one.code for one in beyond} == {limit.code}


def test_a_violation_says_what_and_where() -> None:
    found = violations("message", {"embeds": [{"title": "a"}, {"title": "x" * 257}]})
    assert [str(one) for one in found] == [
        "embeds.1.title[BASE_TYPE_MAX_LENGTH]: Must be 256 or fewer in length."
    ]


def test_lengths_are_code_points_and_white_space_around_is_free() -> None:
    assert violations("message", message(content="\N{GRINNING FACE}" * 2000)) == []
    assert violations("message", message(content=" " * 50 + "x" * 2000)) == []
    assert violations("message", embed(description="\n" * 50 + "x" * 4096)) == []
    assert violations("message", embed(title="x" * 257)) != []
