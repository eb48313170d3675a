"""Small valid payloads, each changed by keyword: what the tests of limits are made from."""

from __future__ import annotations

from typing import Any

from tests.fakes.slack.model import Json

WEB = "https://example.org/"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def message(*blocks: Json, **more: Any) -> Json:
    return {"channel": "C1", "text": "fallback", "blocks": list(blocks), **more}


def section(**fields: Any) -> Json:
    return {"type": "section", **({} if "fields" in fields else {"text": mrkdwn("a")}), **fields}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(**more: Any) -> Json:
    return {"text": plain("One"), "value": "1", **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "options": [option()], **more}


def grouped(*groups: Json) -> Json:
    return {"type": "static_select", "option_groups": list(groups)}


def icon_button() -> Json:
    return {"type": "icon_button", "icon": "trash", "text": plain("Delete")}


def confirm(**more: Any) -> Json:
    texts = {"title": "Sure?", "confirm": "Yes", "deny": "No"}
    said = {name: plain(text) for name, text in texts.items()}
    return button(confirm={**said, "text": mrkdwn("Really?"), **more})


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": WEB, "alt_text": "a picture", **more}


def video(**more: Any) -> Json:
    links = {"thumbnail_url": WEB, "video_url": WEB}
    return {"type": "video", "alt_text": "a film", "title": plain("Film"), **links, **more}


def field(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "a"}
    return {"type": "input", "label": plain("Name"), "element": element, **more}


def rich(*inline: Json) -> Json:
    run = {"type": "rich_text_section", "elements": list(inline)}
    return {"type": "rich_text", "elements": [run]}


def table(rows: int, columns: int = 1, cell: str = "x") -> Json:
    row = [{"type": "raw_text", "text": cell}] * columns
    return {"type": "table", "rows": [row] * rows}


def modal(**more: Any) -> Json:
    view = {"type": "modal", "title": plain("Form"), "blocks": [{"type": "divider"}]}
    return {"trigger_id": "1.2.x", "view": {**view, **more}}


def url(length: int) -> str:
    return WEB.ljust(length, "x")


def long_lines(length: int) -> list[Json]:
    """Sections that hold so many characters of text between them."""
    lengths = [3000] * (length // 3000) + [length % 3000]
    return [section(text=mrkdwn("x" * size)) for size in lengths]


def metadata(size: int) -> Json:
    empty = len('{"event_type":"t","event_payload":{"k":""}}')
    return {"event_type": "t", "event_payload": {"k": "x" * (size - empty)}}
