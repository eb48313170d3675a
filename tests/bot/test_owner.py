from __future__ import annotations

from pathlib import Path

from bot.owner import Owner, settled


def test_the_next_one_in_a_folder_succeeds_the_one_before(tmp_path: Path) -> None:
    with settled(tmp_path) as first:
        assert first.predecessor is None
    with settled(tmp_path) as second:
        assert second.predecessor == first.name
    with settled(tmp_path) as third:
        assert third.predecessor == second.name
    assert len({first.name, second.name, third.name}) == 3


def test_beside_a_living_one_there_is_no_succession(tmp_path: Path) -> None:
    with settled(tmp_path) as first:
        with settled(tmp_path) as guest:
            assert guest.predecessor is None
        with settled(tmp_path) as other:
            assert other.predecessor is None
    with settled(tmp_path) as next_one:
        assert next_one.predecessor == first.name


def test_what_a_crash_left_half_written_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "owner").write_bytes(b"")
    with settled(tmp_path) as first:
        assert first == Owner(first.name, None)
