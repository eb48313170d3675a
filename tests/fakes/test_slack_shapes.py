"""The fake refuses what Slack cannot read, and knows the properties that slack_sdk knows."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from slack_sdk.models import blocks as sdk
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import block_elements as sdk_elements

from tests.fakes.slack import violations, words
from tests.fakes.slack.model import Json
from tests.fakes.slack.samples import (
    WEB,
    actions,
    button,
    field,
    image,
    message,
    modal,
    mrkdwn,
    option,
    plain,
    rich,
    section,
    select,
)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (section(text=mrkdwn("")), "must be more than 0 characters"),
        (section(text=plain("")), "must be more than 0 characters"),
        (section(text="bare"), "must provide an object"),
        (section(text={"type": "mrkdwn"}), "missing required field: text"),
        (section(text={**mrkdwn("a"), "emoji": True}), "invalid additional property: emoji"),
        (section(text=None), "must provide an object"),
        (section(fields=[]), "no fewer than 1 items allowed"),
        ({"type": "section"}, "must define either `text` or `fields`"),
        (section(accessory=field()["element"]), "unsupported type: plain_text_input"),
        ({"type": "header", "text": mrkdwn("a")}, "unsupported type: mrkdwn"),
        ({"type": "header"}, "missing required field: text"),
        ({"type": "divider", "text": "a"}, "invalid additional property: text"),
        ({"type": "context", "elements": []}, "no fewer than 1 items allowed"),
        ({"type": "context", "elements": [button()]}, "unsupported type: button"),
        ({"type": "actions", "elements": []}, "no fewer than 1 items allowed"),
        (actions(button(style="default")), "must be one of primary, danger"),
        (actions(button(text=mrkdwn("a"))), "unsupported type: mrkdwn"),
        (actions(button(url="example.org")), "invalid url"),
        (actions(button(block_id="a")), "invalid additional property: block_id"),
        (actions(select(option_groups=[])), "must define either `options` or `option_groups`"),
        (actions(select(placeholder=mrkdwn("a"))), "unsupported type: mrkdwn"),
        (actions(select(options=[option(url=WEB)])), "invalid additional property: url"),
        (actions({"type": "overflow", "options": []}), "no fewer than 1 items allowed"),
        ({"type": "image", "image_url": WEB}, "missing required field: alt_text"),
        (image(image_url="data:image/png,x"), "invalid url"),
        (image(slack_file={"id": "F1"}), "must define either `image_url` or `slack_file`"),
        (actions({"type": "checkboxes", "options": []}), "no fewer than 1 items allowed"),
        ({"type": "context_actions", "elements": []}, "no fewer than 1 items allowed"),
        ({"type": "markdown", "text": ""}, "must be more than 0 characters"),
        (image(image_url=7), "must provide a string"),
        (actions("x"), "must provide an object"),  # type: ignore[arg-type]
        (section(fields="x"), "must provide an array"),
        (rich({"type": "date", "timestamp": "x", "format": "{date}"}), "must provide a number"),
        (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
        (rich({"type": "link", "text": "a"}), "missing required field: url"),
        (rich({"type": "text", "text": "a", "style": {"loud": True}}), "property: loud"),
        (rich({"type": "text", "text": "a", "style": {"bold": "yes"}}), "must provide a boolean"),
        (rich({"type": "mrkdwn", "text": "a"}), "unsupported type: mrkdwn"),
        ({"type": "rich_text", "elements": [{"type": "text", "text": "a"}]}, "unsupported type"),
        ({"type": "button", "text": plain("a")}, "unsupported type: button"),
        ({"text": plain("a")}, "unsupported type: None"),
    ],
)
def test_a_malformed_block_is_refused(block: Json, sentence: str) -> None:
    found = violations("chat.postMessage", message(block))
    assert [one for one in found if one.startswith("invalid_blocks:") and sentence in one]


@pytest.mark.parametrize(
    ("method", "payload", "error"),
    [
        ("chat.postMessage", {}, "no_text"),
        ("chat.postMessage", {"text": "", "blocks": []}, "no_text"),
        ("chat.update", {"ts": "1.2"}, "no_text"),
        ("chat.postEphemeral", {"user": "U1"}, "no_text"),
        ("chat.postMessage", {"text": 5}, "invalid_arguments"),
        ("chat.postMessage", {"text": "a", "blocks": "[not json"}, "invalid_blocks"),
        ("chat.postMessage", {"text": "a", "markdown_text": "a"}, "markdown_text_conflict"),
        ("chat.postMessage", message(metadata={}), "invalid_metadata_format"),
        ("chat.postMessage", message(metadata={"event_type": "t"}), "invalid_metadata_format"),
        (
            "chat.postMessage",
            message(metadata={"event_type": "t", "event_payload": "x"}),
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            message(section(block_id="a"), section(block_id="a")),
            "invalid_blocks",
        ),
        (
            "chat.postMessage",
            message(actions(button(action_id="a"), button(action_id="a"))),
            "invalid_blocks",
        ),
        ("chat.postMessage", {"attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_blocks"),
        ("response_url", {"response_type": "public", "text": "a"}, "invalid_arguments"),
        ("response_url", {"replace_original": True}, "no_text"),
        ("ack", {"response_type": "ephemeral"}, "invalid_command_response"),
        ("views.open", {}, "invalid_arguments"),
        ("views.open", modal(blocks=[]), "invalid_arguments"),
        ("views.open", modal(state={}), "invalid_arguments"),
        ("views.open", modal(blocks=[field()]), "invalid_arguments"),
        ("views.open", modal(blocks=[{"type": "markdown", "text": "a"}]), "invalid_arguments"),
        ("views.open", {"view": {"type": "home", "blocks": [section()]}}, "invalid_arguments"),
        ("views.open", modal(blocks=[section(text=mrkdwn("x" * 2600))] * 100), "view_too_large"),
        ("views.publish", modal(), "invalid_arguments"),
        ("views.publish", {"view": {"type": "home", "submit": plain("a")}}, "invalid_arguments"),
        ("chat.unfurl", {}, "missing_unfurls"),
        ("chat.unfurl", {"unfurls": [WEB]}, "invalid_unfurls_format"),
        ("chat.unfurl", {"unfurls": {WEB: {}}}, "cannot_parse_attachment"),
    ],
)
def test_a_broken_rule_has_its_own_error(method: str, payload: Json, error: str) -> None:
    assert violations(method, payload)[0].startswith(f"{error}: ")


def test_what_may_be_left_out() -> None:
    assert violations("chat.postMessage", {"text": "a"}) == []
    assert violations("chat.postMessage", {"blocks": [section()]}) == []
    assert violations("chat.update", message(metadata={})) == []
    assert violations("response_url", {"delete_original": "true"}) == []
    assert violations("ack", {}) == []
    assert violations("views.open", modal(blocks=[field()], submit=plain("Save"))) == []
    assert violations("views.publish", {"view": {"type": "home", "blocks": [section()]}}) == []
    assert violations("auth.test", {"anything": 1}) == []


def test_what_the_sdk_builds_passes() -> None:
    choice = sdk.Option(text="One", value="1")
    sure = sdk.ConfirmObject(title="Sure?", text="Really?", confirm="Yes", deny="No")
    built = [
        sdk.HeaderBlock(text="Today"),
        sdk.SectionBlock(
            text="*One*",
            fields=["a", "b"],
            accessory=sdk.ImageElement(image_url=WEB, alt_text="a"),
        ),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="a", verbatim=True)]),
        sdk.DividerBlock(block_id="line"),
        sdk.ActionsBlock(
            elements=[
                sdk.ButtonElement(text="Go", action_id="go", style="primary", confirm=sure),
                sdk.StaticSelectElement(placeholder="Pick", action_id="s", options=[choice]),
                sdk.OverflowMenuElement(action_id="o", options=[choice]),
                sdk.DatePickerElement(action_id="d", initial_date="2026-01-01"),
            ]
        ),
        sdk.RichTextBlock(
            elements=[
                sdk.RichTextListElement(
                    style="bullet",
                    elements=[
                        sdk.RichTextSectionElement(
                            elements=[
                                sdk.RichTextElementParts.Text(text="a", style={"bold": True}),
                                sdk.RichTextElementParts.Link(url=WEB, text="b"),
                                sdk.RichTextElementParts.User(user_id="U1"),
                            ]
                        )
                    ],
                )
            ]
        ),
    ]
    assert violations("chat.postMessage", message(*[block.to_dict() for block in built])) == []


def names(model: type[JsonObject]) -> set[str]:
    """The properties that slack_sdk's constructor of ``model`` takes."""
    return set(inspect.signature(model).parameters) - {"others"}


