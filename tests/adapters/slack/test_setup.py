"""What an operator meets: the manifest, and the check-up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.slack import Slack, manifest, to_yaml
from adapters.slack.manifest import SCOPES
from commands import COMMANDS
from tests.adapters.slack.conftest import calls
from tests.contracts.slack import HERE
from tests.fakes.slack import Workspace


def chat(slack: Workspace, **settings: str) -> Slack:
    given = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}
    return Slack(None, signing_secret=None, **given | settings)  # type: ignore[arg-type]


def test_the_manifest_declares_what_the_adapter_listens_to() -> None:
    made = manifest(COMMANDS)
    [command] = made["features"]["slash_commands"]
    assert command["command"] == "/papers"
    assert all(one.name in command["usage_hint"] for one in COMMANDS)
    assert made["features"]["shortcuts"][0]["callback_id"] == "find_papers"
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert "chat:write.public" not in SCOPES
    assert set(made["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "link_shared",
        "message.im",
    }
    assert made["settings"]["socket_mode_enabled"]
    assert len(command["description"]) <= 2000
    assert len(made["features"]["shortcuts"][0]["name"]) <= 24


def test_the_yaml_says_why_and_is_the_manifest() -> None:
    text = to_yaml(manifest(COMMANDS))
    comments = [line for line in text.splitlines() if line.startswith("#")]
    rest = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert json.loads(rest) == manifest(COMMANDS)
    for scope, reason in SCOPES.items():
        assert any(scope in line and reason in line for line in comments)


async def test_a_sound_setup_has_no_fault(slack: Workspace) -> None:
    found = await chat(slack).check([HERE])
    assert [one.fault for one in found] == ["", "", "", ""]
    assert [one.about for one in found][-1] == "Slack #C1"


async def test_each_fault_says_what_to_do(slack: Workspace) -> None:
    slack.add_channel("C2", bot=False)
    slack.add_channel("C3", is_archived=True)
    slack.add_channel("C4", bot=False, is_private=True)
    slack.teams["T1"].scopes -= {"links:read", "links:write"}
    targets = [replace(HERE, channel=f"C{number}") for number in (2, 3, 4)]
    found = await chat(slack).check([*targets, replace(HERE, team="T9")])
    _, scopes, socket, outside, archived, unseen, foreign = found
    assert "links:read, links:write" in scopes.fault
    assert "install the app again" in scopes.advice
    assert socket.fault == ""
    assert "/invite @paperbot" in outside.advice
    assert "archived" in archived.fault
    assert "cannot see" in unseen.fault
    assert "T9" in foreign.fault
    assert all(one.advice for one in found if one.fault)
    slack.refusals.clear()


@pytest.mark.parametrize("token", ["bot_token", "app_token"])
async def test_a_bad_token_is_found(slack: Workspace, token: str) -> None:
    found = await chat(slack, **{token: "wrong-canary"}).check([])
    fault = found[-1].fault
    assert "it does not take" in fault
    assert "canary" not in str(found)
    slack.refusals.clear()


async def test_an_unreachable_slack_is_found(slack: Workspace) -> None:
    slack.faults.script("reset", method="auth.test")
    [found] = await chat(slack).check([HERE])
    assert "cannot be reached" in found.fault
    assert calls(slack, "conversations.info") == []
