"""An index over the papers of the shelf."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from storage.search import Query, Search
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.shelf import PAPERS, made_up

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
