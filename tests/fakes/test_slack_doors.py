"""A real Bolt app behind both doors: Socket Mode and a signed Request URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.fakes.slack import Seen, Workspace
from tests.fakes.slack.bolted import bolt, echo, listening, serving
from tests.fakes.slack.samples import actions, button


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    async with Workspace(event_retries=(0, 0, 0)) as workspace:
        workspace.add_user("U1", name="ada")
        workspace.add_user("U2", name="grace")
        workspace.add_channel("C1", name="papers")
        yield workspace


@pytest.fixture
def app(slack: Workspace) -> AsyncApp:
    return bolt(slack)


async def test_each_envelope_goes_to_one_of_up_to_ten_connections(
    slack: Workspace, app: AsyncApp
) -> None:
    heard = echo(app)
    async with listening(app, slack), listening(app, slack):
        for number in range(4):
            await slack.people.slash("U1", "C1", str(number))
    assert heard == list("0123")

    async with listening(app, slack) as handler:
        session = handler.client.aiohttp_client_session
        urls = [slack.url(f"/link/?ticket={slack.socket.new_ticket()}") for _ in range(10)]
        others = [await session.ws_connect(url) for url in urls]
        assert [(await other.receive_json())["type"] for other in others] == [
            *["hello"] * 9,
            "disconnect",
        ]
        assert (await session.get(urls[0])).status == 401
        for other in others:
            await other.close()


async def test_the_client_comes_back_after_every_kind_of_end(
    slack: Workspace, app: AsyncApp
) -> None:
    heard = echo(app)
    async with listening(app, slack):
        ends = (
            lambda: slack.socket.disconnect("warning"),
            slack.socket.disconnect,
            slack.socket.close,
            slack.socket.drop,
        )
        for number, end in enumerate(ends, start=1):
            await end()
            await slack.socket.connected(number + 1)
            seen = await slack.people.slash("U1", "C1", str(number))
            assert seen.answers[0].text == str(number)
    assert heard == list("1234")


async def test_an_envelope_may_come_twice(slack: Workspace, app: AsyncApp) -> None:
    heard = echo(app)
    async with listening(app, slack):
        await slack.people.slash("U1", "C1", "once")
        assert await slack.socket.repeat() == {"text": "once"}
    first, second = slack.socket.envelopes
    assert (heard, first) == (["once", "once"], second)


async def test_an_event_that_is_not_acknowledged_comes_three_times_more(
    slack: Workspace, app: AsyncApp
) -> None:
    slack.ack_seconds = 0.05
    async with listening(app, slack):
        await slack.people.mention("U1", "C1", "nobody listens to this")
        await slack.until(lambda: slack.events.lost)
    sent = slack.socket.envelopes
    assert [one["retry_attempt"] for one in sent] == [0, 1, 2, 3]
    assert {one["payload"]["event_id"] for one in sent} == {slack.events.lost[0]["event_id"]}


async def test_signed_requests_are_taken_and_forged_ones_are_not(
    slack: Workspace, app: AsyncApp
) -> None:
    heard = echo(app)
    async with serving(app, slack):
        seen: Seen = await slack.people.slash("U1", "C1", "signed & sealed")
        assert seen.answers[0].text == "signed & sealed"
        assert await slack.request_url.replay() == 200
        command = {"command": "/papers", "text": "forged", "team_id": "T1"}
        assert await slack.request_url.forged("slash_commands", command) == 401
        assert await slack.request_url.stale("slash_commands", command) == 401
        assert "prove it" in await slack.request_url.verify()
    assert heard == ["signed & sealed"] * 2


async def test_buttons_and_events_by_http(slack: Workspace, app: AsyncApp) -> None:
    @app.action("go")
    async def go(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="gone")

    async with serving(app, slack):
        shown = slack.post(slack.channels["C1"], "UBOTT1", blocks=[actions(button(action_id="go"))])
        seen = await slack.people.press("U2", shown, "Go")
        assert (await seen.answer()).only_for == "U2"
        await slack.people.mention("U1", "C1", "nobody listens to this")
        await slack.until(lambda: slack.events.lost)
    tried = [one.headers.get("X-Slack-Retry-Num") for one in slack.request_url.sent]
    reasons = {one.headers.get("X-Slack-Retry-Reason") for one in slack.request_url.sent}
    assert tried == [None, None, "1", "2", "3"]
    assert reasons == {None, "http_error"}
