from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.setup import Dialogue, SetupError, set_up, write_env
from tests.contracts.discord import laboratory
from tests.contracts.slack import workspace
from tests.fakes.slack import Workspace


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Workspace]:
    monkeypatch.chdir(tmp_path)
    async with workspace() as opened:
        monkeypatch.setenv("PAPERBOT_SLACK__API_URL", opened.api_url)
        monkeypatch.setenv("PAPERBOT_DATA_DIR", str(tmp_path / "data"))
        yield opened


def answers(slack: Workspace, **other: str) -> dict[str, str]:
    return {
        "PAPERBOT_SLACK__BOT_TOKEN": slack.bot_token,
        "PAPERBOT_SLACK__APP_TOKEN": slack.app_token,
        "PAPERBOT_TIMEZONE": "Europe/Berlin",
        "HELLO_CHANNEL": "#C1",
    } | other


async def test_answers_from_a_file_end_in_a_working_bot_and_a_hello(
    slack: Workspace, tmp_path: Path
) -> None:
    env = tmp_path / ".env"
    env.write_text("PAPERBOT_LOG_LEVEL=warning\nPAPERBOT_SLACK__BOT_TOKEN=xoxb-old\n")
    told: list[str] = []
    await set_up(Dialogue(told.append, given=answers(slack)), "slack", env)
    assert env.stat().st_mode & 0o777 == 0o600
    assert env.read_text().splitlines() == [
        "PAPERBOT_LOG_LEVEL=warning",
        f"PAPERBOT_SLACK__BOT_TOKEN={slack.bot_token}",
        f"PAPERBOT_SLACK__APP_TOKEN={slack.app_token}",
        "PAPERBOT_TIMEZONE=Europe/Berlin",
    ]
    assert "Hello! paperbot is here" in str(slack.seen("U1", "C1"))
    assert slack.bot_token not in "".join(told)
    assert slack.refusals == []


async def test_a_bad_token_in_a_file_is_told_and_nothing_is_written(
    slack: Workspace, tmp_path: Path
) -> None:
    given = answers(slack, PAPERBOT_SLACK__BOT_TOKEN="xoxb-wrong")
    with pytest.raises(SetupError, match="does not take the bot token") as caught:
        await set_up(Dialogue(print, given=given), "slack", tmp_path / ".env")
    assert "xoxb-wrong" not in str(caught.value)
    assert not (tmp_path / ".env").exists()


async def test_a_person_is_asked_again_until_a_token_works(
    slack: Workspace, tmp_path: Path
) -> None:
    bots = ["", slack.app_token, "xoxb-wrong", slack.bot_token]
    typed = iter([*bots, "xapp-wrong", slack.app_token, "Berln", "berlin", ""])
    asked: list[str] = []

    def ask(name: str, hint: str, default: str) -> str:
        asked.append(name)
        assert hint
        return next(typed)

    told: list[str] = []
    await set_up(Dialogue(told.append, ask), "slack", tmp_path / ".env")
    assert [name.rsplit("_", 2)[-2] for name in asked[:6]] == ["BOT"] * 4 + ["APP"] * 2
    assert "it is missing" in told[1]
    assert "begins with xoxb-" in told[2]
    assert "did you mean Europe/Berlin?" in "".join(told)
    assert "PAPERBOT_TIMEZONE=Europe/Berlin" in (tmp_path / ".env").read_text()
    assert "make run" in told[-1]
    assert slack.app_token in (tmp_path / ".env").read_text()


async def test_discord_is_set_up_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    async with laboratory() as lab:
        monkeypatch.setenv("PAPERBOT_DISCORD__API_URL", lab.discord.api_url)
        monkeypatch.setenv("PAPERBOT_DATA_DIR", str(tmp_path / "data"))
        given = {"PAPERBOT_DISCORD__TOKEN": lab.discord.token, "HELLO_CHANNEL": lab.papers.id}
        told: list[str] = []
        await set_up(Dialogue(told.append, given=given), "discord", tmp_path / ".env")
        assert "Hello! paperbot is here" in lab.read()
        assert any("oauth2/authorize?client_id=" in text for text in told)
        assert lab.discord.token not in "".join(told)
        assert lab.discord.refusals == []
        wrong = {"PAPERBOT_DISCORD__TOKEN": "MTIz.wrong.token"}
        with pytest.raises(SetupError, match="token"):
            await set_up(Dialogue(print, given=wrong), "discord", tmp_path / ".env")


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("A=1\n")
    write_env(env, {"B": "2"})
    assert env.read_text() == "A=1\nB=2\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
