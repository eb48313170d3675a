"""Indexes over papers of the shelf, and short ways to ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.search import Query, Search
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.shelf import ATTENTION, PAPERS, RESNET, made_up

Find = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """The known papers among a few hundred others; to read only."""
    papers = FakePapers([*PAPERS, *made_up(300)])
    search = Search(tmp_path_factory.mktemp("shelf"), papers)
    assert search.refresh() == len(PAPERS) + 300
    yield search
    search.close()


@pytest.fixture
def find(shelf: Search) -> Find:
    """Give the ids that a typed query finds, best first."""
    return lambda text: [hit.id for hit in shelf.find(Query.parse(text), 10).hits]


@pytest.fixture
def papers() -> FakePapers:
    return FakePapers([ATTENTION, RESNET])


@pytest.fixture
def search(tmp_path: Path, papers: FakePapers) -> Search:
    return Search(tmp_path / "index", papers)


def all_ids(search: Search) -> list[str]:
    """Every paper in the index, as often as it is there."""
    return sorted(hit.id for hit in search.find(Query.parse("min:0 -zzzzqqqq"), 1_000).hits)


def found(search: Search, text: str) -> list[str]:
    return [hit.id for hit in search.find(Query.parse(text), 10).hits]
