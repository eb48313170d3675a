"""Finding papers, and more like one."""

from __future__ import annotations

from typing import Annotated

from commands.cards import card, full_card, needs_index, resolve, taken_for
from commands.model import Action, Context, Hint, Limit, Missing, Page, Reply, UserError, command
from storage.ids import paper_id
from storage.model import Paper
from storage.search import MeaningError, Query, Results
from storage.search.text import words

_EXAMPLE = "difusion models"


@command(
    "search",
    help="Find papers by words, author or id; typos are fine.",
    examples=(
        f"search {_EXAMPLE}",
        "search author:lecun world model after:2022",
        'search "chain of thought" -survey has:code --limit 10',
        "search diffusion models cat:cs.CV --arxiv",
        "search difusion transfromers --explain",
        'search like:"merging adapters without training" after:2024',
    ),
)
def search(
    ctx: Context,
    query: Annotated[
        str,
        "words, author:name, after:2025-01, before:, cat:cs.CL, min:50, has:code, like:id, "
        '"phrase", -word',
        Hint(complete="paper"),
    ],
    limit: Limit = 5,
    page: Page = 1,
    arxiv: Annotated[bool, "ask arXiv instead of the catalogue; typos are not fine there"] = False,
    explain: Annotated[bool, "say how each paper has the words"] = False,
) -> Reply:
    if paper_id(query):
        paper = resolve(ctx, query)
        return Reply(title="", cards=(full_card(paper),))
    if arxiv:
        return _at_arxiv(ctx, query, limit, page)
    try:
        parsed = Query.parse(query)
    except ValueError as error:
        raise UserError(str(error)) from None
    if parsed == Query():
        raise UserError(f"“{query}” has no words to look for. For example: `search {_EXAMPLE}`.")
    start = (page - 1) * limit
    results = _found(ctx, parsed, limit + 1, start)
    papers = ctx.store.papers.many(hit.id for hit in results.hits[:limit])
    if not papers:
        needs_index(ctx)
        ask = Action("Ask arXiv", f"search {query} --arxiv")
        actions = (ask,) if page == 1 and not parsed.like else ()
        return Reply(title=f"No papers for “{query}”", text=_nothing(page), actions=actions)
    notes = [taken_for(results.corrected)]
    if results.meant:
        notes.append("No paper has most of these words; some here mean the same in others.")
    again = f"search {query} --limit {limit}{' --explain' if explain else ''}"
    return Reply(
        title=f"Papers for “{query}”",
        text=" ".join(filter(None, notes)),
        cards=tuple(
            card(paper, _why(ctx, parsed, paper) if explain else "") for paper in papers.values()
        ),
        more=Action("More", f"{again} --page {page + 1}", "update")
        if len(results.hits) > limit
        else None,
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
        needs_index(ctx)
        return Reply(title=f"Nothing in the catalogue is like “{base.title}” yet")
    return Reply(
        title=f"Related to “{base.title}”",
        cards=tuple(card(found) for found in papers.values()),
    )


def _at_arxiv(ctx: Context, query: str, limit: int, page: int) -> Reply:
    """What arXiv answers, best first; all of it is in the catalogue from then on."""
    if ctx.brought is None:
        raise Missing(query=query)
    start = (page - 1) * limit
    papers = ctx.store.papers.many(ctx.brought[start : start + limit])
    if not papers:
        text = (
            "There are no further ones." if page > 1 else "Check the spelling, or use fewer words."
        )
        return Reply(title=f"arXiv has no papers for “{query}”", text=text)
    more = Action("More", f"search {query} --arxiv --limit {limit} --page {page + 1}", "update")
    return Reply(
        title=f"Papers at arXiv for “{query}”",
        cards=tuple(card(paper) for paper in papers.values()),
        more=more if len(ctx.brought) > start + limit else None,
        first_rank=start + 1,
    )


def _found(ctx: Context, query: Query, limit: int, start: int) -> Results:
    if not query.like:
        return ctx.store.search.find(query, limit, start)
    base: Paper | str
    if paper_id(query.like):
        base = resolve(ctx, query.like)
    else:
        base = ctx.store.papers.get(query.like) or query.like
    try:
        return ctx.store.search.like(base, query, limit, start)
    except MeaningError as error:
        raise UserError(f"{error} A paper works without: `search like:1706.03762`.") from None


def _why(ctx: Context, query: Query, paper: Paper) -> str:
    """How the paper has the words of the query."""
    names = {word for author in paper.authors for word in words(author)}
    told = []
    for match in ctx.store.search.explain(query, paper.id):
        if match.read is None:
            told.append(f"nothing like “{match.typed}”")
            continue
        where = "title" if match.in_title else "authors" if match.read in names else "text"
        read = "" if match.read == match.typed else f" as “{match.read}”"
        told.append(f"“{match.typed}”{read} in the {where}")
    nothing_typed = "it is about the same" if query.like else "it passes the filters"
    return "; ".join(told) or nothing_typed


def _nothing(page: int) -> str:
    if page > 1:
        return "There are no further ones."
    return (
        "Try fewer words or filters. An arXiv id or address finds a paper that the catalogue "
        "lacks, for example: `search 1706.03762`."
    )
