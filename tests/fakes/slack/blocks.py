"""The blocks and elements of Block Kit with their limits, as data.

Lengths and counts: facts/limits.md, "Slack messages and blocks" (S slack_sdk 3.47, B slackblocks,
D Slack's reference).  Property names: slack_sdk's models.  Which element
may stand in which block is from memory of Slack's reference, as neither says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks.block_elements import WorkflowButtonElement

from tests.fakes.slack.schema import (
    Check,
    address,
    anything,
    array,
    flag,
    kinds,
    known,
    needs_one,
    number,
    one_of,
    plain,
    problem,
    shape,
    string,
    text,
    texts,
    web_address,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_TEXT = 12_000
TABLE_TEXT = 10_000
"""All cells of a table: the table block's reference, as getnao/nao pull request 1178 quotes it."""

STYLE = one_of("primary", "danger")
_PICTURE: dict[str, Check] = {
    "image_url": web_address(3000),
    "slack_file": shape(id=string(), url=string()),
    "alt_text": string(2000),
}
_SOURCES = ("image_url", "slack_file")
IMAGE = needs_one(_SOURCES, shape("alt_text", **_PICTURE), only=True)
CONFIRM = shape(
    "title",
    "text",
    "confirm",
    "deny",
    title=plain(100),
    text=text(300),
    confirm=plain(30),
    deny=plain(30),
    style=STYLE,
)


def _element(*required: str, **fields: Check) -> Check:
    return shape(*required, action_id=string(255), **fields)


def _input(*required: str, **fields: Check) -> Check:
    return _element(*required, focus_on_load=flag, **fields)


def _picker(*required: str, **fields: Check) -> Check:
    return _input(*required, placeholder=plain(150), confirm=CONFIRM, **fields)


def _field(*required: str, **fields: Check) -> Check:
    dispatch = shape(trigger_actions_on=array(string()))
    return _input(*required, placeholder=plain(150), dispatch_action_config=dispatch, **fields)


def _option(said: Check, **fields: Check) -> Check:
    return shape("text", "value", text=said, value=string(150), description=said, **fields)


_OPTION = _option(plain(75))
_LINK_OPTION = _option(plain(75), url=address(3000))
_MARKED = array(_option(text(75)), 1, 10)
_OPTIONS = array(_OPTION, 1, 100)
_GROUPS = array(shape("label", "options", label=plain(75), options=_OPTIONS), 1, 100)
_FILTER = known(sdk.ConversationFilter)
_MANY = {"max_selected_items": number}


def _static(**initial: Check) -> Check:
    inner = _picker(options=_OPTIONS, option_groups=_GROUPS, **initial)
    return needs_one(("options", "option_groups"), inner, only=True)


BUTTON = _element(
    "text",
    text=plain(75),
    url=address(3000),
    value=string(2000),
    style=STYLE,
    confirm=CONFIRM,
    accessibility_label=string(75),
    agent_prompt=string(4000),
    agent_prompt_display=anything,
    visible_to_user_ids=array(string()),
)
_PRESSED: dict[str, Check] = {
    "button": BUTTON,
    "workflow_button": known(WorkflowButtonElement, "text", "workflow"),
    "overflow": _element("options", options=array(_LINK_OPTION, 1, 5), confirm=CONFIRM),
}
_CHOSEN: dict[str, Check] = {
    "checkboxes": _input("options", options=_MARKED, initial_options=_MARKED, confirm=CONFIRM),
    "radio_buttons": _input(
        "options", options=_MARKED, initial_option=_option(text(75)), confirm=CONFIRM
    ),
    "datepicker": _picker(initial_date=string()),
    "timepicker": _picker(initial_time=string(), timezone=string()),
    "static_select": _static(initial_option=_OPTION),
    "multi_static_select": _static(initial_options=_OPTIONS, **_MANY),
    "external_select": _picker(initial_option=_OPTION, min_query_length=number),
    "multi_external_select": _picker(initial_options=_OPTIONS, min_query_length=number, **_MANY),
    "users_select": _picker(initial_user=string()),
    "multi_users_select": _picker(initial_users=array(string()), **_MANY),
    "channels_select": _picker(initial_channel=string(), response_url_enabled=flag),
    "multi_channels_select": _picker(initial_channels=array(string()), **_MANY),
    "conversations_select": _picker(
        initial_conversation=string(),
        default_to_current_conversation=flag,
        response_url_enabled=flag,
        filter=_FILTER,
    ),
    "multi_conversations_select": _picker(
        initial_conversations=array(string()),
        default_to_current_conversation=flag,
        filter=_FILTER,
        **_MANY,
    ),
}
_MOMENT = {"datetimepicker": _input(initial_date_time=number, confirm=CONFIRM)}
_TYPED: dict[str, Check] = {
    "plain_text_input": _field(
        initial_value=string(),
        multiline=flag,
        min_length=number,
        max_length=number,
    ),
    "email_text_input": _field(initial_value=string()),
    "url_text_input": _field(initial_value=string()),
    "number_input": _field(
        "is_decimal_allowed",
        is_decimal_allowed=flag,
        initial_value=string(),
        min_value=string(),
        max_value=string(),
    ),
    "rich_text_input": _field(initial_value=anything, min_lines=number, max_lines=number),
    "file_input": _element(filetypes=array(string()), max_files=number),
}

_STYLE = shape(bold=flag, italic=flag, strike=flag, code=flag, underline=flag)