# Not these two: Slack makes calls itself, and sign-in prompts belong to assistants.
_FOREIGN = (sdk.Block, sdk.CallBlock, sdk.AuthProviderBlock)
BLOCKS = [
    model
    for model in vars(sdk).values()
    if isinstance(model, type) and issubclass(model, sdk.Block) and model not in _FOREIGN
]


@pytest.mark.parametrize("model", BLOCKS, ids=lambda model: model.type)
def test_blocks_have_the_properties_that_the_sdk_knows(model: Any) -> None:
    block = {"type": model.type, "surprise": 1, **dict.fromkeys(names(model))}
    found = [one for one in violations("chat.postMessage", message(block)) if "property" in one]
    assert found == [
        "invalid_blocks: invalid additional property: surprise [json-pointer:/blocks/0]"
    ]


@pytest.mark.parametrize(
    "model",
    [
        sdk_elements.CheckboxesElement,
        sdk_elements.DatePickerElement,
        sdk_elements.PlainTextInputElement,
        sdk_elements.EmailInputElement,
        sdk_elements.NumberInputElement,
        sdk_elements.StaticSelectElement,
        sdk_elements.StaticMultiSelectElement,
        sdk_elements.ExternalDataSelectElement,
        sdk_elements.ConversationSelectElement,
        sdk_elements.ChannelMultiSelectElement,
        sdk_elements.UserSelectElement,
    ],
    ids=lambda model: model.type,
)
def test_fields_have_the_properties_that_the_sdk_knows(model: Any) -> None:
    block = field(element={"type": model.type, "surprise": 1, **dict.fromkeys(names(model))})
    found = [one for one in violations("chat.postMessage", message(block)) if "property" in one]
    where = "[json-pointer:/blocks/0/element]"
    assert found == [f"invalid_blocks: invalid additional property: surprise {where}"]


def test_words_are_what_a_person_reads() -> None:
    inline = [
        {"type": "text", "text": "Ask "},
        {"type": "user", "user_id": "U1"},
        {"type": "text", "text": " about "},
        {"type": "link", "url": WEB, "text": "this"},
        {"type": "link", "url": WEB},
        {"type": "emoji", "name": "tada"},
    ]
    row = actions(button(), button(text=plain("Stop")))
    said = [section(text=mrkdwn("*Hi*"), fields=[plain("a"), plain("b")]), rich(*inline), row]
    assert words(said) == f"*Hi*\na\nb\nAsk <@U1> about this{WEB}:tada:\nGo\nStop"
