"""Replies as Discord messages.  Pure.

A card is an embed: its linked title, authors and code, the text with a thumbnail, the facts as
footer.  A single card has its buttons, several have one menu.  The header of a thread lists the
titles by rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.base import RenderAs
from adapters.discord.markup import (
    DESCRIPTION_LIMIT,
    EMBEDS_LIMIT,
    FOOTER_LIMIT,
    NAME_LIMIT,
    ROWS_LIMIT,
    TITLE_LIMIT,
    WEIGHT_LIMIT,
    Embed,
    Row,
    address,
    buttons,
    embed,
    heading,
    link,
    message,
    select,
    styled,
    weight,
    written,
)
from adapters.text import facts, one_line
from commands.model import Action, Card, Reply
from storage.model import Payload

TEXT_LIMIT = 3_000
CARD_TEXT_LIMIT = 400
"""A card among others; alone it may fill an embed."""
SMALL_TEXT_LIMIT = 120
"""A card among more than MANY."""
MANY = 20
AUTHORS_LIMIT = 300
TITLE_IN_LIST_LIMIT = 150
CODE_URL_LIMIT = 200
PAPERS_IN_HEADER = 25
MESSAGES_LIMIT = 6
"""Of an answer: the first and five that follow, which is what an interaction allows."""
_HEADER_ROOM = DESCRIPTION_LIMIT - 300
"""Of a header's text before its last lines."""


@dataclass(frozen=True, slots=True)
class Part:
    """A card and how it looks."""

    card: Card
    rank: int
    embed: Embed


def render(reply: Reply, layout: RenderAs) -> list[Payload]:
    """The messages of a reply.

    Those of a thread carry its name as ``thread_name``, which is not sent with them.
    """
    if layout == "answer":
        return _answer(reply)
    name = one_line(reply.title, NAME_LIMIT) or "Papers"
    parts = [] if layout == "compact" else _parts(reply, CARD_TEXT_LIMIT)
    packed = [[part] for part in parts] if layout == "per-paper" else _packed(parts, 0)
    messages = [_header(reply, layout), *(_cards(group) for group in packed if group)]
    return [{**message, "thread_name": name} for message in messages]


def speech(text: str, title: str = "") -> Payload:
    """A short text of the bot's own, with its code and channels."""
    return message([_opening(title, text) or embed("There is nothing to say.")], [])


def shared(payload: Payload, user: str) -> Payload:
    """A message with a line above it that says who shows it to all."""
    return {**payload, "content": f"Shared by <@{user}>"}


def _header(reply: Reply, layout: RenderAs) -> Payload:
    said = [heading(reply.title), styled(reply.text, TEXT_LIMIT)]
    room = _HEADER_ROOM - sum(map(len, said))
    listed: list[str] = []
    for rank, card in enumerate(reply.cards[:PAPERS_IN_HEADER], reply.first_rank):
        item = _listed(card, rank)
        room -= len(item) + 1
        if room < 0:
            break
        listed.append(item)
    said += listed
    if unlisted := len(reply.cards) - len(listed):
        said.append(f"{unlisted} more {'in the list' if layout == 'compact' else 'in the thread'}.")
    if reply.open_until and layout != "compact":
        until = int(reply.open_until.timestamp())
        said.append(f"*Papers that join the list until <t:{until}:f> come into the thread.*")
    cards = [_option(card, rank) for rank, card in enumerate(reply.cards, reply.first_rank)]
    menu = select([one for one in cards if one]) if layout == "compact" else []
    rows = buttons(reply.actions, ROWS_LIMIT - len(menu))
    return message([embed(*said) if any(said) else embed("No papers.")], [*menu, *rows])


def _listed(card: Card, rank: int) -> str:
    votes = one_line(card.fields.get("votes", ""), 12)
    title = link(address(card.url), written(_name(card), TITLE_IN_LIST_LIMIT))
    return f"{rank}. {title}" + (f" ▲ {written(votes, 24)}" if votes else "")


