from __future__ import annotations

import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import cli, main
from tests.processes import ROOT, RUN


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERBOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PAPERBOT_HF__ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("PAPERBOT_ARXIV__API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PAPERBOT_TIMEZONE", "UTC")


def paperbot(*arguments: str, code: int = 0, stdin: str = "") -> tuple[str, str]:
    result = CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False)
    assert result.exit_code == code, result.stderr
    return result.stdout, result.stderr


def row(number: int) -> str:
    return json.dumps(
        {
            "id": f"2401.{number:05}",
            "title": f"On widgets, part {number}",
            "authors_parsed": [["Example", "Ada", ""]],
            "abstract": "Widgets.",
            "categories": "cs.CL",
            "versions": [{"version": "v1", "created": "Mon, 2 Jan 2024 10:00:00 GMT"}],
        }
    )


def test_help_lists_every_command() -> None:
    shown, _ = paperbot("--help")
    for name in ("run", "chat", "say", "import", "ingest", "deliver", "search", "db", "index"):
        assert name in shown


def test_an_import_tells_what_it_left_out_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "papers.jsonl"
    file.write_text(f"{row(1)}\n{{broken\n{row(2)}\n")
    _, told = paperbot("import", str(file), code=1)
    assert f"{file.name}, line 2: broken or cut-off JSON" in told
    assert "2 new, 0 changed, 0 known as they are. 1 problem, told above." in told
    _, again = paperbot("import", str(file), code=1)
    assert "0 new, 0 changed, 2 known" in again


def test_answers_come_as_text_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text(row(1))
    paperbot("import", "papers.jsonl")
    text, _ = paperbot("say", "search widgets")
    assert "On widgets, part 1" in text
    shown, _ = paperbot("search", "widgts", "--json", "--limit", "3")
    (card,) = json.loads(shown)["cards"]
    assert card["paper_id"] == "2401.00001"
    assert card["url"] == "https://arxiv.org/abs/2401.00001"
    assert card["actions"][0] == {"label": "Abstract", "line": "show 2401.00001"}


@pytest.mark.parametrize(("look", "part"), [("slack", "blocks"), ("discord", "embeds")])
def test_an_answer_is_shown_as_a_platform_would_get_it(look: str, part: str) -> None:
    shown, _ = paperbot("say", "--as", look, "help")
    assert json.loads(shown.splitlines()[0])[part]
    _, told = paperbot("say", "--as", "fax", "help", code=2)
    assert "slack" in told


def test_lines_from_standard_input_are_answered_one_by_one() -> None:
    shown, _ = paperbot("say", "--json", "--stdin", stdin="serach x\nhelp\n", code=1)
    first, second = map(json.loads, shown.splitlines())
    assert first["refused"]
    assert "Did you mean" in first["text"]
    assert not second["refused"]
    assert second["title"] == "What you can ask"
    paperbot("search", "author:", code=1)


def test_a_line_is_posted_when_it_is_due() -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    made, _ = paperbot("say", "--json", "subscribe today at 00:00 on daily")
    assert json.loads(made)["title"] == "Subscription 1 is set"
    posted, told = paperbot("deliver", "--at", f"{tomorrow}T00:00")
    assert "There is no daily list yet" in posted
    assert "1 message posted." in told
    assert "0 messages posted." in paperbot("deliver", "--at", f"{tomorrow}T00:01")[1]


def test_the_doctor_names_each_fault_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    monkeypatch.setenv("PAPERBOT_HF__ENDPOINT", elsewhere)
    monkeypatch.setenv("PAPERBOT_ARXIV__API_URL", elsewhere)
    shown, _ = paperbot("doctor", code=1)
    assert "✓ database, 0 papers" in shown
    assert "✓ nightly backups, none yet" in shown
    assert "✗ huggingface: " in shown
    assert "PAPERBOT_HF__ENDPOINT" in shown
    assert "✗ arxiv: " in shown
    assert "PAPERBOT_ARXIV__API_URL" in shown
    paperbot("say", "subscribe today")
    paperbot("say", "pause 1")
    monkeypatch.setenv("PAPERBOT_BACKUP__FOLDER", f"{__file__}/backups")
    found = [json.loads(line) for line in paperbot("doctor", "--json", code=1)[0].splitlines()]
    faults = {one["about"]: one["advice"] for one in found if one["fault"]}
    assert faults["subscription 1"] == "Mend it, then resume 1."
    assert "PAPERBOT_BACKUP__FOLDER" in faults["nightly backups"]


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("PAPERBOT_HTTP__PORT", "lots", "settings"),
        ("PAPERBOT_DATABASE_URL", "postgresql+psycopg://127.0.0.1:9/papers", "database"),
    ],
)
def test_the_doctor_tells_what_keeps_it_from_looking(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, about: str
) -> None:
    monkeypatch.setenv(name, value)
    found = json.loads(paperbot("doctor", "--json", code=1)[0].splitlines()[-1])
    assert found["about"] == about
    assert name in found["fault"]


def test_an_interrupt_while_it_starts_ends_it_without_a_word(tmp_path: Path) -> None:
    late = tmp_path / "typer.py"
    late.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    ended = subprocess.run(RUN, env=environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("at", ["tomorrow", "2026-13-01"])
def test_a_wrong_instant_is_explained(at: str) -> None:
    _, told = paperbot("deliver", "--at", at, code=2)
    assert "2026-06-30T09:00+02:00" in told


def test_the_index_and_the_tables_can_be_made_anew() -> None:
    assert "up to date" in paperbot("db", "upgrade")[1]
    assert "0 papers are indexed" in paperbot("index", "rebuild")[1]


@pytest.mark.parametrize(
    ("name", "value", "arguments", "told"),
    [
        ("PAPERBOT_HTTP__PROT", "1", ["say", "help"], "did you mean PAPERBOT_HTTP__PORT"),
        ("PAPERBOT_DATABASE_URL", "nonsense", ["say", "help"], "PAPERBOT_DATABASE_URL"),
        (
            "PAPERBOT_DATA_DIR",
            "/proc/nowhere",
            ["say", "help"],
            "name another one in PAPERBOT_DATA",
        ),
        (
            "PAPERBOT_LOG_LEVEL",
            "info",
            ["export", "nowhere/x"],
            "nowhere/x.part cannot be used: No",
        ),
        (
            "PAPERBOT_LOG_LEVEL",
            "info",
            ["setup", "--answers", "nowhere"],
            "'nowhere' does not exist",
        ),
        ("PAPERBOT_LOG_LEVEL", "info", ["setup"], "--answers FILE"),
    ],
)
def test_faults_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["paperbot", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert told in capsys.readouterr().err.replace("\n", "")
