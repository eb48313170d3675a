"""What rises now, and what has most votes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, TypeAlias

from commands.cards import plural, short_date
from commands.daily import age, listing, no_list
from commands.model import Action, Context, Hint, Limit, Page, Reply, UserError, command
from storage.model import Paper
from storage.search import Query
from storage.trending import HISTORY, Measure, Rising, rising

Days: TypeAlias = Annotated[int, "how many days back from the newest list", Hint(least=1, most=60)]
Filter: TypeAlias = Annotated[str, "only those with these words, author:, cat:, min: or has:code"]

_RANKED = {
    "votes": "By the votes they should gain in the next 24 hours, at their pace.",
    "stars": "By the stars that their code gained lately.",
    "comments": "By the comments that they gained lately.",
}


@command(
    "trending",
    help="Papers on the rise: those that should gain most votes in the next 24 hours.",
    posts=True,
    examples=("trending", "trending 3 cat:cs.CL", "trending --by stars --limit 5 min:20"),
)
def trending(
    ctx: Context,
    days: Days = 7,
    limit: Limit = 10,
    filter: Filter = "",
    page: Page = 1,
    by: Annotated[Literal["votes", "stars", "comments"], "what should rise"] = "votes",
) -> Reply:
    newest, papers = _listed(ctx, days, filter)
    if newest is None:
        return no_list(ctx, None)
    points = ctx.store.papers.vote_points([paper.id for paper in papers], ctx.now - HISTORY)
    ranked = rising(papers, points, ctx.now, by)
    line, lately = ("trending", "") if by == "votes" else (f"trending --by {by}", f" by {by}")
    if not ranked:
        return _nothing(ctx, line, days, filter)
    return listing(
        ctx,
        title=f"Trending papers of {_span(days)}{lately}" + (f", {filter}" if filter else ""),
        papers=[rise.paper for rise in ranked],
        why=[_why(rise, by) for rise in ranked],
        notes=[_RANKED[by], *age(newest, ctx.now.date())],
        line=f"{line} --days {days} {filter}".rstrip(),
        limit=limit,
        page=page,
    )


@command(
    "top",
    help="The papers with most votes on the lists of the last days.",
    posts=True,
    examples=("top", "top --days 30", "top 14 diffusion has:code --limit 5"),
)
def top(
    ctx: Context,
    days: Days = 7,
    limit: Limit = 10,
    filter: Filter = "",
    page: Page = 1,
) -> Reply:
    newest, papers = _listed(ctx, days, filter)
    if newest is None:
        return no_list(ctx, None)
    if not papers:
        return _nothing(ctx, "top", days, filter)
    return listing(
        ctx,
        title=f"Top papers of {_span(days)}" + (f", {filter}" if filter else ""),
        papers=papers,
        notes=age(newest, ctx.now.date()),
        line=f"top --days {days} {filter}".rstrip(),
        limit=limit,
        page=page,
    )


def _listed(ctx: Context, days: int, filter: str) -> tuple[date | None, list[Paper]]:
    """The newest list's day, and the papers of the lists up to it, most votes first."""
    try:
        query = Query.parse(filter) if filter else None
    except ValueError as error:
        raise UserError(str(error)) from None
    if query and query.like:
        raise UserError("like: compares meanings in `search`; a list takes words, cat: or author:.")
    newest = ctx.store.papers.newest_list(ctx.now.date())
    if newest is None:
        return None, []
    papers = ctx.store.papers.listed(newest - timedelta(days=days - 1), newest)
    return newest, [paper for paper in papers if query is None or query.matches(paper)]


def _nothing(ctx: Context, line: str, days: int, filter: str) -> Reply:
    wider = Action("Look further back", f"{line} --days {min(60, days * 4)} {filter}".rstrip())
    fits = f"fits “{filter}”" if filter else "has any"
    text = f"No paper on the lists of {_span(days)} {fits}."
    if "cat:" in filter and not any(paper.categories for paper in _listed(ctx, days, "")[1]):
        text += " Their categories are not known yet: arXiv tells them, once it is reached."
    return Reply(title="Nothing fits", text=text, actions=(wider,))


def _span(days: int) -> str:
    return f"the last {days} days" if days > 1 else "the newest list"


def _why(rise: Rising, by: Measure) -> str:
    gain, noun = rise.gain, by.removesuffix("s")
    if gain.gained:
        return f"+{plural(gain.gained, noun)} in {gain.hours} h"
    since = ""
    if by != "stars" and rise.paper.listed_on:  # code may be older than its paper
        since = f" since {short_date(rise.paper.listed_on)}"
    return plural(gain.total, noun) + since
