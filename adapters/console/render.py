"""Replies for a terminal: paragraphs first, wrapped and styled when their width is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from wcwidth import wcwidth

from adapters.base import RenderAs
from adapters.text import facts, plain, shorten
from commands.model import Action, Card, Reply
from storage.model import Payload

TITLE_LIMIT = 300
TEXT_LIMIT = 4_000
CARD_TEXT_LIMIT = 2_500
AUTHORS_LIMIT = 200
URL_LIMIT = 2_000
LABEL_LIMIT = 60

INDENT = 4
"""Columns before what belongs to a ranked title."""
ENTRY_INDENT = 16
"""Columns before the explanation of a term, as in a list of commands."""

_ENTRY = re.compile(r"`([^`]+)`: +(.+)")
_STYLES = {"title": "1", "link": "36", "facts": "2", "button": "33"}
"""SGR parameters: bold, cyan, faint, yellow."""


def render(reply: Reply, layout: RenderAs) -> list[Payload]:
    """Messages of paragraphs: ``{"paragraphs": [{"style", "text", "indent", "mark", "url"}]}``.

    ``style`` is a name in ``_STYLES``, ``text`` or ``gap``; ``mark`` stands in the first line's
    indent.  As ``answer`` the buttons are numbered from 1, in the order of ``buttons``.
    """
    head = [*_lines("title", reply.title, TITLE_LIMIT), *_lines("text", reply.text, TEXT_LIMIT)]
    if layout == "answer":
        numbers = iter(range(1, len(reply.all_actions()) + 1))
        for rank, card in _ranked(reply):
            head += [_gap(), *_card(card, rank), *_buttons(card.actions, numbers, bool(rank))]
        rest = _below(reply)
        return [_message([*head, *([_gap()] if rest else []), *_buttons(rest, numbers, False)])]
    for rank, card in _ranked(reply):
        head += [*_title(card, rank or 1)]
    messages = [_message(head)]
    if layout != "compact":
        messages += [_message(_card(card, rank)) for rank, card in _ranked(reply)]
    return messages


def spelt_out(reply: Reply) -> Payload:
    """An answer for who cannot press a number: with the lines of the buttons under it.

    Those of cards are left out, and those that say nothing new: a refusal tells what to write.
    """
    cards = tuple(replace(card, actions=()) for card in reply.cards)
    (bare,) = render(replace(reply, cards=cards, actions=(), more=None), "answer")
    lines = [
        _paragraph("button", f"{plain(action.label)}: {plain(action.line)}", 0)
        for action in (() if reply.refused else _below(reply))
        if action.label.lower() != action.line
    ]
    return _message([*bare["paragraphs"], *([_gap()] if lines else []), *lines])


def to_json(reply: Reply) -> dict[str, Any]:
    """An answer for other programs: the texts as the command gave them."""
    return {
        "title": reply.title,
        "text": reply.text,
        "refused": reply.refused,
        "cards": [
            {
                "paper_id": card.paper_id,
                "title": card.title,
                "url": card.url,
                "text": card.text,
                "fields": dict(card.fields),
                "footer": card.footer,
                "image_url": card.image_url,
                "actions": _as_json(card.actions),
            }
            for card in reply.cards
        ],
        "actions": _as_json(_below(reply)),
    }


def styled(payload: Payload, width: int, colour: bool) -> str:
    """A message as lines of at most ``width`` columns, with colours and hyperlinks if wanted."""
    lines: list[str] = []
    for paragraph in payload["paragraphs"]:
        indent = paragraph["indent"]
        style = paragraph["style"]
        text = paragraph["text"]
        wrapped = [text] if style == "link" else wrap(text, max(width - indent, 20))
        starts = [paragraph["mark"].ljust(indent), *[" " * indent] * (len(wrapped) - 1)]
        shown = [_coloured(line, style, paragraph["url"]) if colour else line for line in wrapped]
        lines += [(start + line).rstrip() for start, line in zip(starts, shown, strict=True)]
    return "\n".join(lines)


def wrap(text: str, width: int) -> list[str]:
    """Break at words, counting columns (wide characters take two); at least one line."""
    lines = [""]
    used = 0
    for word in text.split():
        for piece in _pieces(word, width):
            columns = _columns(piece)
            if used and used + 1 + columns <= width:
                lines[-1] += " " + piece
                used += 1 + columns
            else:
                lines += [piece] if used else []
                lines[-1] = piece
                used = columns
    return lines


def _columns(text: str) -> int:
    """At most: not every terminal joins an emoji that is made of several."""
    return sum(max(wcwidth(char), 0) for char in text)


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word in parts that fit."""
    piece = ""
    columns = 0
    for char in word:
        wide = _columns(char)
        if columns + wide > width:
            yield piece
            piece, columns = "", 0
        piece += char
        columns += wide
    yield piece


