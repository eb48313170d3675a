from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import SettingsError, load


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_everything_has_a_default() -> None:
    settings = load()
    assert settings.url == "sqlite:///data/paperbot.db"
    assert settings.http.port == 8080
    assert settings.hf.endpoint == "https://huggingface.co"
    assert settings.hf.token is None
    assert settings.arxiv.names == []


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PAPERBOT_HTTP__PORT=1\nPAPERBOT_LOG_LEVEL=DEBUG\nOTHER=x\n")
    monkeypatch.setenv("PAPERBOT_HTTP__PORT", "2")
    settings = load()
    assert (settings.http.port, settings.log_level) == (2, "debug")


def test_the_ecosystem_s_own_variables_count_where_ours_are_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    settings = load()
    assert settings.hf.endpoint == "https://mirror.example"
    assert settings.hf.token is not None
    assert settings.hf.token.get_secret_value() == "hf_secret"
    assert "hf_secret" not in repr(settings)
    monkeypatch.setenv("PAPERBOT_HF__ENDPOINT", "https://ours.example")
    assert load().hf.endpoint == "https://ours.example"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PAPERBOT_HTTP__PROT", "1", "did you mean PAPERBOT_HTTP__PORT"),
        ("PAPERBOT_DATADIR", "x", "did you mean PAPERBOT_DATA_DIR"),
        ("PAPERBOT_HTTP__PORT", "lots", "PAPERBOT_HTTP__PORT: "),
        ("PAPERBOT_HTTP__PORT", "70000", "PAPERBOT_HTTP__PORT: "),
        ("PAPERBOT_TIMEZONE", "Mars/Olympus", "PAPERBOT_TIMEZONE: no such time zone"),
        ("PAPERBOT_LOG_LEVEL", "loud", "PAPERBOT_LOG_LEVEL: "),
        ("PAPERBOT_HF__ENDPOINT", "ftp://x", "PAPERBOT_HF__ENDPOINT: "),
        ("PAPERBOT_ARXIV__API_URL", "arxiv.org", "PAPERBOT_ARXIV__API_URL: "),
        ("PAPERBOT_ARXIV__CATEGORIES", "cs.CL cs.L", "“cs.L” is no arXiv category"),
        ("PAPERBOT_DISCORD__GUILD_IDS", "mylab", "Servers to offer the commands in, by id"),
        ("PAPERBOT_SLACK__API_URL", "slack.com", "write it as https://slack.com/api/ is."),
        ("PAPERBOT_SLACK__BOT_TOKEN", "xoxb-secret", "PAPERBOT_SLACK__BOT_TOKEN needs"),
    ],
)
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert told in str(caught.value)
    assert "secret" not in str(caught.value).lower().replace("signing_secret", "")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PAPERBOT_HF__TOKEN=\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"\.env is no text in UTF-8"):
        load()


def test_a_misspelt_key_in_the_file_is_found_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PAPERBOT_HF__TOKN=secret\n")
    with pytest.raises(SettingsError, match="did you mean PAPERBOT_HF__TOKEN") as caught:
        load()
    assert "secret" not in str(caught.value)
