"""How a paper looks as a card, the same for every platform."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from commands.model import Action, Card, Context, Missing, UserError
from storage.ids import paper_id
from storage.model import SAMPLE, Paper
from storage.search import Query

_AUTHORS = 3
_KEYWORDS = 5
_NAMED = 0.4
"""Of a hit's score: below it the words only brush the paper, and do not name it."""


def url_of(paper: Paper) -> str:
    """The paper's page: on the Hub where it is listed there, else on arXiv, else its own."""
    if paper_id(paper.id) is None:
        return paper.links[0] if paper.links else ""
    on_hub = paper.listed_on and paper.source != SAMPLE
    site = "https://huggingface.co/papers" if on_hub else "https://arxiv.org/abs"
    return f"{site}/{paper.id}"


def long_date(day: date) -> str:
    """``Tuesday 30 June 2026``."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def short_date(day: date) -> str:
    """``30 Jun 2026``."""
    return f"{day.day} {day:%b %Y}"


def plural(count: int, noun: str) -> str:
    """``1 paper``, ``2,000 papers``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def card(paper: Paper, why: str = "") -> Card:
    """The card in a list: one sentence, the first authors, what counts."""
    authors = ", ".join(paper.authors[:_AUTHORS])
    if len(paper.authors) > _AUTHORS:
        authors += f" + {len(paper.authors) - _AUTHORS}"
    return Card(
        paper_id=paper.id,
        title=paper.title,
        url=url_of(paper),
        text=_notice(paper) + (paper.summary or _first_sentence(paper.abstract or "")),
        fields=_fields(paper, authors, why),
        image_url=paper.thumbnail_url,
        actions=(
            Action("Abstract", f"show {paper.id}"),
            Action("Related", f"related {paper.id}"),
            Action("Share", f"show {paper.id}", "share"),
        ),
    )


def full_card(paper: Paper) -> Card:
    """The paper's own page: all authors, the whole abstract, everything known."""
    footer = [paper.id + (f"v{paper.version}" if paper.version else "")]
    footer += [" ".join(paper.categories)] if paper.categories else []
    footer += [f"doi:{paper.doi}"] if paper.doi else []
    footer += [f"listed {short_date(paper.listed_on)}"] if paper.listed_on else []
    return Card(
        paper_id=paper.id,
        title=paper.title,
        url=url_of(paper),
        text=_notice(paper) + (paper.abstract or paper.summary or "No abstract is known."),
        fields=_fields(paper, ", ".join(paper.authors)),
        footer=" · ".join(footer),
        image_url=paper.thumbnail_url,
        actions=(
            Action("Related", f"related {paper.id}"),
            Action("Share", f"show {paper.id}", "share"),
            *map(written_by, dict.fromkeys([*paper.authors[:1], *paper.authors[-1:]])),
        ),
    )


def written_by(name: str) -> Action:
    """The button that leads to the author of this name."""
    words = " ".join(name.replace('"', " ").split())
    return Action(words, f'author "{words}"')


def taken_for(corrected: Iterable[tuple[str, str]]) -> str:
    """The sentence that says which words were read in place of those typed, if any."""
    read = " and ".join(f"“{word}” instead of “{typed}”" for typed, word in corrected)
    return f"Showing results for {read}." if read else ""


def resolve(ctx: Context, text: str) -> Paper:
    """The paper that ``text`` names: an id, an address, or words of its title.

    Raises Missing for an id that the catalogue lacks, UserError where nothing fits.
    """
    wanted = paper_id(text) or text.strip()
    if paper := ctx.store.papers.get(wanted):
        return paper
    if paper_id(text):
        raise Missing(wanted)
    try:
        hits = ctx.store.search.find(Query.parse(text), 1).hits
    except ValueError as error:
        raise UserError(str(error)) from None
    found = ctx.store.papers.many(hit.id for hit in hits if hit.score >= _NAMED)
    for paper in found.values():
        return paper
    needs_index(ctx)
    raise UserError(
        f"No paper fits “{text}”. Give an arXiv id or address, such as `show 1706.03762`, "
        "or words of its title.",
        Action("Search", f"search {text}"),
    )


def needs_index(ctx: Context) -> None:
    """Where nothing was found: raises UserError if that is because nothing can be found yet."""
    if told := ctx.store.search.unbuilt():
        raise UserError(f"{told} The lists answer meanwhile: `today`.")


def _fields(paper: Paper, authors: str, why: str = "") -> dict[str, str]:
    values = {
        "authors": authors,
        "votes": _number(paper.upvotes),
        "comments": _number(paper.comments or None),
        "stars": _number(paper.code_stars),
        "date": short_date(paper.published_at.date()) if paper.published_at else "",
        "organization": paper.organization or "",
        "keywords": ", ".join(paper.keywords[:_KEYWORDS]),
        "code": paper.code_url or "",
        "why": why,
    }
    return {name: value for name, value in values.items() if value}


def _notice(paper: Paper) -> str:
    if paper.withdrawn_at is None:
        return ""
    return f"Withdrawn on {short_date(paper.withdrawn_at.date())}. "


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _first_sentence(text: str) -> str:
    head, dot, _ = text.partition(". ")
    return head + dot.strip()