def _coloured(text: str, style: str, url: str | None) -> str:
    if url:  # OSC 8: terminals that know it make the text a link, others leave it out
        text = f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style in _STYLES and text else text


def _below(reply: Reply) -> list[Action]:
    """The buttons under an answer, not those of its cards."""
    return [*reply.actions, *([reply.more] if reply.more else [])]


def _ranked(reply: Reply) -> Iterator[tuple[int, Card]]:
    """Cards with their ranks; 0 for one that is alone."""
    ranked = enumerate(reply.cards, reply.first_rank)
    return ((rank if len(reply.cards) > 1 else 0, card) for rank, card in ranked)


def _card(card: Card, rank: int) -> list[Payload]:
    indent = INDENT if rank else 0
    paragraphs = [*_title(card, rank)]
    paragraphs += _lines("text", card.fields.get("authors", ""), AUTHORS_LIMIT, indent)
    paragraphs += _lines("facts", facts(card), TEXT_LIMIT, indent)
    paragraphs += _lines("text", card.text, CARD_TEXT_LIMIT, indent)
    for url in (card.url, card.fields.get("code", "")):
        if safe := _url(url):
            paragraphs.append(_paragraph("link", safe, indent, url=safe))
    return [*paragraphs, *_lines("facts", card.footer, TEXT_LIMIT, indent)]


def _title(card: Card, rank: int) -> Iterator[Payload]:
    text = shorten(plain(card.title) or plain(card.paper_id), TITLE_LIMIT).replace("\n", " ")
    mark = f"{rank:2}. " if rank else ""
    yield _paragraph("title", text, INDENT if rank else 0, mark=mark, url=_url(card.url))


def _buttons(actions: Sequence[Action], numbers: Iterator[int], ranked: bool) -> Iterable[Payload]:
    labels = [shorten(plain(action.label), LABEL_LIMIT).replace("\n", " ") for action in actions]
    said = "   ".join(f"[{next(numbers)}] {label}" for label in labels)
    return [_paragraph("button", said, INDENT if ranked else 0)] if said else []


def _lines(style: str, text: str, limit: int, indent: int = 0) -> Iterator[Payload]:
    for line in shorten(plain(text), limit).splitlines():
        if entry := _ENTRY.fullmatch(line):
            yield _paragraph(style, entry[2], indent + ENTRY_INDENT, mark=f"{entry[1]} ")
        else:
            yield _paragraph(style, line, indent)


def _gap() -> Payload:
    return _paragraph("gap", "", 0)


def _paragraph(
    style: str, text: str, indent: int, mark: str = "", url: str | None = None
) -> Payload:
    return {"style": style, "text": text, "indent": indent, "mark": mark, "url": url}


def _message(paragraphs: list[Payload]) -> Payload:
    first = 1 if paragraphs and paragraphs[0]["style"] == "gap" else 0
    return {"paragraphs": paragraphs[first:] or [_paragraph("text", "", 0)]}


def _url(url: str) -> str | None:
    """An address of the web that is safe inside an escape sequence, else None."""
    safe = url.startswith(("http://", "https://")) and url.isascii() and url.isprintable()
    return url if safe and " " not in url and len(url) <= URL_LIMIT else None


def _as_json(actions: Iterable[Action]) -> list[dict[str, str]]:
    return [{"label": action.label, "line": action.line} for action in actions]
