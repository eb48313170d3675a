"""The replay ranks by what was seen until noon, and asks afterwards what came."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from tests.bench.trending_bench import Candidate, ndcgs, noons, read, shipped

DAY = date(2026, 6, 30)


def row(number: int, at: str, votes: int, listed: str = "2026-06-29") -> str:
    return f"{at}+00:00,2606.{number:05},{votes},{listed},A title,,\n"


def replay(folder: Path, rows: list[str]) -> list[list[Candidate]]:
    file = folder / "votes.csv"
    head = "snapshot_at,paper_id,upvotes,daily_date,title,github_stars,num_comments\n"
    file.write_text(head + "".join(rows))
    return list(noons(read(file), DAY))


def test_who_is_ranked_and_what_the_truth_is(tmp_path: Path) -> None:
    rows = []
    for number in range(1, 26):
        rows.append(row(number, "2026-06-30T00:25:00", number, "" if number % 2 else "2026-06-29"))
        rows.append(row(number, "2026-06-30T12:01:00", 500))
        rows.append(row(number, "2026-07-01T00:25:00", 3 * number))
        rows.append(row(number, "2026-07-02T00:25:00", 900))
    rows += [row(26, "2026-06-30T00:25:00", 7)]  # not seen again
    rows += [row(27, "2026-06-27T23:00:00", 7), row(27, "2026-07-01T00:25:00", 9)]  # too long ago
    rows += [row(28, "2026-06-30T00:25:00", 7, "2026-06-22")]  # on an older list
    rows += [row(28, "2026-07-01T00:25:00", 9, "2026-06-22")]
    noon = replay(tmp_path, rows)[0]
    assert {one.paper.id: one.gained for one in noon} == {
        f"2606.{number:05}": 2 * number for number in range(1, 26)
    }
    assert {one.votes for one in noon} == set(range(1, 26))
    assert noon[0].now.date() - noon[0].listed_on == timedelta(days=1)
    assert ndcgs([noon], shipped) == [1.0]
    assert ndcgs([noon], lambda one: -one.votes)[0] < 0.7
    assert len(replay(tmp_path, rows[:76])) == 0  # 19 papers
