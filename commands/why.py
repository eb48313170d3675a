"""Why a paper was posted, or was not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from commands.cards import resolve, short_date
from commands.editions import answer
from commands.model import Action, Context, Hint, Reply, UserError, command
from commands.parse import parse
from commands.subscriptions import describe, last_post, next_post
from storage.ledger import Fate
from storage.model import Paper, Subscription
from storage.search import Query


@command(
    "why",
    help="Why a paper was posted in this channel, or was not.",
    examples=("why 1706.03762", "why attention is all you need"),
)
def why(
    ctx: Context,
    paper: Annotated[str, "arXiv id, address or words of the title", Hint(complete="paper")],
) -> Reply:
    found = resolve(ctx, paper)
    here = [one for one in ctx.store.subscriptions.of_team(ctx.team) if one.target == ctx.target]
    if not here:
        return Reply(
            title=f"“{found.title}” was not posted here",
            text="This channel is subscribed to nothing. "
            "For example: `subscribe trending --limit 5 at 09:00 on weekdays`.",
            actions=(Action("Subscriptions", "subscriptions"),),
        )
    paragraphs = [f"{describe(one)}\n{' '.join(_reasons(ctx, one, found))}" for one in here]
    return Reply(
        title=f"“{found.title}” in this channel",
        text="\n\n".join(paragraphs),
        actions=(Action("The paper", f"show {found.id}"),),
    )


def _reasons(ctx: Context, one: Subscription, paper: Paper) -> Iterator[str]:
    if fate := ctx.store.ledger.fate(ctx.team, one.id, paper.id):
        yield _posted(one, fate)
        return
    yield "Not posted."
    if one.paused:
        yield f"It is paused: {one.paused}"
        return
    yield _rank(ctx, one, paper)
    record = ctx.store.subscriptions.last_record(ctx.team, one.id)
    if record and not record.sent_at:
        yield last_post(one, record)


def _posted(one: Subscription, fate: Fate) -> str:
    day = short_date(fate.on)
    because = f" ({fate.error})" if fate.error else ""
    if fate.sent_at:
        at = f"{fate.sent_at.astimezone(one.zone):%H:%M}"
        return f"Posted on {day} at {at}; no paper is posted twice."
    if fate.state == "unknown":
        return f"It may or may not have been posted on {day}{because}, and is not posted again."
    return f"It is in the edition of {day}, which waits to be sent{because}."


def _rank(ctx: Context, one: Subscription, paper: Paper) -> str:
    """Where the line's answer has the paper now."""
    try:
        found = answer(ctx, one.line)
    except UserError as error:
        return f"Its line cannot be answered now: {error}"
    ids = [card.paper_id for card in found.reply.cards]
    seen = ctx.store.editions.posted([one.id], ids)[one.id]
    waiting = [id for id in ids if id not in seen]
    if paper.id not in waiting:
        return _absent(ctx, one, paper, len(ids))
    place = waiting.index(paper.id) + 1
    if place <= found.limit:
        return f"It would be number {place} now; not yet due. Next: {next_post(one)}."
    return (
        f"It is number {place} of those not posted yet, and a post takes {found.limit}. "
        f"Next: {next_post(one)}."
    )


def _absent(ctx: Context, one: Subscription, paper: Paper, shown: int) -> str:
    _, values = parse(one.line, ctx.commands, ctx.today)
    words = values.get("filter")
    if words and not Query.parse(words).matches(paper):
        return f"The filter `{words}` leaves it out."
    if paper.listed_on is None:
        return "It stood on no daily list, and posts are made from those."
    return (
        f"It is not among the first {shown} of `{one.line}` now; "
        f"it was listed on {short_date(paper.listed_on)}."
    )
