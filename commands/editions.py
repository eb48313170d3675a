"""What a subscription would post: its line's answer without what it posted before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from commands.model import Context, Reply
from commands.parse import parse
from storage.model import Subscription

SPARE = 40
"""Further cards to ask for, so that papers posted before do not leave gaps."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A reply ready to be posted; ``fresh`` is False where nothing in it is new."""

    reply: Reply
    fresh: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A subscribed line's answer with spare cards, and how many of them may be posted."""

    reply: Reply
    limit: int


def answer(ctx: Context, line: str, list_date: date | None = None) -> Answer:
    """Run a subscribed line, for the list of ``list_date`` where one is given.

    Raises UserError as any command does.
    """
    command, values = parse(line, ctx.commands, ctx.today)
    if list_date:
        values["date"] = list_date
    return Answer(command.run(replace(ctx, spare=SPARE), **values), values["limit"])


def compose(ctx: Context, one: Subscription) -> Composed:
    """What the subscription would post now."""
    found = answer(ctx, one.line)
    ids = [card.paper_id for card in found.reply.cards]
    seen = ctx.store.editions.posted([one.id], ids)[one.id]
    return cut(found, seen)


def cut(found: Answer, seen: Collection[str]) -> Composed:
    """Drop the papers ``seen`` before and keep as many as may be posted."""
    reply = found.reply
    cards = tuple(card for card in reply.cards if card.paper_id not in seen)[: found.limit]
    if cards:
        return Composed(replace(reply, cards=cards, more=None), fresh=True)
    text = f"Nothing new. {reply.text}" if reply.cards else reply.text
    return Composed(Reply(title=reply.title, text=text, list_date=reply.list_date), fresh=False)