def _inline(*required: str, **fields: Check) -> Check:
    return shape(*required, style=_STYLE, **fields)


_INLINE: dict[str, Check] = {
    "text": _inline("text", text=string(least=1)),
    "link": _inline("url", url=address(3000), text=string()),
    "emoji": _inline("name", name=string(), unicode=string(), skin_tone=number),
    "user": _inline("user_id", user_id=string()),
    "usergroup": _inline("usergroup_id", usergroup_id=string()),
    "team": _inline("team_id", team_id=string()),
    "channel": _inline("channel_id", channel_id=string()),
    "broadcast": _inline("range", range=one_of("here", "channel", "everyone")),
    "color": _inline("value", value=string()),
    "date": _inline(
        "timestamp",
        "format",
        timestamp=number,
        format=string(),
        url=address(3000),
        fallback=string(),
    ),
}
# Empty `elements` are allowed inside rich text only: slack_sdk.models.basic_objects.
_RUN = array(kinds(**_INLINE), 0)
_SECTION = shape("elements", elements=_RUN)
RICH_TEXT = array(
    kinds(
        rich_text_section=_SECTION,
        rich_text_quote=_SECTION,
        rich_text_preformatted=shape("elements", elements=_RUN, border=number),
        rich_text_list=shape(
            "elements",
            "style",
            elements=array(kinds(rich_text_section=_SECTION), 0),
            style=one_of("bullet", "ordered"),
            indent=number,
            offset=number,
            border=number,
        ),
    )
)
_CELL = kinds(
    raw_text=shape("text", text=string(least=1)),
    raw_number=shape("value", "text", value=anything, text=string(least=1)),
    rich_text=shape("elements", elements=RICH_TEXT),
)
_TABLE = shape(
    "rows",
    block_id=string(255),
    rows=array(array(_CELL, 1, 20), 1, 100),
    column_settings=array(anything, 0, 20),
)


def shown_length(value: Any) -> int:
    """How many code points of text people see in a block, with the addresses of its links.

    Addresses count because 11,341 of text alone were refused where 13,200 should pass: bolt-js
    issue 2867.
    """
    if isinstance(value, list):
        return sum(shown_length(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = ("text", "url") if value.get("type") == "link" else ("text",)
    length = sum(len(value[name]) for name in own if isinstance(value.get(name), str))
    return length + sum(shown_length(held) for held in value.values())


def _table(value: Any, path: str) -> Iterator[str]:
    yield from _TABLE(value, path)
    if shown_length(value) > TABLE_TEXT:
        yield problem(f"must be less than {TABLE_TEXT + 1} characters", f"{path}/rows")


def _block(*required: str, **fields: Check) -> Check:
    return shape(*required, block_id=string(255), **fields)


_EVERYWHERE: dict[str, Check] = {
    "section": needs_one(
        ("text", "fields"),
        _block(
            text=text(3000),
            fields=array(text(2000), 1, 10),
            accessory=kinds(image=IMAGE, **_PRESSED, **_CHOSEN),
            expand=flag,
        ),
    ),
    "divider": _block(),
    "header": _block("text", text=plain(150)),
    "context": _block(
        "elements",
        elements=array(
            kinds(image=IMAGE, **texts(3000)),
            1,
            10,
        ),
    ),
    "actions": _block("elements", elements=array(kinds(**_PRESSED, **_CHOSEN, **_MOMENT), 1, 25)),
    "image": needs_one(_SOURCES, _block("alt_text", title=plain(2000), **_PICTURE), only=True),
    "input": _block(
        "label",
        "element",
        label=plain(2000),
        hint=plain(2000),
        element=kinds(**_CHOSEN, **_MOMENT, **_TYPED),
        dispatch_action=flag,
        optional=flag,
    ),
    "rich_text": _block("elements", elements=RICH_TEXT),
    "video": _block(
        "alt_text",
        "title",
        "thumbnail_url",
        "video_url",
        alt_text=string(),
        title=plain(200),
        title_url=web_address(3000),
        thumbnail_url=web_address(3000),
        video_url=web_address(3000),
        description=plain(3000),
        author_name=string(50),
        provider_name=string(),
        provider_icon_url=web_address(3000),
    ),
}
_IN_MESSAGES: dict[str, Check] = {
    "markdown": _block("text", text=string(MARKDOWN_TEXT, 1)),
    "table": _table,
    "context_actions": _block(
        "elements",
        elements=array(
            kinds(
                feedback_buttons=known(
                    sdk.FeedbackButtonsElement, "positive_button", "negative_button"
                ),
                icon_button=known(sdk.IconButtonElement, "icon", "text"),
            ),
            1,
            5,
        ),
    ),
    # No limits of these are written down in the facts: only their property names are checked.
    "alert": known(sdk.AlertBlock, "text"),
    "card": known(sdk.CardBlock),
    "carousel": known(sdk.CarouselBlock, "elements"),
    "container": known(sdk.ContainerBlock, "child_blocks"),
    "plan": known(sdk.PlanBlock, "title"),
    "task_card": known(sdk.TaskCardBlock, "task_id", "title", "status"),
    "file": known(sdk.FileBlock, "external_id"),
}
IN_MESSAGE = array(kinds(**_EVERYWHERE, **_IN_MESSAGES), 0, MESSAGE_BLOCKS)
IN_VIEW = array(kinds(**_EVERYWHERE), 1, VIEW_BLOCKS)
