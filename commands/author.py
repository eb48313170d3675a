"""Who writes the papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from commands.cards import card, needs_index, plural, taken_for, written_by
from commands.model import Action, Context, Limit, Page, Reply, UserError, command
from storage.model import Paper
from storage.search import Query, Results
from storage.search.text import words
from storage.tally import Tally, tally

_MOST = 200
"""Papers by one name that are looked at for co-authors and topics."""
_CROWD = 100
"""Authors of a paper from which on it says nothing of who works with whom."""
_SHOWN = 5
_BUTTONS = 4
"""With More they fill one row on Discord."""


@command(
    "author",
    help="An author's papers, co-authors and topics.",
    examples=("author Yann LeCun", "author kaiming he --limit 10"),
)
def author(
    ctx: Context,
    name: Annotated[str, "a name or a part of one; the spelling may be a little off"],
    limit: Limit = 5,
    page: Page = 1,
) -> Reply:
    name = " ".join(name.replace('"', " ").split())
    try:
        query = Query.parse(f'author:"{name}"')
    except ValueError as error:
        raise UserError(str(error)) from None
    start = (page - 1) * limit
    results = ctx.store.search.find(query, _MOST if page == 1 else limit + 1, offset=start)
    papers = list(ctx.store.papers.many(hit.id for hit in results.hits).values())
    if not papers:
        needs_index(ctx)
        return _nobody(name, page)
    names, others = _people(papers, name, results)
    title = names[0].name if len(names) == 1 else f"“{name}”"
    return Reply(
        title=f"Papers by {title}",
        text="\n".join(_about(papers, names, others, results)) if page == 1 else "",
        cards=tuple(card(paper) for paper in papers[:limit]),
        actions=_buttons(names, others) if page == 1 else (),
        more=Action("More", f"{written_by(name).line} --limit {limit} --page {page + 1}", "update")
        if len(papers) > limit
        else None,
        first_rank=start + 1,
    )


def _people(
    papers: Sequence[Paper], name: str, results: Results
) -> tuple[list[Tally], list[Tally]]:
    """Who goes by ``name`` in these papers, and who wrote them with them."""
    read = dict(results.corrected)
    asked = {read.get(part, part) for part in words(name)}
    own, others = [], []
    for paper in papers:
        if 0 < len(paper.authors) < _CROWD:
            fit = [len(asked.intersection(words(author))) for author in paper.authors]
            best = fit.index(max(fit))
            own.append([paper.authors[best]])
            others.append([*paper.authors[:best], *paper.authors[best + 1 :]])
    return tally(own), tally(others)


def _about(
    papers: Sequence[Paper], names: Sequence[Tally], others: Sequence[Tally], results: Results
) -> Iterator[str]:
    known = plural(len(papers), "paper")
    yield f"{known if len(papers) < _MOST else f'{_MOST} or more papers'}, most votes first."
    if taken := taken_for(results.corrected):
        yield taken
    if len(names) > 1:
        yield f"By {_counts(names)}."
    if others:
        yield f"With {_counts(others)}."
    keywords = [paper.keywords for paper in papers]
    if about := tally(keywords) or tally([paper.categories for paper in papers]):
        yield f"On {_counts(about)}."


def _counts(tallies: Sequence[Tally]) -> str:
    return ", ".join(f"{one.name} ({one.papers:,})" for one in tallies[:_SHOWN])


def _buttons(names: Sequence[Tally], others: Sequence[Tally]) -> tuple[Action, ...]:
    """To each of several people of that name, and to those they write with."""
    several = names[: _BUTTONS - 1] if len(names) > 1 else []
    return tuple(written_by(one.name) for one in [*several, *others][:_BUTTONS])


def _nobody(name: str, page: int) -> Reply:
    if page > 1:
        return Reply(title=f"Papers by “{name}”", text="There are no further ones.")
    return Reply(
        title=f"No papers by “{name}”",
        text="A part of the name is enough, for example `author lecun`.",
        actions=(Action("Search", f"search {' '.join(words(name))}"),),
    )
