"""Replies as Slack messages.  Pure.

A card is its linked title with authors and code, one sentence with a thumbnail, the facts in
grey, and its buttons.  The header of a thread lists the titles by rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from adapters.base import RenderAs
from adapters.slack.blocks import (
    BLOCKS_LIMIT,
    BUTTONS_IN_ROW,
    PARAGRAPH_LIMIT,
    WEIGHT_LIMIT,
    Block,
    Element,
    address,
    buttons,
    context,
    header,
    link,
    message,
    paragraph,
    prose,
    ranked,
    styled,
    weight,
    words,
)
from adapters.text import facts, one_line, plain, shorten
from commands.model import Card, Reply
from storage.model import Payload

TITLE_LIMIT = 300
TITLE_IN_LIST_LIMIT = 150
TEXT_LIMIT = 3_000
CARD_TEXT_LIMIT = 400
"""A card among others; alone it may fill a section."""
LINE_LIMIT = 300
"""Authors, facts and footer of a card."""
PAPERS_IN_HEADER = 25
_CARD_BLOCKS = BLOCKS_LIMIT - 2
"""One block opens an answer, another closes it."""
_HEADER_WEIGHT = WEIGHT_LIMIT - 1_000
"""Of a header before its last lines and buttons."""

Part: TypeAlias = tuple[str, list[Block]]
"""What a notification calls it, and how it looks."""


def render(reply: Reply, layout: RenderAs) -> list[Payload]:
    """The messages of a reply."""
    if layout == "answer":
        return _answer(reply)
    cards = [] if layout == "compact" else _cards(reply)
    parts = [[card] for card in cards] if layout == "per-paper" else _packed(cards, 0, 0)
    return [_header(reply, layout), *(_message(part) for part in parts if part)]


def unfurled(card: Card) -> list[Block]:
    """A paper under a link to it: small, without pictures and buttons."""
    text = shorten(plain(card.text), CARD_TEXT_LIMIT)
    said = [text] if text else []
    return [_title(card), *map(prose, said), *_facts(card)]


def shared(payload: Payload, user: str) -> Payload:
    """A message with a line above it that says who shows it to all."""
    by = {"type": "mrkdwn", "text": f"Shared by <@{user}>"}
    above = {"type": "context", "elements": [by]}
    return {**payload, "blocks": [above, *payload["blocks"]][:BLOCKS_LIMIT]}


def speech(text: str, title: str = "") -> Payload:
    """A short text of the bot's own, with its code and channels."""
    return message(_opening(title, text), f"{title} {text}")


def _header(reply: Reply, layout: RenderAs) -> Payload:
    title = one_line(reply.title, TITLE_LIMIT)
    said = shorten(plain(reply.text), TEXT_LIMIT)
    blocks = [header(title)] if title else []
    blocks += [paragraph(*styled(said))] if said else []
    listed: list[list[Element]] = []
    room = _HEADER_WEIGHT - weight(blocks)
    for card in reply.cards[:PAPERS_IN_HEADER]:
        item = _listed(card)
        room -= weight(item)
        if room < 0:
            break
        listed.append(item)
    blocks += [ranked(listed, reply.first_rank)] if listed else []
    if unlisted := len(reply.cards) - len(listed):
        where = "in the list" if layout == "compact" else "in the thread"
        blocks.append(context(f"{unlisted} more {where}."))
    if reply.open_until and layout != "compact":
        blocks.append(_open(reply))
    blocks += buttons(reply.actions)
    titles = " · ".join(one_line(card.title, TITLE_IN_LIST_LIMIT) for card in reply.cards[:3])
    fallback = ": ".join(filter(None, [title, titles or said]))
    return message(blocks or [paragraph(words("No papers."))], fallback)


def _listed(card: Card) -> list[Element]:
    votes = one_line(card.fields.get("votes", ""), 12)
    title = link(address(card.url), _name(card, TITLE_IN_LIST_LIMIT))
    return [title, *([words(f"  ▲ {votes}")] if votes else [])]


