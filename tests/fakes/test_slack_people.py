"""People use a real Bolt app: commands, mentions, buttons, forms, the home tab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.fakes.slack import Clock, Workspace, words
from tests.fakes.slack.bolted import bolt, listening
from tests.fakes.slack.samples import (
    actions,
    button,
    field,
    message,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)


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


async def test_a_command_is_answered_and_answered_again(slack: Workspace, app: AsyncApp) -> None:
    @app.command("/papers")
    async def papers(ack: Any, respond: Any, command: dict[str, str]) -> None:
        await ack(f"looking for {command['text']}")
        await respond(blocks=[section(text=mrkdwn("found"))], text="found")
        await respond(text="everybody", response_type="in_channel")

    async with listening(app, slack):
        seen = await slack.people.slash("U1", "C1", "attention")
        await seen.answer(3)
    # Bolt sends its acknowledgement up to 10 ms late: what follows may well come before it.
    shown = {one.text: words(one.blocks) for one in seen.answers}
    assert shown == {"looking for attention": "", "found": "found", "everybody": ""}
    assert [one.text for one in slack.seen("U2", "C1")] == ["everybody"]
    assert (seen.error, slack.refusals) == ("", [])


@pytest.mark.parametrize("connected", [True, False])
async def test_a_command_that_nobody_acknowledges(
    slack: Workspace, app: AsyncApp, connected: bool
) -> None:
    slack.ack_seconds = 0.05
    if connected:
        async with listening(app, slack):
            seen = await slack.people.slash("U1", "C1", "hello")
    else:
        seen = await slack.people.slash("U1", "C1", "hello")
    assert seen.error == ("operation_timeout" if connected else "dispatch_failed")
    assert seen.answers == []


async def test_an_acknowledgement_has_to_be_a_valid_message(
    slack: Workspace, app: AsyncApp
) -> None:
    @app.command("/papers")
    async def papers(ack: Any) -> None:
        await ack(blocks=[section(text=mrkdwn("x" * 3001))], text="too long")

    async with listening(app, slack):
        seen = await slack.people.slash("U1", "C1", "")
    assert (seen.error, seen.answers) == ("invalid_command_response", [])
    assert [one.method for one in slack.refusals] == ["ack"]


async def test_mentions_and_direct_messages(slack: Workspace, app: AsyncApp) -> None:
    @app.event("app_mention")
    async def mentioned(event: dict[str, str], say: Any) -> None:
        await say(f"heard {event['text']}", thread_ts=event.get("thread_ts", event["ts"]))

    @app.event("message")
    async def written(event: dict[str, str], say: Any) -> None:
        await say(f"{event['channel_type']}: {event['text']}")

    async with listening(app, slack):
        asked = await slack.people.mention("U1", "C1", "today")
        assert (await asked.answer()).text == "heard <@UBOTT1> today"
        assert asked.asked
        again = await slack.people.mention("U2", "C1", "more", asked.asked.ts)
        await again.answer()
        assert len(slack.thread(asked.asked)) == 3
        direct = await slack.people.dm("U1", "hello")
        assert (await direct.answer()).text == "im: hello"
        slack.add_channel("C2", bot=False)
        await slack.people.mention("U1", "C2", "anybody?")
        slack.teams["T1"].scopes.discard("im:history")
        await slack.people.dm("U1", "hello?")
    assert len(slack.socket.envelopes) == 3


async def test_a_pressed_button_replaces_or_deletes_its_message(
    slack: Workspace, app: AsyncApp
) -> None:
    @app.action("more")
    async def more(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        await ack()
        value = body["actions"][0]["value"]
        await respond(text=f"page {value} of {body['channel']['name']}", replace_original=True)

    @app.action("gone")
    async def gone(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    row = actions(button(action_id="more", text=plain("More"), value="2"), button(action_id="gone"))
    async with listening(app, slack):
        for only_for in (None, "U1"):
            where = slack.channels["C1"]
            shown = slack.post(where, "UBOTT1", text="page 1", blocks=[row], only_for=only_for)
            seen = await slack.people.press("U1", shown, "More")
            assert (await seen.answer()).text == "page 2 of papers"
            assert slack.seen("U1", "C1") == [shown]
            shown.blocks = [{**row, "block_id": "b"}]
            await slack.people.press("U1", shown, "gone")
            await slack.until(lambda: not slack.seen("U1", "C1"))
        with pytest.raises(LookupError, match=r"called 'Less', only \['More', 'Go'\]"):
            await slack.people.press("U1", shown, "Less")
    assert slack.refusals == []


async def response(url: str, text: str) -> tuple[int, str]:
    answer = await AsyncWebhookClient(url).send(text=text)
    return answer.status_code, answer.body


async def test_a_response_url_serves_five_times_for_half_an_hour(app: AsyncApp) -> None:
    clock = Clock()
    async with Workspace(clock=clock) as slack:
        slack.add_user("U1")
        slack.add_channel("C1")
        first = await slack.people.slash("U1", "C1", "a")
        clock.advance(30 * 60)
        for number in range(5):
            assert await response(first.response_url, str(number)) == (200, "ok")
        status, body = await response(first.response_url, "sixth")
        assert (status, body) == (404, '{"ok": false, "error": "used_url"}')
        second = await slack.people.slash("U1", "C1", "b")
        clock.advance(30 * 60 + 1)
        assert "expired_url" in (await response(second.response_url, "late"))[1]
        third = await slack.people.slash("U1", "C1", "c")
        assert "no_text" in (await response(third.response_url, ""))[1]
        assert [one.text for one in slack.seen("U1", "C1")] == list("01234")
        errors = ["used_url", "expired_url", "no_text"]
        assert [one.error for one in slack.refusals] == errors


async def test_forms_are_opened_filled_in_and_submitted(slack: Workspace, app: AsyncApp) -> None:
    form = modal(blocks=[field(block_id="name")], submit=plain("Save"), callback_id="form")["view"]

    @app.shortcut("ask")
    async def ask(ack: Any, client: AsyncWebClient, shortcut: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=form)

    @app.view("form")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        name = view["state"]["values"]["name"]["a"]["value"]
        if name == "Ada":
            await ack()
        else:
            await ack(response_action="errors", errors={"name": "Another one, please."})

    async with listening(app, slack):
        about = await slack.people.say("U2", "C1", "look at this")
        await slack.people.shortcut("U1", "ask", about)
        view = await slack.until(lambda: slack.screens.modal("U1"))
        with pytest.raises(LookupError, match="'Name' has to be filled in"):
            await slack.people.submit_view(view)
        seen = await slack.people.submit_view(view, {"name": "Bob"})
        assert seen.errors == {"name": "Another one, please."}
        assert slack.screens.modal("U1") is view
        await slack.people.submit_view(view, {"a": "Ada"})
        assert slack.screens.modal("U1") is None
    assert slack.refusals == []


async def test_the_home_tab_and_links(slack: Workspace, app: AsyncApp) -> None:
    slack.unfurl_domains.add("papers.example.org")
    url = "https://papers.example.org/1"

    @app.event("app_home_opened")
    async def opened(event: dict[str, str], client: AsyncWebClient) -> None:
        blocks = [section(text=mrkdwn(f"Hello <@{event['user']}>")), actions(button())]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.event("link_shared")
    async def linked(event: dict[str, Any], client: AsyncWebClient) -> None:
        unfurls = {one["url"]: {"blocks": [section()]} for one in event["links"]}
        await client.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=unfurls)

    async with listening(app, slack):
        await slack.people.open_home("U1")
        home = await slack.until(lambda: slack.screens.home("U1"))
        assert words(home.content["blocks"]) == "Hello <@U1>\nGo"
        seen = await slack.people.share_link("U1", "C1", url)
        assert seen.asked
        attached = seen.asked.attachments
        await slack.until(lambda: attached)
        assert attached[0]["from_url"] == url
        await slack.people.share_link("U1", "C1", "https://example.com/")
    assert len(slack.socket.envelopes) == 2
    assert slack.refusals == []


async def test_what_the_app_sends_too_much_of_is_its_own_fault(
    slack: Workspace, app: AsyncApp
) -> None:
    blocks = [section()] * 51
    seen = await slack.people.slash("U1", "C1", "")
    await AsyncWebhookClient(seen.response_url).send_dict(message(*blocks))
    assert slack.refusals[0].messages == ("no more than 50 items allowed [json-pointer:/blocks]",)


async def test_menus_and_overflows(slack: Workspace, app: AsyncApp) -> None:
    heard: list[Any] = []

    @app.action("menu")
    async def menu(ack: Any, body: dict[str, Any]) -> None:
        heard.append((body["actions"][0]["selected_option"]["value"], body["state"]["values"]))
        await ack()

    options = [option(), option(text=plain("Two"), value="2")]
    row = actions({"type": "overflow", "action_id": "menu", "options": options})
    async with listening(app, slack):
        shown = slack.post(slack.channels["C1"], "UBOTT1", blocks=[{**row, "block_id": "b"}])
        await slack.people.choose("U1", shown, "menu", "Two")
        with pytest.raises(LookupError, match="no option 'Three'"):
            await slack.people.choose("U1", shown, "menu", "Three")
    chosen = {"type": "overflow", "selected_option": options[1]}
    assert heard == [("2", {"b": {"menu": chosen}})]


async def test_forms_follow_one_another(slack: Workspace, app: AsyncApp) -> None:
    first, second = modal(callback_id="first")["view"], modal(callback_id="second")["view"]
    closed: list[str] = []

    @app.view("first")
    async def push(ack: Any) -> None:
        await ack(response_action="push", view=second)

    @app.view("second")
    async def update(ack: Any) -> None:
        view = {**second, "callback_id": "last", "notify_on_close": True}
        await ack(response_action="update", view=view)

    @app.view("last")
    async def last(ack: Any) -> None:
        await ack(response_action="clear")

    @app.view_closed("last")
    async def dismissed(ack: Any, view: dict[str, Any]) -> None:
        closed.append(view["callback_id"])
        await ack()

    async with listening(app, slack):
        below = slack.screens.open("U1", first)
        await slack.people.submit_view(below)
        top = await slack.until(lambda: slack.screens.modal("U1"))
        assert top.previous == below.id
        await slack.people.submit_view(top)
        await slack.people.close_view(top)
        assert (closed, slack.screens.modal("U1")) == (["last"], below)
        again = slack.screens.push("U1", {**second, "callback_id": "last"})
        await slack.people.submit_view(again)
        assert slack.screens.modal("U1") is None
    assert slack.refusals == []


async def test_an_answer_to_a_form_has_to_make_sense(slack: Workspace, app: AsyncApp) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"nowhere": "no"}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "vanish"},
    ]

    @app.view("form")
    async def submitted(ack: Any) -> None:
        await ack(answers[len(slack.refusals)])

    async with listening(app, slack):
        view = slack.screens.open("U1", modal(callback_id="form")["view"])
        for _ in answers:
            seen = await slack.people.submit_view(view)
            assert seen.error == "invalid_arguments"
    assert len(slack.refusals) == len(answers)
    assert slack.screens.modal("U1") is view
