"""The fake refuses what Discord cannot read, and takes what it can."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.discord import violations
from tests.fakes.discord.rules import COMPONENTS_V2, EPHEMERAL, SUPPRESS_EMBEDS
from tests.fakes.discord.samples import (
    WEB,
    argument,
    button,
    choices,
    command,
    embed,
    field,
    label,
    link,
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
    v2,
)
from tests.fakes.discord.schema import errors

NEEDED = "BASE_TYPE_REQUIRED"
CHOICE = "BASE_TYPE_CHOICES"
TYPE = "BASE_TYPE_BAD_TYPE"
SCHEME = "URL_TYPE_INVALID_SCHEME"

MESSAGES: list[tuple[Any, str, str]] = [
    ({}, "", "EMPTY"),
    ({"content": "  \n"}, "", "EMPTY"),
    ({"embeds": [{}]}, "", "EMPTY"),
    (message(content=5), "content", TYPE),
    (message(tts="yes"), "tts", TYPE),
    (message(flags=EPHEMERAL), "flags", "FLAGS_INVALID"),
    (embed(fields=[field(name=" ")]), "embeds.0.fields.0.name", NEEDED),
    (embed(fields=[field(value="")]), "embeds.0.fields.0.value", NEEDED),
    (embed(fields=[{"name": "a"}]), "embeds.0.fields.0.value", NEEDED),
    (embed(footer={}), "embeds.0.footer.text", NEEDED),
    (embed(url="ftp://example.org"), "embeds.0.url", SCHEME),
    (embed(url="attachment://a.png"), "embeds.0.url", SCHEME),
    (embed(url="example.org"), "embeds.0.url", "URL_TYPE_INVALID_URL"),
    (embed(image={"url": "data://x"}), "embeds.0.image.url", SCHEME),
    (embed(color=-1), "embeds.0.color", "NUMBER_TYPE_MIN"),
    ({"embeds": {}}, "embeds", TYPE),
    ({"embeds": ["a"]}, "embeds.0", TYPE),
    (
        message(allowed_mentions={"parse": ["users"], "users": ["1"]}),
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    (message(allowed_mentions={"parse": ["here"]}), "allowed_mentions.parse.0", CHOICE),
    (rows(button()), "components.0.type", CHOICE),
    (rows(row()), "components.0.components", NEEDED),
    (rows(row(button(style=7))), "components.0.components.0.style", CHOICE),
    (rows(row(button(label=None))), "components.0.components.0.label", NEEDED),
    (rows(row(button(custom_id=""))), "components.0.components.0.custom_id", NEEDED),
    (rows(row(link(url=None))), "components.0.components.0.url", NEEDED),
    (rows(row(link(url="javascript://x"))), "components.0.components.0.url", SCHEME),
    (
        rows(row(link(custom_id="a"))),
        "components.0.components.0.custom_id",
        "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    (
        rows(row(button(url=WEB))),
        "components.0.components.0.url",
        "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    (
        rows(row(button(1)), row(button(1))),
        "components.1.components.0.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (
        rows(row(select(), button())),
        "components.0.components",
        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    (rows(row(select(0))), "components.0.components.0.options", NEEDED),
    (
        rows(row(select(options=[option(), option()]))),
        "components.0.components.0.options",
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
    ),
    (
        rows(row(select(2, max_values=3))),
        "components.0.components.0.max_values",
        "SELECT_COMPONENT_MAX_VALUES_INVALID",
    ),
    (rows(row(typed())), "components.0.components.0.type", CHOICE),
    (rows(text()), "components.0.type", CHOICE),
    (v2(section()), "components.0.components", NEEDED),
    (v2(section(text(), accessory=None)), "components.0.accessory", NEEDED),
    (
        v2(text(), content="a"),
        "content",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    (
        v2(text(), embeds=[{"title": "a"}]),
        "embeds",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    ("text", "", TYPE),
]


@pytest.mark.parametrize(("payload", "path", "code"), MESSAGES)
def test_a_malformed_message_is_refused(payload: Any, path: str, code: str) -> None:
    found = violations("message", payload)
    assert [(".".join(one.path), one.code) for one in found] == [(path, code)]


COMMANDS: list[tuple[Any, str, str]] = [
    (command(name="Papers"), "name", "APPLICATION_COMMAND_INVALID_NAME"),
    (command(name="my papers"), "name", "APPLICATION_COMMAND_INVALID_NAME"),
    (command(name="papers!"), "name", "APPLICATION_COMMAND_INVALID_NAME"),
    (command(name=""), "name", NEEDED),
    (command(description=""), "description", NEEDED),
    (command(type=9), "type", CHOICE),
    (menu(description="a"), "description", "APPLICATION_COMMAND_CONTEXT_MENU_INVALID"),
    (command(options=[argument(type=12)]), "options.0.type", CHOICE),
    (
        command(options=[argument(), argument()]),
        "options",
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
    ),
    (
        command(options=[argument(1), argument(2, required=True)]),
        "options",
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        command(options=[argument(), subcommand()]),
        "options",
        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    (
        command(options=[subcommand(subcommand())]),
        "options.0.options.0.type",
        CHOICE,
    ),
    (
        command(options=[subcommand(subcommand(subcommand()), type=2)]),
        "options.0.options.0.options.0.type",
        CHOICE,
    ),
    (
        command(options=[argument(choices=choices(1), autocomplete=True)]),
        "options.0",
        "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES",
    ),
    (
        command(options=[argument(choices=[*choices(1), *choices(1)])]),
        "options.0.choices",
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE",
    ),
    (
        command(options=[argument(type=4, choices=choices(1))]),
        "options.0.choices.0.value",
        TYPE,
    ),
    (command(contexts=[3]), "contexts.0", CHOICE),
    (command(integration_types=[2]), "integration_types.0", CHOICE),
]


@pytest.mark.parametrize(("payload", "path", "code"), COMMANDS)
def test_a_malformed_command_is_refused(payload: Any, path: str, code: str) -> None:
    found = violations("command", payload)
    assert [(".".join(one.path), one.code) for one in found] == [(path, code)]


OTHERS: list[tuple[str, Any, str, str]] = [
    ("commands", [command(), command()], "", "APPLICATION_COMMANDS_DUPLICATE_NAME"),
    ("thread", {}, "name", NEEDED),
    ("thread", {"name": "a", "auto_archive_duration": 61}, "auto_archive_duration", CHOICE),
    (
        "thread",
        {"name": "a", "rate_limit_per_user": 21601},
        "rate_limit_per_user",
        "NUMBER_TYPE_MAX",
    ),
    ("forum_post", {"name": "a"}, "message", NEEDED),
    ("forum_post", post(message={}), "message", "EMPTY"),
    ("modal", modal(components=[]), "components", NEEDED),
    ("modal", modal(title=""), "title", NEEDED),
    ("modal", modal(row(button())), "components.0.components.0.type", CHOICE),
    ("modal", modal(row(typed(style=3))), "components.0.components.0.style", CHOICE),
    (
        "modal",
        modal(row(typed()), row(typed())),
        "components.1.components.0.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    ("autocomplete", {}, "choices", NEEDED),
    ("autocomplete", {"choices": [{"name": "", "value": "a"}]}, "choices.0.name", NEEDED),
]


@pytest.mark.parametrize(("kind", "payload", "path", "code"), OTHERS)
def test_other_malformed_things_are_refused(kind: str, payload: Any, path: str, code: str) -> None:
    found = violations(kind, payload)
    assert [(".".join(one.path), one.code) for one in found] == [(path, code)]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("message", message(content=None, embeds=[{"image": {"url": "attachment://a.png"}}])),
        ("message", message(flags=SUPPRESS_EMBEDS, allowed_mentions={"parse": []}, nonce="k")),
        ("message", rows(row(button(1), link()), row(select(3, max_values=2)))),
        ("message", rows(row(button(label=None, emoji={"name": "x"})))),
        ("message", v2(section(text(), text()), text())),
        ("message", {"attachments": [{"id": 0, "filename": "a.txt"}]}),
        ("answer", message(flags=EPHEMERAL)),
        ("answer", v2(text(), flags=EPHEMERAL | COMPONENTS_V2)),
        ("edit", {"content": None, "embeds": [], "components": []}),
        ("command", command(name="papers-\N{DEVANAGARI VOWEL SIGN AA}'x_1")),
        ("command", command(options=[subcommand(subcommand(argument()), type=2)])),
        ("command", command(options=[argument(1, required=True), argument(2)])),
        ("command", command(contexts=[0, 1, 2], integration_types=[0, 1])),
        ("commands", [command(), menu(name="papers"), menu(name="papers", type=2)]),
        ("modal", modal(label(typed(label=None)), text())),
        ("autocomplete", {"choices": []}),
        ("autocomplete", {"choices": [{"name": "five", "value": 5}]}),
        ("thread", {"name": "a", "auto_archive_duration": 10080}),
    ],
)
def test_what_discord_takes_passes(kind: str, payload: Any) -> None:
    assert violations(kind, payload) == []


def test_errors_are_nested_as_discord_nests_them() -> None:
    found = violations("message", message(content="x" * 2001, embeds=[{"url": "ftp://x"}]))
    tree = errors(found)
    assert tree["content"]["_errors"] == [
        {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
    ]
    assert tree["embeds"]["0"]["url"]["_errors"][0]["code"] == SCHEME