def _open(reply: Reply) -> Block:
    """Until when the list grows, in the reader's own time."""
    assert reply.open_until
    until = {
        "type": "date",
        "timestamp": int(reply.open_until.timestamp()),
        "format": "{date_short_pretty}, {time}",
        "fallback": f"{reply.open_until:%H:%M} UTC",
    }
    before = words("Papers that join the list until ", italic=True)
    return paragraph(before, until, words(" come into the thread.", italic=True))


def _answer(reply: Reply) -> list[Payload]:
    opening = _opening(reply.title, reply.text)
    if not (opening or reply.cards):
        opening = [paragraph(words("There is nothing to say."))]
    actions = reply.actions[: BUTTONS_IN_ROW - bool(reply.more)]
    closing = buttons([*actions, *([reply.more] if reply.more else [])])
    parts = _packed(_cards(reply), weight(opening), weight(closing))
    if opening:
        parts[0].insert(0, (f"{reply.title} {reply.text}", opening))
    parts[-1].append(("", closing))
    return [_message(part) for part in parts]


def _opening(title: str, text: str) -> list[Block]:
    """A bold title over the text, in one block."""
    title = one_line(title, TITLE_LIMIT)
    heading = [words(title, bold=True)] if title else []
    said = styled(shorten(plain(text), TEXT_LIMIT))
    between = [words("\n")] if heading and said else []
    elements = [*heading, *between, *said]
    return [paragraph(*elements)] if elements else []


def _message(parts: Sequence[Part]) -> Payload:
    blocks = [block for _, part in parts for block in part]
    return message(blocks, " · ".join(name for name, _ in parts if name))


def _packed(cards: Sequence[Part], before: int, after: int) -> list[list[Part]]:
    """Cards in as few messages as the limits allow, at least one.

    ``before`` and ``after`` is the weight of what the first and the last message hold beside them.
    """
    packed: list[list[Part]] = [[]]
    room, blocks = WEIGHT_LIMIT - before - after, _CARD_BLOCKS
    for card in cards:
        heavy, many = weight(card[1]), len(card[1])
        if packed[-1] and (heavy > room or many > blocks):
            packed.append([])
            room, blocks = WEIGHT_LIMIT - after, _CARD_BLOCKS
        packed[-1].append(card)
        room, blocks = room - heavy, blocks - many
    return packed


def _cards(reply: Reply) -> list[Part]:
    if len(reply.cards) == 1:
        return [_card(reply.cards[0], None)]
    return [_card(card, rank) for rank, card in enumerate(reply.cards, reply.first_rank)]


def _card(card: Card, rank: int | None) -> Part:
    name = _name(card, TITLE_LIMIT)
    text = shorten(plain(card.text), CARD_TEXT_LIMIT if rank else PARAGRAPH_LIMIT)
    said = [prose(text, address(card.image_url), name)] if text else []
    return name, [_title(card, rank), *said, *_facts(card), *buttons(card.actions)]


def _title(card: Card, rank: int | None = None) -> Block:
    """``3. Title`` over the authors and the link to the code."""
    number = [words(f"{rank}. ", bold=True)] if rank else []
    below: list[Element] = []
    if authors := one_line(card.fields.get("authors", ""), LINE_LIMIT):
        below.append(words(f"\n{authors}"))
    if code := address(card.fields.get("code")):
        below += [words(" · " if below else "\n"), link(code, "code")]
    title = link(address(card.url), _name(card, TITLE_LIMIT), bold=True)
    return paragraph(*number, title, *below)


def _facts(card: Card) -> list[Block]:
    known = filter(None, [shorten(facts(card), LINE_LIMIT), one_line(card.footer, LINE_LIMIT)])
    said = " · ".join(known)
    return [context(said)] if said else []


def _name(card: Card, limit: int) -> str:
    return one_line(card.title, limit) or one_line(card.paper_id, limit) or "Untitled"
