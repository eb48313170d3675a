"""Finding papers, and more like one."""

from __future__ import annotations

from typing import Annotated

from commands.cards import card, full_card, resolve
from commands.model import Action, Context, Hint, Limit, Page, Reply, UserError, command
from storage.ids import paper_id
from storage.search import Query


@command(
    "search",
    help="Find papers by words, author or id; typos are fine.",
    examples=(
        "search difusion models",
        "search author:lecun world model after:2022",
        'search "chain of thought" -survey has:code --limit 10',
    ),
)
def search(
    ctx: Context,
    query: Annotated[
        str,
        'words, author:name, after:2025-01, before:, cat:cs.CL, min:50, has:code, "phrase", -word',
        Hint(complete="paper"),
    ],
    limit: Limit = 5,
    page: Page = 1,
) -> Reply:
    if paper_id(query):
        paper = resolve(ctx, query)
        return Reply(title="", cards=(full_card(paper),))
    try:
        parsed = Query.parse(query)
    except ValueError as error:
        raise UserError(str(error)) from None
    start = (page - 1) * limit
    results = ctx.store.search.find(parsed, limit + 1, offset=start)
    papers = ctx.store.papers.many(hit.id for hit in results.hits[:limit])
    if not papers:
        return Reply(title=f"No papers for “{query}”", text=_nothing(page))
    taken = "; ".join(f"“{typed}” as “{word}”" for typed, word in results.corrected)
    more = Action("More", f"search {query} --limit {limit} --page {page + 1}", "update")
    return Reply(
        title=f"Papers for “{query}”",
        text=f"Taking {taken}." if taken else "",
        cards=tuple(card(paper) for paper in papers.values()),
        more=more if len(results.hits) > limit else None,
        first_rank=start + 1,
    )


@command(
    "related",
    help="Papers like this one.",
    examples=("related 1706.03762", "related attention is all you need --limit 10"),
)
def related(
    ctx: Context,
    paper: Annotated[str, "arXiv id, address or words of the title", Hint(complete="paper")],
    limit: Limit = 5,
) -> Reply:
    base = resolve(ctx, paper)
    hits = ctx.store.search.related(base, limit)
    papers = ctx.store.papers.many(hit.id for hit in hits)
    if not papers:
        return Reply(title=f"Nothing in the catalogue is like “{base.title}” yet")
    return Reply(
        title=f"Related to “{base.title}”",
        cards=tuple(card(found) for found in papers.values()),
    )


def _nothing(page: int) -> str:
    if page > 1:
        return "There are no further ones."
    return (
        "Try fewer words or filters. An arXiv id or address finds a paper that the catalogue "
        "lacks, for example: `search 1706.03762`."
    )
