"""Both doors: who may come in, what is heard of it in the log, and every way to go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import DeliveryError
from adapters.slack import Slack
from adapters.slack.link import Link
from adapters.slack.redact import redacted
from commands.model import Action, Call, Reply
from tests.adapters.slack.conftest import calls, echo
from tests.contracts.slack import HERE, read, started
from tests.fakes.slack import Workspace

COMMAND = {"command": "/papers", "text": "canary-body", "team_id": "T1", "user_id": "U1"}


@asynccontextmanager
async def served(slack: Workspace, handle: Any = echo) -> AsyncIterator[Slack]:
    """The adapter behind a Request URL, beside another route of the same server."""
    site = web.Application()
    settings = {"app_token": None, "signing_secret": slack.signing_secret, "web": site}

    async def fine(request: web.Request) -> web.Response:
        return web.Response(text="fine")

    site.router.add_get("/healthz", fine)
    chat = Slack(None, bot_token=slack.bot_token, api_url=slack.api_url, **settings)  # type: ignore[arg-type]
    async with TestServer(site) as server:
        slack.request_url.url = str(server.make_url("/slack/events"))
        assert await slack.request_url.forged("slash_commands", COMMAND) == 401
        await chat.start((), handle)
        async with ClientSession() as session:
            assert (await session.get(server.make_url("/healthz"))).status == 200
        yield chat
        await chat.stop()


async def test_http_serves_as_well(slack: Workspace) -> None:
    async with served(slack):
        assert "prove it" in await slack.request_url.verify()
        seen = await slack.people.slash("U1", "C1", "a & b")
        assert read(await seen.answer()) == "You said a & b"
        asked = await slack.people.mention("U1", "C1", "hello")
        assert read(await asked.answer()) == "You said hello"
    assert len(calls(slack, "auth.test")) == 1


async def test_what_slack_did_not_sign_or_long_ago_is_refused(
    slack: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(slack):
        assert await slack.request_url.forged("slash_commands", COMMAND) == 401
        assert await slack.request_url.stale("slash_commands", COMMAND) == 401
        good = slack.request_url.signed("slash_commands", COMMAND)
        for name, value in (
            ("X-Slack-Request-Timestamp", "yesterday"),
            ("X-Slack-Request-Timestamp", ""),
            ("X-Slack-Signature", "v0=\u00e9"),
            ("X-Slack-Signature", ""),
        ):
            broken = type(good)(good.body, {**good.headers, name: value})
            assert (await slack.request_url.send(broken))[0] == 401
        assert (await slack.request_url.send(type(good)(b"\xff", good.headers)))[0] == 401
    said = [one.getMessage() for one in caplog.records if one.name.startswith("adapters.slack")]
    refused = [text for text in said if text.startswith("refused")]
    assert refused[-1] == "refused a request that Slack did not sign; 8 so far"
    assert len(refused) == 8
    assert "canary-body" not in caplog.text
    assert "v0=" not in caplog.text


async def test_a_replayed_request_has_one_effect(slack: Workspace) -> None:
    heard: list[str] = []

    async def handle(call: Call) -> Reply:
        heard.append(call.text)
        return await echo(call)

    async with served(slack, handle):
        await (await slack.people.slash("U1", "C1", "once")).answer()
        assert await slack.request_url.replay() == 200
        await (await slack.people.slash("U1", "C1", "then")).answer()
    assert heard == ["once", "then"]


@pytest.mark.parametrize("door", ["socket", "http"])
async def test_no_secret_is_ever_logged(
    slack: Workspace, caplog: pytest.LogCaptureFixture, door: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("slack_sdk", "slack_bolt", "aiohttp", "asyncio"):
        caplog.set_level(logging.DEBUG, name)

    async def handle(call: Call) -> Reply:
        if "boom" in call.text:
            raise RuntimeError("a bug")
        if "wait" in call.text:
            await asyncio.sleep(0.35)
        return Reply(title=f"{call.text} done", actions=(Action("Go", "go"), Action("B", "boom")))

    slack.faults.script("reset", method="response_url")
    slack.faults.script("server_error", method="users.info", times=2)
    slack.faults.script("server_error", method="views.publish")
    secrets = [slack.bot_token, slack.app_token, slack.signing_secret, "ticket=", "/hooks/"]
    async with served(slack, handle) if door == "http" else started(slack, handle) as chat:
        for text in ("quick", "wait", "boom"):
            seen = await slack.people.slash("U1", "C1", text)
            pressed = (
                await slack.people.press("U1", await seen.answer(), "Go")
                if text != "boom"
                else seen
            )
            await pressed.answer()
            secrets.append(seen.response_url)
        await slack.people.open_home("U1")
        await (await slack.people.mention("U1", "C1", "boom")).answer()
        for fault in ("server_error", "reset", "rate_limited"):
            slack.faults.script(fault)
            with pytest.raises(Exception, match=r".*"):
                await chat.send(HERE, chat.render(Reply(title="x"), "compact")[0], None, "k")
        if door == "socket":
            slack.faults.script("server_error", method="apps.connections.open")
            await slack.socket.disconnect()
            await slack.socket.close()
        else:
            await slack.request_url.forged("slash_commands", COMMAND)
        slack.teams["T1"].revoked = True
        with pytest.raises(DeliveryError):
            await chat.send(HERE, chat.render(Reply(title="x"), "compact")[0], None, "k")
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "a bug" in told
    secrets += [one.headers["X-Slack-Signature"] for one in slack.request_url.sent]
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://hooks.slack.com/commands/T1/2/x?y=z now", "at https://hooks.slack.com/… now"),
        ("url='wss://wss.slack.com/link?ticket=1'", "url='wss://wss.slack.com/…'"),
        ("xoxb-1-a.b and xapp-1-A-2 and xoxe.xoxb-1", "xox… and xox… and xoxe.xox…"),
        ("https://slack.com refused", "https://slack.com/… refused"),
        ("nothing here", "nothing here"),
    ],
)
def test_addresses_and_tokens_are_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown


async def test_reconnecting_and_refreshing_change_nothing(slack: Workspace) -> None:
    async with started(slack, echo):
        for number, end in enumerate(
            (
                lambda: slack.socket.disconnect("warning"),
                slack.socket.disconnect,
                slack.socket.close,
            ),
            start=1,
        ):
            await end()
            await slack.socket.connected(number + 1)
            seen = await slack.people.slash("U1", "C1", str(number))
            assert read(await seen.answer()) == f"You said {number}"
    assert len(calls(slack, "auth.test")) == 1


async def test_a_dropped_connection_comes_back(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.link.PING_SECONDS", 0.5)
    async with started(slack, echo):
        await slack.socket.drop()
        await slack.socket.connected(2)
        seen = await slack.people.slash("U1", "C1", "x")
        assert read(await seen.answer()) == "You said x"


async def test_a_dead_address_is_given_up(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.link.PING_SECONDS", 0.01)
    monkeypatch.setattr("adapters.slack.link.ADDRESS_SECONDS", 0.1)
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    link = Link(app, slack.app_token, slack.url("/link/?ticket=spent", "ws"))
    await link.connect()
    assert slack.socket.opened == 1
    await link.shut(1)


async def test_a_bad_token_is_told_at_once_and_not_shown(slack: Workspace) -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"bot_token": "xoxb-wrong-canary"}, "bot token"),
        ({"app_token": "xapp-wrong-canary"}, "app token"),
        ({"app_token": slack.bot_token}, "app token"),
    )
    for settings, what in cases:
        with pytest.raises(DeliveryError, match=what) as caught:
            async with started(slack, echo, **settings):
                pass
        assert caught.value.permanent
        assert "canary" not in str(caught.value)
        assert slack.bot_token not in str(caught.value)
    slack.refusals.clear()


async def test_a_start_without_slack_may_be_tried_again(slack: Workspace) -> None:
    slack.faults.script("server_error", method="auth.test")
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        async with started(slack, echo):
            pass
    assert not caught.value.permanent


def test_without_a_door_it_cannot_be_made() -> None:
    for secret in (None, "", " "):
        with pytest.raises(ValueError, match="signing secret"):
            Slack(None, bot_token="x", app_token=None, signing_secret=secret)
    with pytest.raises(ValueError, match="app token"):
        Slack(None, bot_token="x", app_token=None, signing_secret="s")


async def test_unstarted_it_sends_nothing_and_stops() -> None:
    chat = Slack(None, bot_token="x", app_token="xapp-1", signing_secret=None)
    with pytest.raises(DeliveryError, match="not connected"):
        await chat.tell("T1", "U1", "x")
    await chat.stop()


async def test_a_shared_session_stays_open(slack: Workspace) -> None:
    async with ClientSession() as session:
        async with started(slack, echo, session=session):
            await (await slack.people.slash("U1", "C1", "x")).answer()
        assert not session.closed


async def test_stopping_ends_answers_under_way(slack: Workspace) -> None:
    hangs = asyncio.Event()
    ended: list[str] = []

    async def handle(call: Call) -> Reply:
        try:
            await hangs.wait()
        except asyncio.CancelledError:
            ended.append(call.text)
            raise
        return await echo(call)

    async with started(slack, handle):
        await slack.people.slash("U1", "C1", "slow")
    assert ended == ["slow"]
