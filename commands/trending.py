"""What rises now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from commands.cards import plural, short_date
from commands.daily import age, listing, no_list
from commands.model import Action, Context, Hint, Limit, Page, Reply, UserError, command
from storage.search import Query
from storage.trending import Rising, rising


@command(
    "trending",
    help="Papers that rise: votes so far plus those of the last 24 hours, over the last lists.",
    posts=True,
    examples=("trending", "trending 3 cat:cs.CL", "trending --limit 5 has:code min:20"),
)
def trending(
    ctx: Context,
    days: Annotated[int, "how many days back from the newest list", Hint(least=1, most=60)] = 7,
    limit: Limit = 10,
    filter: Annotated[str, "only those with these words, author:, cat:, min: or has:code"] = "",
    page: Page = 1,
) -> Reply:
    try:
        query = Query.parse(filter) if filter else None
    except ValueError as error:
        raise UserError(str(error)) from None
    newest = ctx.store.papers.newest_list(ctx.now.date())
    if newest is None:
        return no_list(ctx, None)
    papers = ctx.store.papers.listed(newest - timedelta(days=days - 1), newest)
    if query:
        papers = [paper for paper in papers if query.matches(paper)]
    if not papers:
        wider = Action("Look further back", f"trending {min(60, days * 4)} {filter}")
        text = f"No paper on the lists of {_span(days)} fits “{filter}”."
        return Reply(title="Nothing trending fits", text=text, actions=(wider,))
    points = ctx.store.papers.vote_points(
        [paper.id for paper in papers], ctx.now - timedelta(days=days)
    )
    ranked = rising(papers, points, ctx.now)
    return listing(
        ctx,
        title=f"Trending papers of {_span(days)}" + (f", {filter}" if filter else ""),
        papers=[rise.paper for rise in ranked],
        why=[_why(rise) for rise in ranked],
        notes=age(newest, ctx.now.date()),
        line=f"trending --days {days} {filter}".rstrip(),
        limit=limit,
        page=page,
    )


def _span(days: int) -> str:
    return f"the last {days} days" if days > 1 else "the newest list"


def _why(rise: Rising) -> str:
    if rise.gained:
        return f"+{plural(rise.gained, 'vote')} in {rise.hours} h"
    since = f" since {short_date(rise.paper.listed_on)}" if rise.paper.listed_on else ""
    return plural(rise.paper.upvotes or 0, "vote") + since
