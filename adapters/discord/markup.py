"""Discord's embeds and components as plain dicts, and texts of others made inert in them.

Text that Discord reads for markdown goes through ``escape``: nothing in it can ping, link, format
or turn into an emoji.  Footers, labels and thread names are shown as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urldefrag

from adapters.text import one_line, plain, shorten, web_url
from commands.model import LINE_LIMIT, Action, Mode
from storage.model import Payload

Embed: TypeAlias = dict[str, Any]
Row: TypeAlias = dict[str, Any]

# resources/message.mdx and components/reference.mdx of Discord's documentation.
EMBEDS_LIMIT = 10
WEIGHT_LIMIT = 6_000
"""Text of all embeds of a message."""
DESCRIPTION_LIMIT = 4_000  # 4,096
TITLE_LIMIT = 256
FOOTER_LIMIT = 500  # 2,048
LABEL_LIMIT = 80
OPTION_LIMIT = 100
OPTIONS_LIMIT = 25
BUTTONS_IN_ROW = 5
ROWS_LIMIT = 5
URL_LIMIT = 1_900  # 2,048 with the mark
NAME_LIMIT = 100
"""Of a thread."""

COLOR = 0x3B82F6
SELECT = ":open"
"""The custom_id of the menu of papers; no command's name begins so."""
HOME = "https://huggingface.co/papers"
"""Where an embed without a title leads: nowhere, but its mark needs an address."""

_MODES: dict[Mode, str] = {"new": "", "update": "~", "share": "+"}
"""What stands before a line in a custom_id; no command's name begins so."""
_MARKUP = re.compile(
    r"[\\`*_~|<\[\]@]|:(?=//|[\w+-]+:)|^[-#>+]|^\d+(?=[.)])",  # the colons of links and emojis
    re.MULTILINE,
)
_CODE = re.compile(r"`([^`\n]+)`|#(\d{15,21})\b")
"""What stands in a reply's text: code in backticks, and a channel by its id."""


def escape(text: str) -> str:
    """Plain text as markdown that shows just that."""
    return _MARKUP.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    return f"{found}\\" if found[0].isdigit() else f"\\{found}"


def written(text: str, limit: int) -> str:
    """Any text as inert markdown of at most ``limit`` characters."""
    return _fitted(plain(text), limit, escape)


def styled(text: str, limit: int) -> str:
    """A reply's text with its code and channels, everything else inert."""
    return _fitted(plain(text), limit, _styled)


def _fitted(text: str, limit: int, write: Any) -> str:
    room = limit
    while True:
        said: str = write(shorten(text, room))
        if len(said) <= limit:
            return said
        room -= len(said) - limit


def _styled(text: str) -> str:
    parts = []
    end = 0
    for match in _CODE.finditer(text):
        code, channel = match.groups()
        # A line is escaped as a whole: what is not at its start is no list.
        parts += [_between(text, end, match.start()), f"`{code}`" if code else f"<#{channel}>"]
        end = match.end()
    return "".join([*parts, _between(text, end, len(text))])


def _between(text: str, start: int, end: int) -> str:
    return _MARKUP.sub(_escaped, text[start:end])


def address(url: str | None) -> str | None:
    """Parentheses would end a link."""
    return web_url(url, URL_LIMIT, keep="")


def link(url: str | None, text: str) -> str:
    """Inert ``text``, linked where there is an address."""
    return f"[{text}]({url})" if url else text


def heading(title: str) -> str:
    """A title over a text, or nothing."""
    said = written(one_line(title, TITLE_LIMIT), 2 * TITLE_LIMIT)
    return f"### {said}" if said else ""


def embed(*paragraphs: str, **more: Any) -> Embed:
    """Paragraphs that are markdown already; ``more`` are further fields of the embed."""
    said = "\n".join(filter(None, paragraphs))
    found = {"description": said, **more}
    return {"color": COLOR, **{name: value for name, value in found.items() if value}}


def weight(embed: Embed) -> int:
    """How much of WEIGHT_LIMIT it takes."""
    footer = embed.get("footer", {}).get("text", "")
    return len(embed.get("title", "")) + len(embed.get("description", "")) + len(footer)


# -- components ---------------------------------------------------------------------------------


def custom_id(action: Action) -> str:
    """What a button carries: the mode in one sign (none for ``new``), and the line.

    A line that leaves no room for the sign (it has just 100 characters) is answered anew.
    """
    token = carried(action)
    marked = _MODES[action.mode] + token
    return marked if len(marked) <= LINE_LIMIT else token


def carried(action: Action) -> str:
    """The action's token without what cannot be seen, which means nothing in a command."""
    kept: list[str] = []
    marks = 0
    for char in action.token:
        category = unicodedata.category(char)
        marks = marks + 1 if category[0] == "M" else 0
        if category not in ("Cc", "Cf", "Cs") and marks <= 2:
            kept.append(char)
    return "".join(kept).strip()


def pressed(custom_id: str) -> tuple[Mode, str]:
    """The mode and the line of a button."""
    for mode, sign in _MODES.items():
        if sign and custom_id.startswith(sign):
            return mode, custom_id[1:]
    return "new", custom_id


def buttons(actions: Iterable[Action], rows: int) -> list[Row]:
    """Up to so many rows of buttons, each line once.  They outlive every restart."""
    made: dict[str, Row] = {}
    for action in actions:
        id = custom_id(action)
        if id and id != SELECT and id not in made:
            label = one_line(action.label, LABEL_LIMIT) or "Open"
            made[id] = {"type": 2, "style": 2, "custom_id": id, "label": label}
    found = list(made.values())
    starts = range(0, min(len(found), rows * BUTTONS_IN_ROW), BUTTONS_IN_ROW)
    return [{"type": 1, "components": found[at : at + BUTTONS_IN_ROW]} for at in starts]


def select(options: Sequence[tuple[str, Action, str]]) -> list[Row]:
    """A menu to open one of several papers: label, action and description; or nothing."""
    made: dict[str, dict[str, str]] = {}
    for label, action, said in options:
        value = carried(action)
        if value and value not in made:
            option = {"label": shorten(label, OPTION_LIMIT), "value": value}
            made[value] = option | ({"description": shorten(said, OPTION_LIMIT)} if said else {})
    if not made:
        return []
    menu = {
        "type": 3,
        "custom_id": SELECT,
        "placeholder": "Open a paper…",
        "options": list(made.values())[:OPTIONS_LIMIT],
    }
    return [{"type": 1, "components": [menu]}]


# -- messages -----------------------------------------------------------------------------------


def message(embeds: Sequence[Embed], components: Sequence[Row], content: str = "") -> Payload:
    """A message that pings nobody."""
    return {
        "content": content,
        "embeds": list(embeds),
        "components": list(components)[:ROWS_LIMIT],
        "allowed_mentions": {"parse": []},
    }


def marked(payload: Payload, key: str) -> Payload:
    """A message that can be found again: ``key`` is the fragment of its first embed's address.

    Every message has an embed, and history shows it without a further permission.
    """
    first, *rest = payload["embeds"]
    url = f"{urldefrag(first.get('url') or HOME).url}#{quote(key, safe='')}"
    return {**payload, "embeds": [{**first, "url": url}, *rest]}


def marks(message: dict[str, Any]) -> list[str]:
    """What may be its key."""
    return [unquote(urldefrag(one.get("url") or "").fragment) for one in message["embeds"]]
