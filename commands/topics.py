"""What the papers of some days are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from commands.cards import plural
from commands.daily import age
from commands.model import Action, Context, Hint, Page, Reply, UserError, command
from storage.papers import Subjects
from storage.search.text import words
from storage.tally import Tally, tally

_BUTTONS = 4
"""With More they fill one row on Discord."""


@dataclass(frozen=True, slots=True)
class _Period:
    """The subjects of some days' papers and of as many days before, and what to say of them."""

    now: Sequence[Subjects]
    before: Sequence[Subjects]
    notes: Sequence[str]


@command(
    "topics",
    help="What the newest papers are about, and what is new about that.",
    examples=("topics", "topics --days 30", "topics 14 --limit 30"),
)
def topics(
    ctx: Context,
    days: Annotated[int, "how many days back from the newest list", Hint(least=1, most=90)] = 7,
    limit: Annotated[int, "how many topics", Hint(least=1, most=50)] = 15,
    page: Page = 1,
) -> Reply:
    period = _listed(ctx, days) or _published(ctx, days)
    found = tally([one.keywords for one in period.now], [one.keywords for one in period.before])
    notes = list(period.notes)
    search = _search
    if not found:
        now, before = ([one.categories for one in part] for part in (period.now, period.before))
        found = tally(now, before)
        search = "search cat:{}".format
        notes.append("None of them has keywords, so these are their arXiv categories.")
    if not found:
        return Reply(
            title="No topics yet",
            text="Neither keywords nor categories are known of the newest papers.",
        )
    start = (page - 1) * limit
    shown = found[start : start + limit]
    if not shown:
        raise UserError(f"There are only {plural(len(found), 'topic')}; page {page} is empty.")
    against = (
        f"; changes are against the {len(period.before):,} of the {plural(days, 'day')} before"
    )
    compared = against if period.before else ""
    lines = [f"Of {plural(len(period.now), 'paper')}{compared}.", *notes, ""]
    lines += [_line(topic, bool(period.before)) for topic in shown]
    more = Action("More", f"topics --days {days} --limit {limit} --page {page + 1}", "update")
    return Reply(
        title=f"Topics of the last {plural(days, 'day')}" if days > 1 else "Topics of the day",
        text="\n".join(lines),
        actions=tuple(Action(topic.name, search(topic.name)) for topic in shown[:_BUTTONS]),
        more=more if start + limit < len(found) else None,
    )


def _listed(ctx: Context, days: int) -> _Period | None:
    """The lists' papers; None where there is no list."""
    papers = ctx.store.papers
    newest = papers.newest_list(ctx.now.date())
    if newest is None:
        return None
    first = newest - timedelta(days=days - 1)
    return _Period(
        papers.listed_subjects(first, newest),
        papers.listed_subjects(first - timedelta(days=days), first - timedelta(days=1)),
        age(newest, ctx.now.date()),
    )


def _published(ctx: Context, days: int) -> _Period:
    """The papers published last, in a catalogue without lists."""
    papers = ctx.store.papers
    newest = papers.newest_published(ctx.now)
    if newest is None:
        return _Period((), (), ())
    start = newest - timedelta(days=days)
    return _Period(
        papers.published_subjects(start, newest),
        papers.published_subjects(start - timedelta(days=days), start),
        ["There is no daily list yet; these are the papers published last."],
    )


def _search(topic: str) -> str:
    """Without marks that a query would take for its own."""
    return f"search {' '.join(words(topic))}"


def _line(topic: Tally, compared: bool) -> str:
    parts = [topic.name, plural(topic.papers, "paper")]
    if compared:
        change = f"{topic.change:+}" if topic.change else "±0"
        parts.append(change if topic.before else "new")
    return " · ".join(parts)
