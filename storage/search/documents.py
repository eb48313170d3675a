"""A paper as tantivy keeps it: the fields, and the terms that filters ask for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import orjson
import tantivy

from storage.search.engine import BLANKS
from storage.search.text import NAME_WORDS

if TYPE_CHECKING:
    from storage.model import Searched

DAY_BITS = 22  # of a rank: below the votes stands the day, as an ordinal
EVERY = "paper"
CODE = "has:code"
_MOST_VOTES = (1 << 40) - 1
_REMEMBERED = 1_000  # categories, which come again and again; authors do not


def schema() -> tantivy.Schema:
    """Text fields get folded text.  Numbers are signed: deleting by an unsigned one does nothing.

    ``key`` is the id, ``all`` everything that is searched, ``tags`` what filters ask for, ``place``
    where the text is, ``rank`` the votes and then the day, ``state`` the state of the index.
    """
    build = tantivy.SchemaBuilder()
    build.add_text_field("key", tokenizer_name="raw", index_option="basic")
    build.add_text_field("title", tokenizer_name=BLANKS, index_option="freq")
    build.add_text_field("all", tokenizer_name=BLANKS, index_option="position")
    build.add_text_field("tags", tokenizer_name=BLANKS, index_option="basic")
    build.add_text_field("state", stored=True, tokenizer_name="raw", index_option="basic")
    build.add_integer_field("place", fast=True)
    build.add_integer_field("rank", fast=True)
    build.add_integer_field("day", fast=True)
    return build.build()


def document(
    paper: Searched, title: str, authors: Sequence[str], others: Sequence[str], place: int
) -> str:
    """The document of a paper as JSON, which tantivy reads much faster than it is called.

    The texts are given folded; ``others`` is what is searched beside title and authors.
    """
    tags = [EVERY, *([CODE] if paper.code_url else [])]
    for author in authors:
        tags += author_tags(author.split())
    tags += [_category_tags(category) for category in paper.categories]
    on = paper.published_at.date() if paper.published_at else paper.listed_on
    day = on.toordinal() if on else 0
    votes = min(max(paper.upvotes or 0, 0), _MOST_VOTES)
    made: dict[str, object] = {
        "key": paper.id,
        "title": title,
        "all": [title, *authors, *others],  # apart, so that no phrase goes across
        "tags": " ".join(tags),
        "rank": votes << DAY_BITS | day,
        "place": place,
    }
    if on:
        made["day"] = day
    return orjson.dumps(made).decode()


def author_tags(name: Sequence[str]) -> list[str]:
    """The terms of one author, from the words of the name.

    Each word, and each pair, so that one's first name and another's last are not taken for a
    name.  Initials make no pairs here; see ``text.initials``.
    """
    tags = [f"author:{part}" for part in name]
    long = sorted(part for part in name[:NAME_WORDS] if len(part) > 1)
    return tags + [f"author:{first}+{second}" for first, second in combinations(long, 2)]


def category_tag(category: str) -> str:
    """The term of a category (``cs.CL``) or of a group of them (``cs``)."""
    return f"cat:{category.casefold()}"


@lru_cache(_REMEMBERED)
def _category_tags(category: str) -> str:
    category = "".join(category.split())
    group = category.partition(".")[0]
    return " ".join(category_tag(name) for name in dict.fromkeys((category, group)))
