"""The lists of a day, a week and a month."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta
from typing import Annotated

from commands.cards import card, long_date, plural, short_date
from commands.model import Action, Context, Limit, Page, Reply, UserError, command
from storage.model import Paper

CLOSES = dt.time(2, 30, tzinfo=UTC)
"""When the list of the day before has stopped growing: 01:30 UTC in summer, 02:30 in winter."""
_STALE = timedelta(days=3)


@command(
    "today",
    help="The newest daily list, or that of a date, most votes first.",
    posts=True,
    examples=("today", "today yesterday", "today 2026-06-30 --limit 5"),
)
def today(
    ctx: Context,
    date: Annotated[date | None, "which day's list; the newest by itself"] = None,
    limit: Limit = 10,
    page: Page = 1,
) -> Reply:
    newest = ctx.store.papers.newest_list(ctx.now.date())
    on = date or newest
    papers = ctx.store.papers.listed(on, on) if on else []
    if on is None or not papers:
        return no_list(ctx, on)
    closes = dt.datetime.combine(on + timedelta(days=1), CLOSES)
    notes = [] if date else age(on, ctx.now.date())
    if ctx.now < closes and not ctx.store.papers.has_sample():
        notes.append("The list still grows until about 02:00 UTC.")
    return listing(
        ctx,
        title=f"Papers of {long_date(on)}",
        papers=papers,
        notes=notes,
        line=f"today {on}",
        limit=limit,
        page=page,
        list_date=on,
        open_until=closes if ctx.now < closes else None,
    )


@command(
    "week",
    help="The papers of a week's lists, most votes first.",
    posts=True,
    examples=("week", "week 2026-W26", "week 2026-06-30 --limit 20"),
)
def week(
    ctx: Context,
    date: Annotated[
        date | None,
        "a day of the week, or 2026-W26; by itself the newest, and on Monday the one before",
    ] = None,
    limit: Limit = 10,
    page: Page = 1,
) -> Reply:
    on = date or _newest(ctx, lambda day: day.weekday() == 0)
    if on is None:
        return no_list(ctx, on)
    first = on - timedelta(days=on.weekday())
    last = first + timedelta(days=6)
    when = f"the week {short_date(first)} – {short_date(last)}"
    return _lists(ctx, when, first, last, "week", limit, page)


@command(
    "month",
    help="The papers of a month's lists, most votes first.",
    posts=True,
    examples=("month", "month 2026-06", "month 2026-06 --limit 20"),
)
def month(
    ctx: Context,
    date: Annotated[
        date | None,
        "a day of the month, or 2026-06; by itself the newest, and on the 1st the one before",
    ] = None,
    limit: Limit = 10,
    page: Page = 1,
) -> Reply:
    on = date or _newest(ctx, lambda day: day.day == 1)
    if on is None:
        return no_list(ctx, on)
    first = on.replace(day=1)
    last = on.replace(day=calendar.monthrange(on.year, on.month)[1])
    return _lists(ctx, f"{first:%B %Y}", first, last, "month", limit, page)


def _newest(ctx: Context, begins: Callable[[date], bool]) -> date | None:
    """The newest list's day, or the one's before where that only ``begins`` its week or month.

    So a post on Mondays, or on the 1st, has all of the time that is over.
    """
    newest = ctx.store.papers.newest_list(ctx.now.date())
    if newest is None or not begins(newest):
        return newest
    return ctx.store.papers.newest_list(newest - timedelta(days=1)) or newest


def _lists(
    ctx: Context, when: str, first: date, last: date, name: str, limit: int, page: int
) -> Reply:
    papers = ctx.store.papers.listed(first, last)
    if not papers:
        return no_list(ctx, first, when, name)
    return listing(
        ctx,
        title=f"Papers of {when}",
        papers=papers,
        notes=[],
        line=f"{name} {first}",
        limit=limit,
        page=page,
    )


def listing(
    ctx: Context,
    *,
    title: str,
    papers: Sequence[Paper],
    notes: Sequence[str],
    line: str,
    limit: int,
    page: int,
    why: Sequence[str] = (),
    list_date: date | None = None,
    open_until: dt.datetime | None = None,
) -> Reply:
    """One page of a ranked list; on the first page ``ctx.spare`` further cards."""
    start = (page - 1) * limit
    if start >= len(papers):
        raise UserError(f"“{title}” has only {plural(len(papers), 'paper')}; page {page} is empty.")
    end = start + limit
    reasons = list(why) or [""] * len(papers)
    shown = zip(papers[start : end + ctx.spare], reasons[start : end + ctx.spare], strict=True)
    text = [f"{plural(len(papers), 'paper')}, most votes first."] if not why else []
    if ctx.store.papers.has_sample():
        text.append("This is the bundled sample; it makes way for the first real list.")
    more = Action("More", f"{line} --limit {limit} --page {page + 1}", "update")
    return Reply(
        title=title,
        text=" ".join([*text, *notes]),
        cards=tuple(card(paper, reason) for paper, reason in shown),
        more=more if end < len(papers) else None,
        first_rank=start + 1,
        list_date=list_date,
        open_until=open_until,
    )


def age(on: date, now: date) -> list[str]:
    """What to say of a newest list that is not today's."""
    if on >= now:
        return []
    if now - on > _STALE:
        return [f"Note that the newest list is {plural((now - on).days, 'day')} old."]
    if now.weekday() >= 5:
        return [f"There is no list on {now:%A}s; the newest is {on:%A}'s."]
    return [f"There is no list for {now:%A} yet; the newest is {on:%A}'s."]


def no_list(ctx: Context, on: date | None, when: str = "", name: str = "today") -> Reply:
    """The answer where there is no list ``on`` that day, or none at all.

    Or in a longer time that begins ``on`` that day and is called ``when``; ``name`` is the command
    that was asked.
    """
    newest = ctx.store.papers.newest_list(ctx.now.date())
    if on is None or newest is None:
        return Reply(
            title="There is no daily list yet",
            text="paperbot fetches the newest ones while it runs (`make run`); "
            "`paperbot import` takes them from files.",
        )
    none = f"No lists in {when}" if when else f"No list of {long_date(on)}"
    if on > ctx.now.date():
        text = f"That is still to come. The newest list is of {long_date(newest)}."
        return Reply(title=f"{none} yet", text=text)
    weekend = on.weekday() >= 5 and not when
    note = "There are no lists on Saturdays and Sundays. " if weekend else ""
    nearest = ctx.store.papers.newest_list(on) or newest
    return Reply(
        title=none,
        text=f"{note}The nearest in the catalogue is of {long_date(nearest)}.",
        actions=(Action(short_date(nearest), f"{name} {nearest}"),),
    )
