"""Catalogues to measure the search on, read from a folder of real data and never held as a whole.

``100k`` are the papers of arXiv's dump and the Hub's lists, ``1m`` those and all titles, ``3m`` two
million more whose titles and authors are put together from halves of others.  Who has no abstract
gets sentences of the 100k's, each of another one: by a whole abstract of theirs, many papers would
be the right answer to a question.  Without a folder the papers are made up.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from adapters.sources.files import read
from storage.model import Paper
from tests.storage.search.shelf import made_up

SIZES = ("100k", "1m", "3m")
MADE_UP = 20_000
_SHELF = 5_000  # papers at hand to recombine with
_RECOMBINED = 2  # times the titles
_SENTENCES = 6  # of an abstract
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")


def corpus(data: Path | None, size: str) -> Iterator[Paper]:
    """The papers of a size."""
    if data is None:
        yield from made_up(MADE_UP)
        return
    known: set[str] = set()
    sentences: list[str] = []
    for paper in genuine(data):
        known.add(paper.id)
        sentences += _SENTENCE_END.split(paper.abstract or "")
        yield paper
    if size == "100k":
        return
    rng = random.Random(7)
    for paper in _titles(data):
        if paper.id not in known:
            yield replace(paper, abstract=_abstract(sentences, rng))
    if size == "3m":
        for round in range(_RECOMBINED):
            yield from _recombined(_titles(data), sentences, rng, round)


def genuine(data: Path | None) -> Iterator[Paper]:
    """The papers that are as they were written: only they are asked for."""
    if data is None:
        yield from made_up(MADE_UP)
        return
    lists = read([data / "hf_daily"], lambda _: None)
    listed = {item.id: item for item in lists if isinstance(item, Paper)}
    dump = (paper for paper in _dump(data / "arxiv-metadata-100k.jsonl.gz"))
    yield from chain(listed.values(), (paper for paper in dump if paper.id not in listed))


def _dump(path: Path) -> Iterator[Paper]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            names = row["authors"].replace(" and ", ", ").split(", ")
            yield Paper(
                id=row["id"],
                title=row["title"],
                source="arxiv",
                authors=tuple(filter(None, names)),
                abstract=row["abstract"],
                published_at=datetime.fromisoformat(row["update_date"]).replace(tzinfo=UTC),
                categories=tuple(row["categories"].split()),
            )


def _titles(data: Path) -> Iterator[Paper]:
    with gzip.open(data / "arxiv-titles-1m.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            parts = line.rstrip("\n").split("\t")
            if len(parts) != 5:  # a few lines are broken in two, in the categories
                continue
            id, title, authors, month, categories = parts
            yield Paper(
                id=id,
                title=title,
                source="arxiv",
                authors=tuple(filter(None, authors.split("; "))),
                published_at=datetime.fromisoformat(month).replace(tzinfo=UTC),
                categories=tuple(categories.split()),
            )


def _recombined(
    papers: Iterator[Paper], sentences: list[str], rng: random.Random, round: int
) -> Iterator[Paper]:
    shelf = list(islice(papers, _SHELF))
    for number, paper in enumerate(papers):
        at = rng.randrange(_SHELF)
        other, shelf[at] = shelf[at], paper
        yield replace(
            paper,
            id=f"bench:{round}-{number}",
            title=_halves(paper.title, other.title),
            authors=(*paper.authors[:2], *other.authors[:2]),
            abstract=_abstract(sentences, rng),
        )


def _abstract(sentences: Sequence[str], rng: random.Random) -> str:
    return " ".join(rng.choices(sentences, k=_SENTENCES))


def _halves(first: str, second: str) -> str:
    before, after = first.split(), second.split()
    return " ".join(before[: (len(before) + 1) // 2] + after[len(after) // 2 :])
