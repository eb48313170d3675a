from __future__ import annotations

import gc
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from storage.database import Database
from storage.model import SAMPLE, VotePoint
from storage.papers import Papers, Saved
from tests.factories import NOON, TODAY, paper


@pytest.fixture
def papers(db: Database) -> Papers:
    return Papers(db)


def test_a_saved_paper_comes_back_whole(papers: Papers) -> None:
    full = paper(
        comments=3,
        code_url="https://example.org/code",
        code_stars=7,
        keywords=("widgets", "counting"),
        organization="Widget Works",
        thumbnail_url="https://example.org/x.png",
        links=("https://example.org/project",),
        categories=("cs.CL", "cs.AI"),
        doi="10.1/x",
        version=2,
        withdrawn_at=NOON,
        submitted_by="ada",
    )
    assert papers.save([full], NOON) == Saved(added=1)
    found = papers.get(full.id)
    assert found is not None
    assert found.first_seen_at == NOON
    assert papers.many(["nothing", full.id]) == {full.id: found}
    for name in ("title", "authors", "links", "keywords", "published_at"):
        assert getattr(found, name) == getattr(full, name)


def test_saving_the_same_again_changes_nothing(papers: Papers) -> None:
    batch = [paper(1), paper(2)]
    papers.save(batch, NOON)
    cursor = papers.cursor()
    assert papers.save(batch, NOON + timedelta(hours=1)) == Saved(unchanged=2)
    assert papers.cursor() == cursor
    assert papers.vote_points([paper(1).id], NOON)[paper(1).id] == [
        VotePoint(paper(1).id, NOON, 10, None, None)
    ]


def test_saving_leaves_nothing_that_waits_for_garbage_collection(papers: Papers) -> None:
    papers.save([paper(1, listed_on=TODAY)], NOON)
    gc.collect()
    gc.disable()  # as an import does
    try:
        for number in range(2, 6):
            papers.save([paper(1, upvotes=number), paper(number, listed_on=TODAY)], NOON)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_source_overwrites_only_what_it_carries(papers: Papers) -> None:
    papers.save([paper(1, comments=4, keywords=("a",))], NOON)
    papers.save([paper(1, source="arxiv", upvotes=None, categories=("cs.CL",))], NOON)
    found = papers.get(paper(1).id)
    assert found is not None
    assert (found.upvotes, found.comments, found.keywords) == (10, 4, ("a",))
    assert found.categories == ("cs.CL",)


def test_the_newest_version_of_the_text_stands_whoever_comes_later(papers: Papers) -> None:
    hub = paper(1, title="By the Hub", upvotes=12)
    first, third = (
        paper(1, source="arxiv", title=f"v{version}", version=version, listed_on=None, upvotes=None)
        for version in (1, 3)
    )
    gone = replace(third, version=2, title="v2", withdrawn_at=NOON)
    for order in permutations([hub, first, gone, third]):
        number = 1 + papers.count()
        papers.save([replace(one, id=f"2606.{number:05}") for one in order], NOON)
        found = papers.get(f"2606.{number:05}")
        assert found is not None
        assert (found.title, found.version, found.withdrawn_at) == ("v3", 3, None)
        assert (found.upvotes, found.source) == (12, order[0].source)
    papers.save([replace(third, id="2606.00001", withdrawn_at=NOON)], NOON)
    papers.save([replace(hub, id="2606.00001", upvotes=13)], NOON)
    found = papers.get("2606.00001")
    assert found is not None
    assert (found.title, found.upvotes, found.withdrawn_at) == ("v3", 13, NOON)


def test_what_stands_on_lists_and_how_far_a_source_was_read(papers: Papers) -> None:
    papers.save([paper(1, source=SAMPLE), paper(2, source="arxiv", listed_on=None)], NOON)
    assert papers.on_lists(TODAY) == []
    papers.save([paper(3), paper(4, version=1), paper(5, listed_on=date(2026, 6, 1))], NOON)
    assert papers.on_lists(TODAY) == ["2606.00003", "2606.00004"]
    assert papers.on_lists(TODAY, unversioned=True) == ["2606.00003"]
    assert papers.read_at("arxiv") is None
    for hour in (1, 2):
        papers.note_read("arxiv", NOON + timedelta(hours=hour))
    assert papers.read_at("arxiv") == NOON + timedelta(hours=2)
    assert papers.read_at("huggingface") is None


