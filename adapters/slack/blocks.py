"""Block Kit as plain dicts, in the few shapes that are used here.

Text of others stands only in ``rich_text`` elements and ``plain_text`` objects.  Slack reads
neither for markup, so nothing in it can ping, link or format, and nothing has to be escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from adapters.text import one_line, shorten, web_url
from commands.model import Action
from storage.model import Payload

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]

# Slack's limits are in the comments; ours are lower where less reads better.
BLOCKS_LIMIT = 50
WEIGHT_LIMIT = 10_500
"""Text of all blocks of a message; from 13,200 Slack refuses it (bolt-js issue 2867)."""
HEADER_LIMIT = 150
PARAGRAPH_LIMIT = 2_900  # 3,000 in a section
LABEL_LIMIT = 60  # 75
BUTTONS_IN_ROW = 10  # 25
URL_LIMIT = 2_000  # 3,000
FALLBACK_LIMIT = 1_000  # 40,000

_CODE = re.compile(r"`([^`\n]+)`|#([CG](?=[A-Z0-9]*\d)[A-Z0-9]+)\b")
"""What stands in a reply's text: code in backticks, and a channel by its id."""


def address(url: str | None) -> str | None:
    return web_url(url, URL_LIMIT)


def escape(text: str) -> str:
    """Text that Slack reads as mrkdwn: a message's fallback."""
    return html.escape(text, quote=False)


def words(text: str, **style: bool) -> Element:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def link(url: str | None, text: str, **style: bool) -> Element:
    """A linked text, or the text alone where there is no address."""
    return words(text, **style) | ({"type": "link", "url": url} if url else {})


def styled(text: str) -> list[Element]:
    """A reply's text, already plain, with its code and channels."""
    found: list[Element] = []
    end = 0
    for match in _CODE.finditer(text):
        found += [words(text[end : match.start()])] if match.start() > end else []
        code, channel = match.groups()
        found += [words(code, code=True) if code else {"type": "channel", "channel_id": channel}]
        end = match.end()
    return found + ([words(text[end:])] if text[end:] else [])


def paragraph(*elements: Element) -> Block:
    return {"type": "rich_text", "elements": [section(elements)]}


def section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def ranked(items: Iterable[Sequence[Element]], first: int) -> Block:
    """A list numbered from ``first``."""
    listed = {
        "type": "rich_text_list",
        "style": "ordered",
        "offset": first - 1,
        "elements": [*map(section, items)],
    }
    return {"type": "rich_text", "elements": [listed]}


def literal(text: str) -> Element:
    return {"type": "plain_text", "text": text, "emoji": False}


def header(title: str) -> Block:
    return {"type": "header", "text": literal(one_line(title, HEADER_LIMIT))}


def prose(text: str, image_url: str | None = None, alt: str = "") -> Block:
    """A paragraph with a picture at its side."""
    block: Block = {"type": "section", "text": literal(shorten(text, PARAGRAPH_LIMIT))}
    if image_url:
        block["accessory"] = {"type": "image", "image_url": image_url, "alt_text": alt}
    return block


def context(text: str) -> Block:
    """A small grey line."""
    return {"type": "context", "elements": [literal(text)]}


def buttons(actions: Sequence[Action]) -> list[Block]:
    """A row of buttons, or nothing.  A button carries its line, so it outlives every restart."""
    if not actions:
        return []
    row = [
        {
            "type": "button",
            "action_id": f"{action.mode}:{number}",
            "text": literal(one_line(action.label, LABEL_LIMIT) or "Open"),
            "value": action.token.encode("utf-8", "ignore").decode(),  # no lone surrogates
        }
        for number, action in enumerate(actions[:BUTTONS_IN_ROW])
    ]
    return [{"type": "actions", "elements": row}]


def message(blocks: Sequence[Block], fallback: str) -> Payload:
    """A message; ``fallback`` is what notifications show."""
    text = escape(one_line(fallback, FALLBACK_LIMIT)) or "Papers"
    return {
        "text": text,
        "blocks": list(blocks),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def weight(value: Any) -> int:
    """How much of WEIGHT_LIMIT blocks take: their texts and the addresses of their links."""
    if isinstance(value, list):
        return sum(map(weight, value))
    total = 0
    for key, part in value.items():
        if isinstance(part, (dict, list)):
            total += weight(part)
        elif key in ("text", "url"):
            total += len(part)
    return total


def without_images(payload: Payload) -> Payload:
    """The same message without the pictures, which it can do without."""
    blocks = [
        {name: part for name, part in block.items() if name != "accessory"}
        for block in payload["blocks"]
    ]
    return {**payload, "blocks": blocks}


def strings(value: Any) -> Iterator[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)
