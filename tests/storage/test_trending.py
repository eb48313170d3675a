"""The forecast: what it goes by, and that it never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.model import Paper, VotePoint
from storage.trending import Gain, Measure, Rising, forecast, rising
from tests.factories import NOON, TODAY, paper

HOUR = timedelta(hours=1)

numbers = st.integers(0, 5)
counts = st.tuples(numbers, st.integers(0, 100), st.integers(0, 500)).map(
    lambda drawn: point(*drawn)
)


def point(number: int, hours_ago: float, votes: int, **values: int) -> VotePoint:
    seen = {"comments": None, "stars": None} | values
    return VotePoint(paper(number).id, NOON - hours_ago * HOUR, votes, **seen)


def rank(
    papers: list[Paper], points: list[VotePoint], by: Measure = "votes", now: datetime = NOON
) -> list[Rising]:
    known: dict[str, list[VotePoint]] = {one.id: [] for one in papers}
    for one in sorted(points, key=lambda one: one.seen_at):
        known.setdefault(one.paper_id, []).append(one)
    return rising(papers, known, now, by)


def gains(ranked: list[Rising]) -> dict[str, tuple[int, int]]:
    return {rise.paper.id: (rise.gain.gained, rise.gain.hours) for rise in ranked}


def test_a_count_stands_until_the_next_so_all_are_compared_at_the_same_instants() -> None:
    papers = [paper(number, listed_on=TODAY - timedelta(days=3)) for number in (1, 2, 3)]
    points = [point(1, hours, 60 - hours) for hours in range(60, -1, -1)]
    points += [point(2, 60, 5), point(3, 60, 7), point(3, 30, 9), point(3, 1, 12)]
    assert gains(rank(papers, points)) == {
        paper(1).id: (24, 24),
        paper(2).id: (0, 24),
        paper(3).id: (3, 24),
    }


def test_the_nearest_count_to_a_day_ago_serves_and_half_a_day_is_the_least() -> None:
    papers = [paper(1), paper(2)]
    points = [point(1, 50, 1), point(1, 16, 4), point(1, 5, 9), point(1, 0, 10), point(2, 8, 3)]
    assert gains(rank(papers, points)) == {paper(1).id: (6, 16), paper(2).id: (0, 0)}


def test_of_equal_votes_the_younger_and_the_faster_paper_leads() -> None:
    young, old = (paper(n, upvotes=20, listed_on=TODAY - timedelta(days=n)) for n in (1, 4))
    assert [rise.paper for rise in rank([old, young], [])] == [young, old]
    faster, slower = paper(2, listed_on=old.listed_on), paper(3, listed_on=old.listed_on)
    points = [point(2, 24, 10), point(2, 0, 20), point(3, 24, 18), point(3, 0, 20)]
    assert [rise.paper for rise in rank([slower, faster], points)] == [faster, slower]


def test_a_catalogue_without_history_goes_by_votes_then_by_the_newer_list() -> None:
    week = [paper(n, upvotes=n % 3, listed_on=TODAY - timedelta(days=400)) for n in range(9)]
    ranked = [rise.gain.total for rise in rank(week, [])]
    assert ranked == sorted(ranked, reverse=True)
    empty = [paper(n, upvotes=None, listed_on=TODAY - timedelta(days=n)) for n in range(3)]
    assert [rise.paper for rise in rank(empty[::-1], [])] == empty


def test_stars_and_comments_rank_by_what_was_gained_and_leave_out_papers_without() -> None:
    papers = [
        paper(1, code_stars=900, comments=2),
        paper(2, code_stars=50, comments=9),
        paper(3, code_stars=None, comments=0),
        paper(4, code_stars=70, comments=3),
    ]
    points = [point(2, 24, 1, stars=20), point(2, 0, 1, stars=50), point(1, 24, 1, stars=900)]
    by_stars = rank(papers, points, "stars")
    assert [rise.paper.code_stars for rise in by_stars] == [50, 900, 70]
    assert by_stars[0].gain.gained == 30
    assert [rise.paper.comments for rise in rank(papers, points, "comments")] == [9, 3, 2]


def test_before_its_list_opens_a_paper_is_ranked_all_the_same() -> None:
    early = paper(1, listed_on=TODAY + timedelta(days=1))
    points = [point(1, 30, 2), point(1, 0, 3)]
    assert rank([early], points)[0].score > 0
    assert rank([replace(early, listed_on=None)], points)[0].score > 0


@given(st.lists(counts), st.lists(counts), st.integers(1, 90))
def test_nothing_seen_later_changes_a_rank(
    known: list[VotePoint], later: list[VotePoint], hours: int
) -> None:
    papers = [paper(number, listed_on=TODAY - timedelta(days=number)) for number in range(6)]
    now = NOON - hours * HOUR
    past = [one for one in known if one.seen_at <= now]
    ahead = [one for one in later if one.seen_at > now]
    assert rank(papers, past, now=now) == rank(papers, [*past, *ahead], now=now)


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(12, 48), st.integers(0, 200))
def test_more_votes_or_a_greater_gain_never_score_less(
    total: int, gained: int, hours: int, ago: int
) -> None:
    last = NOON - ago * HOUR
    before = last - hours * HOUR
    score = forecast(TODAY, Gain(total, last, before, gained), NOON)
    assert score >= 0
    assert forecast(TODAY, Gain(total + 1, last, before, gained), NOON) >= score
    assert forecast(TODAY, Gain(total, last, before, gained + 1), NOON) >= score