def test_a_paper_listed_twice_stands_on_both_lists_with_its_newest_counts(papers: Papers) -> None:
    earlier = paper(1, listed_on=date(2026, 6, 10), upvotes=29)
    later = paper(1, listed_on=date(2026, 6, 16), upvotes=82)
    for order in ([earlier, later], [later, earlier]):
        papers.save(order, NOON)
        for day in (10, 16):
            on = date(2026, 6, day)
            assert [found.upvotes for found in papers.listed(on, on)] == [82]
    assert papers.save([earlier, later], NOON) == Saved(unchanged=2)


def test_votes_are_kept_where_they_changed(papers: Papers) -> None:
    id = paper(1).id
    for hour, votes in enumerate((10, 10, 12, 11)):
        papers.save([paper(1, upvotes=votes)], NOON + timedelta(hours=hour))
    points = papers.vote_points([id], NOON)[id]
    assert [(point.seen_at.hour, point.upvotes) for point in points] == [
        (12, 10),
        (14, 12),
        (15, 11),
    ]
    since = papers.vote_points([id], NOON + timedelta(hours=3))[id]
    assert [point.upvotes for point in since] == [12, 11]  # what stood then comes first


def test_lists_are_ordered_by_votes(papers: Papers) -> None:
    papers.save([paper(1, upvotes=5), paper(2, upvotes=9), paper(3, upvotes=None)], NOON)
    assert [found.id for found in papers.listed(TODAY, TODAY)] == [
        paper(number).id for number in (2, 1, 3)
    ]
    assert papers.newest_list(TODAY) == TODAY
    assert papers.newest_list(TODAY - timedelta(days=1)) is None


def test_changes_are_told_once_in_order_and_can_be_followed_in_steps(papers: Papers) -> None:
    papers.save([paper(1), paper(2)], NOON)
    papers.save([paper(1, upvotes=99), paper(3)], NOON)
    seen, after = [], 0
    while batch := papers.changes(after, 1):
        assert batch[0].cursor > after
        after = batch[0].cursor
        seen.append(batch[0].id)
    assert seen == [paper(2).id, paper(1).id, paper(3).id]
    assert after == papers.cursor()


def test_the_sample_makes_way_for_the_first_real_list(papers: Papers) -> None:
    papers.save([paper(1, source=SAMPLE, upvotes=500), paper(2, source=SAMPLE)], NOON)
    assert papers.has_sample()
    before = papers.cursor()
    papers.save([paper(1, listed_on=TODAY - timedelta(days=1), upvotes=3)], NOON)
    assert not papers.has_sample()
    assert papers.listed(TODAY, TODAY) == []
    found = papers.get(paper(1).id)
    assert found is not None
    assert (found.upvotes, found.source) == (3, "huggingface")
    assert {change.id: change.paper is None for change in papers.changes(before, 10)} == {
        paper(1).id: False,
        paper(2).id: True,
    }


def test_a_real_paper_without_a_list_replaces_only_itself_in_the_sample(papers: Papers) -> None:
    papers.save([paper(1, source=SAMPLE, upvotes=500), paper(2, source=SAMPLE)], NOON)
    papers.save([paper(1, source="arxiv", upvotes=None, listed_on=None)], NOON)
    assert [found.id for found in papers.listed(TODAY, TODAY)] == [paper(2).id]
    found = papers.get(paper(1).id)
    assert found is not None
    assert found.upvotes is None


def test_a_catalogue_has_a_name_of_its_own(
    papers: Papers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Database(f"sqlite:///{tmp_path_factory.mktemp('other') / 'other.db'}")
    other.upgrade()
    assert papers.catalogue() == papers.catalogue() != Papers(other).catalogue()
    other.close()