def _answer(reply: Reply) -> list[Payload]:
    opening = _opening(reply.title, reply.text)
    if not (opening or reply.cards):
        opening = embed("There is nothing to say.")
    small = SMALL_TEXT_LIMIT if len(reply.cards) > MANY else CARD_TEXT_LIMIT
    packed = _packed(_parts(reply, small), weight(opening) if opening else 0)
    kept = packed[:MESSAGES_LIMIT]
    messages = [_cards(parts) for parts in kept]
    if opening:
        messages[0]["embeds"].insert(0, opening)
    last = messages[-1]
    actions = [*([reply.more] if reply.more else []), *reply.actions]
    last["components"] = _together(last["components"], kept[-1], actions)
    if left := sum(map(len, packed[MESSAGES_LIMIT:])):
        last["content"] = f"{left} more do not fit here. Ask for fewer at once, with `limit`."
    return messages


def _together(rows: list[Row], parts: Sequence[Part], actions: Sequence[Action]) -> list[Row]:
    """The rows of a message with the reply's own buttons in it, none of them twice."""
    if len(parts) == 1:
        own = [*parts[0].card.actions[: 4 * ROWS_LIMIT], *actions]
        return buttons(own, ROWS_LIMIT)
    return [*rows, *buttons(actions, ROWS_LIMIT - len(rows))]


def _opening(title: str, text: str) -> Embed | None:
    said = [heading(title), styled(text, TEXT_LIMIT)]
    return embed(*said) if any(said) else None


def _cards(parts: Sequence[Part]) -> Payload:
    """One message with these cards; without any it is still to be filled."""
    embeds = [part.embed for part in parts]
    if len(parts) == 1:
        return message(embeds, buttons(parts[0].card.actions, ROWS_LIMIT))
    options = [_option(part.card, part.rank) for part in parts]
    return message(embeds, select([one for one in options if one]))


def _option(card: Card, rank: int) -> tuple[str, Action, str] | None:
    if not card.actions:
        return None
    return f"{rank}. {_name(card)}", card.actions[0], one_line(facts(card), 100)


def _packed(parts: Sequence[Part], before: int) -> list[list[Part]]:
    """Cards in as few messages as the limits allow, at least one.

    ``before`` is the weight of what the first message holds beside them.
    """
    packed: list[list[Part]] = [[]]
    room, places = WEIGHT_LIMIT - before, EMBEDS_LIMIT - bool(before)
    for part in parts:
        heavy = weight(part.embed)
        if heavy > room or not places:
            packed.append([])
            room, places = WEIGHT_LIMIT, EMBEDS_LIMIT
        packed[-1].append(part)
        room, places = room - heavy, places - 1
    if not packed[0] and not before:
        packed = packed[1:] or packed
    return packed


def _parts(reply: Reply, limit: int) -> list[Part]:
    if len(reply.cards) == 1:
        card = reply.cards[0]
        return [Part(card, reply.first_rank, _card(card, None, DESCRIPTION_LIMIT - 500))]
    return [
        Part(card, rank, _card(card, rank, limit))
        for rank, card in enumerate(reply.cards, reply.first_rank)
    ]


def _card(card: Card, rank: int | None, limit: int) -> Embed:
    url = address(card.url)
    number = f"{rank}. " if rank else ""
    title = number + written(_name(card), TITLE_LIMIT - len(number))
    authors = written(one_line(card.fields.get("authors", ""), AUTHORS_LIMIT), AUTHORS_LIMIT)
    code = address(card.fields.get("code"))
    code = code if code and len(code) <= CODE_URL_LIMIT else None
    by = " · ".join(filter(None, [authors, link(code, "code") if code else ""]))
    known = [one_line(facts(card), FOOTER_LIMIT), one_line(card.footer, FOOTER_LIMIT)]
    footer = one_line(" · ".join(filter(None, known)), FOOTER_LIMIT)
    image = address(card.image_url)
    return embed(
        "" if url else f"**{title}**",
        by,
        written(card.text, limit),
        # A title without an address would lead to where the mark is put.
        title=title if url else "",
        url=url,
        thumbnail={"url": image} if image else None,
        footer={"text": footer} if footer else None,
    )


def _name(card: Card) -> str:
    return one_line(card.title, TITLE_LIMIT) or one_line(card.paper_id, TITLE_LIMIT) or "Untitled"
