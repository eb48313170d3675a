"""The real AsyncWebClient against the fake's Web API: messages, reading, limits, mishaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncServerErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import Clock, Workspace
from tests.fakes.slack.faults import Faults, Kind
from tests.fakes.slack.samples import image, message, modal, mrkdwn, section


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[Workspace]:
    async with Workspace(clock=clock) as workspace:
        workspace.add_user("U1", name="ada")
        workspace.add_user("U2", name="grace", tz="Asia/Tokyo", is_admin=True)
        workspace.add_channel("C1", name="papers")
        workspace.add_channel("C2", bot=False)
        workspace.add_channel("G1", is_private=True, members={"U1"})
        workspace.add_channel("G2", is_private=True, members={"U1"}, bot=False)
        workspace.add_channel("C3", is_archived=True)
        yield workspace


@pytest.fixture
def client(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def refused(call: Any) -> dict[str, Any]:
    """What Slack answers to a call that it refuses, with the HTTP status."""
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    return {**response.data, "status": response.status_code, "headers": response.headers}


async def error(call: Any) -> str:
    return str((await refused(call))["error"])


async def texts(client: AsyncWebClient, **range: Any) -> list[str]:
    found = await client.conversations_history(channel="C1", **range)
    return [one["text"] for one in found["messages"]]


async def test_a_thread_is_read_back(slack: Workspace, client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel="C1", text="parent")
    for text in ("one", "two"):
        await client.chat_postMessage(channel="C1", text=text, thread_ts=parent["ts"])
    await client.chat_postMessage(channel="C1", text="next")

    assert await texts(client) == ["next", "parent"]
    replies = await client.conversations_replies(channel="C1", ts=parent["ts"])
    assert [one["text"] for one in replies["messages"]] == ["parent", "one", "two"]
    assert replies["messages"][0]["reply_count"] == 2
    assert replies["messages"][1]["thread_ts"] == parent["ts"]
    assert replies["messages"][1]["bot_id"] == "BT1"
    assert [one.text for one in slack.seen("U1", "C1")] == ["parent", "next"]
    assert [one.text for one in slack.thread(slack.seen("U1", "C1")[0])] == ["one", "two"]
    assert slack.refusals == []


async def test_a_reply_to_nothing_silently_leaves_the_thread(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C1", text="a", thread_ts="1.000002")
    assert "thread_ts" not in posted["message"]
    assert await texts(client) == ["a"]


async def test_metadata_is_told_only_when_asked_for(client: AsyncWebClient) -> None:
    mark = {"event_type": "delivery", "event_payload": {"key": "k1"}}
    await client.chat_postMessage(channel="C1", text="a", metadata=mark)
    plain = await client.conversations_history(channel="C1")
    asked = await client.conversations_history(channel="C1", include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert asked["messages"][0]["metadata"] == mark


async def test_history_in_ranges_and_pages(client: AsyncWebClient, clock: Clock) -> None:
    posted = []
    for text in "abcde":
        posted.append((await client.chat_postMessage(channel="C1", text=text))["ts"])
        clock.advance(10)
    assert posted == sorted(set(posted))
    assert await texts(client, oldest=posted[1], latest=posted[3]) == ["c"]
    assert await texts(client, oldest=posted[1], latest=posted[3], inclusive=True) == list("dcb")
    assert await texts(client, oldest=str(float(posted[3]) - 5), limit=1) == ["e"]

    pages = [
        [one["text"] for one in page["messages"]]
        async for page in await client.conversations_history(channel="C1", limit=2)
    ]
    assert pages == [["e", "d"], ["c", "b"], ["a"]]
    replied = await client.conversations_replies(channel="C1", ts=posted[0], limit=1)
    assert (replied["has_more"], replied["messages"][0]["text"]) == (False, "a")


async def test_an_ephemeral_message_is_for_one_person(
    slack: Workspace, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel="C1", user="U1", text="psst")
    assert [one.text for one in slack.seen("U1", "C1")] == ["psst"]
    assert slack.seen("U2", "C1") == []
    assert await texts(client) == []
    outsider = client.chat_postEphemeral(channel="G1", user="U2", text="psst")
    assert await error(outsider) == "user_not_in_channel"


async def test_update_delete_and_permalink(slack: Workspace, client: AsyncWebClient) -> None:
    mark = {"event_type": "t", "event_payload": {}}
    posted = await client.chat_postMessage(**message(section()), metadata=mark)
    ts = posted["ts"]
    assert posted["message"]["blocks"][0]["block_id"]
    await client.chat_update(channel="C1", ts=ts, text="new")
    (shown,) = slack.seen("U1", "C1")
    assert (shown.text, shown.blocks, shown.metadata) == ("new", [], mark)
    link = await client.chat_getPermalink(channel="C1", message_ts=ts)
    assert link["permalink"] == f"https://t1.slack.com/archives/C1/p{ts.replace('.', '')}"
    await client.chat_delete(channel="C1", ts=ts)
    assert slack.seen("U1", "C1") == []
    foreign = await slack.people.say("U1", "C1", "mine")
    assert (
        await error(client.chat_update(channel="C1", ts=foreign.ts, text="x"))
        == "cant_update_message"
    )


async def test_a_deleted_parent_leaves_its_thread_readable(client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel="C1", text="parent")
    await client.chat_postMessage(channel="C1", text="reply", thread_ts=parent["ts"])
    await client.chat_delete(channel="C1", ts=parent["ts"])
    found = await client.conversations_replies(channel="C1", ts=parent["ts"])
    assert found["messages"][0]["subtype"] == "tombstone"
    assert found["messages"][1]["text"] == "reply"


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "C9", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "G2", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C2", "text": "a"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C3", "text": "a"}, "is_archived"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.update", {"channel": "C1", "ts": "1.1", "text": "a"}, "message_not_found"),
        ("chat.delete", {"channel": "C1", "ts": "1.1"}, "message_not_found"),
        ("chat.getPermalink", {"channel": "C1", "message_ts": "1.1"}, "message_not_found"),
        ("conversations.replies", {"channel": "C1", "ts": "1.1"}, "thread_not_found"),
        ("conversations.history", {"channel": "C2"}, "not_in_channel"),
        ("conversations.history", {"channel": "C1", "oldest": "now"}, "invalid_ts_oldest"),
        ("conversations.history", {"channel": "C1", "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {"channel": "C1", "limit": "ten"}, "invalid_arguments"),
        ("users.info", {"user": "U9"}, "user_not_found"),
        ("files.completeUploadExternal", {"files": '[{"id": "F9"}]'}, "file_not_found"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        ("chat.sing", {}, "unknown_method"),
    ],
)
async def test_errors_have_slack_s_names(
    slack: Workspace, client: AsyncWebClient, method: str, args: dict[str, str], error: str
) -> None:
    answer = await refused(client.api_call(method, params=args))
    assert (answer["status"], answer["ok"], answer["error"]) == (200, False, error)
    assert [one.error for one in slack.refusals] == [error]


async def test_tokens_and_scopes(slack: Workspace, client: AsyncWebClient) -> None:
    nobody = AsyncWebClient(None, base_url=slack.api_url)
    stranger = AsyncWebClient("xoxb-other", base_url=slack.api_url)
    assert await error(nobody.auth_test()) == "not_authed"
    assert await error(stranger.auth_test()) == "invalid_auth"
    who = await client.auth_test()
    assert (who["team_id"], who["user_id"], who["bot_id"]) == ("T1", "UBOTT1", "BT1")
    assert "chat:write" in who.headers["x-oauth-scopes"]

    slack.teams["T1"].scopes = {"commands", "channels:read"}
    answer = await refused(client.conversations_history(channel="C1"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert answer["provided"] == "channels:read,commands"
    await slack.people.uninstall()
    assert await error(client.auth_test()) == "token_revoked"


async def test_an_invalid_block_is_refused_in_slack_s_words(
    slack: Workspace, client: AsyncWebClient
) -> None:
    sentence = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    answer = await refused(client.chat_postMessage(**message(section(text=mrkdwn("x" * 3001)))))
    assert (answer["error"], answer["errors"]) == ("invalid_blocks", [sentence])
    assert answer["response_metadata"] == {"messages": [f"[ERROR] {sentence}"]}
    assert [(one.method, one.messages) for one in slack.refusals] == [
        ("chat.postMessage", (sentence,))
    ]
    assert slack.seen("U1", "C1") == []


async def test_forms_and_json_say_the_same(slack: Workspace, client: AsyncWebClient) -> None:
    blocks = '[{"type": "divider", "block_id": "line"}]'
    form = {"channel": "C1", "text": "form", "blocks": blocks, "token": slack.bot_token}
    await client.api_call("chat.postMessage", data=form)
    await client.api_call("chat.postMessage", params={"channel": "C1", "text": "query"})
    await client.api_call("chat.postMessage", json={"channel": "C1", "text": "json"})
    assert await texts(client) == ["json", "query", "form"]
    assert slack.seen("U1", "C1")[0].blocks == [{"type": "divider", "block_id": "line"}]
    assert slack.calls[0].args["blocks"][0]["type"] == "divider"


async def test_people_and_channels_are_listed(client: AsyncWebClient) -> None:
    user = (await client.users_info(user="U2"))["user"]
    assert (user["name"], user["tz"], user["is_admin"]) == ("grace", "Asia/Tokyo", True)
    assert len((await client.users_list())["members"]) == 3
    both = "public_channel,private_channel"
    open_ones = await client.conversations_list(types=both, exclude_archived=True)
    assert [one["id"] for one in open_ones["channels"]] == ["C1", "C2", "G1"]
    mine = await client.users_conversations(types=both)
    assert [one["id"] for one in mine["channels"]] == ["C1", "G1", "C3"]
    assert (await client.conversations_info(channel="C2"))["channel"]["is_member"] is False
    await client.conversations_join(channel="C2")
    members = (await client.conversations_members(channel="C2"))["members"]
    assert members == ["U1", "U2", "UBOTT1"]
    direct = (await client.conversations_open(users="U1"))["channel"]["id"]
    posted = await client.chat_postMessage(channel="U1", text="hello")
    assert posted["channel"] == direct


async def test_posts_are_limited_to_one_a_second_in_bursts_of_three(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    slack.throttle.enabled = True
    for text in "abc":
        await client.chat_postMessage(channel="C1", text=text)
    answer = await refused(client.chat_postMessage(channel="C1", text="d"))
    assert (answer["status"], answer["error"]) == (429, "ratelimited")
    assert answer["headers"]["Retry-After"] == "1"
    await client.chat_postMessage(channel="G1", text="elsewhere")
    clock.advance(1)
    await client.chat_postMessage(channel="C1", text="d")
    assert await texts(client) == list("dcba")


async def test_other_methods_are_limited_by_the_minute(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    slack.throttle.enabled = True
    slack.throttle.per_minute["conversations.history"] = 1
    await client.conversations_history(channel="C1")
    clock.advance(20)
    answer = await refused(client.conversations_history(channel="C1"))
    assert answer["headers"]["Retry-After"] == "40"
    clock.advance(40)
    await client.conversations_history(channel="C1")


async def test_a_lost_answer_is_posted_twice_by_the_default_client(slack: Workspace) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    slack.faults.script("stored_then_reset")
    await client.chat_postMessage(channel="C1", text="a")
    assert await texts(client) == ["a", "a"]


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("reset", []),
        ("stored_then_reset", ["a"]),
        ("server_error", []),
        ("stored_then_server_error", ["a"]),
        ("rate_limited", []),
    ],
)
async def test_without_retries_a_mishap_is_one_exception(
    slack: Workspace, client: AsyncWebClient, kind: Kind, stored: list[str]
) -> None:
    slack.faults.script(kind, seconds=7)
    with pytest.raises((SlackApiError, aiohttp.ClientError)) as caught:
        await client.chat_postMessage(channel="C1", text="a")
    assert isinstance(caught.value, SlackApiError) is not kind.endswith("reset")
    assert await texts(client) == stored
    assert slack.faults.injected == {kind: 1}
    assert slack.refusals == []


async def test_server_errors_have_a_status_that_retry_handlers_know(slack: Workspace) -> None:
    at_once = FixedValueRetryIntervalCalculator(0)
    handler = AsyncServerErrorRetryHandler(interval_calculator=at_once)
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[handler])
    slack.faults.script("stored_then_server_error")
    await client.chat_postMessage(channel="C1", text="a")
    assert await texts(client) == ["a", "a"]


async def test_a_hang_outlasts_the_client_and_stores_all_the_same(
    slack: Workspace, client: AsyncWebClient
) -> None:
    slack.faults.script("hang", seconds=0.5)
    call = asyncio.create_task(client.chat_postMessage(channel="C1", text="late"))
    await slack.until(lambda: slack.faults.injected)
    call.cancel()
    assert slack.seen("U1", "C1") == []
    assert await slack.until(lambda: slack.seen("U1", "C1"))


async def test_an_answer_can_hang_after_the_message_is_stored(
    slack: Workspace, client: AsyncWebClient
) -> None:
    slack.faults.script("stored_then_hang", seconds=60)
    call = asyncio.create_task(client.chat_postMessage(channel="C1", text="there"))
    assert await slack.until(lambda: slack.seen("U1", "C1"))
    assert not call.done()
    call.cancel()


def test_random_mishaps_follow_the_seed() -> None:
    def drawn(seed: int) -> list[str | None]:
        faults = Faults(seed)
        faults.chance("reset", 0.2)
        faults.chance("hang", 0.2, method="*")
        return [
            fault.kind if fault else None for fault in map(faults.draw, ["chat.postMessage"] * 99)
        ]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == {"reset", "hang", None}


async def test_an_image_that_cannot_be_fetched(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.broken_images.add("https://example.org/")
    answer = await refused(client.chat_postMessage(**message(section(), image())))
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["downloading image failed [json-pointer:/blocks/1/image_url]"]
    assert slack.refusals == []


async def test_a_file_is_uploaded_and_shared(slack: Workspace, client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel="C1", text="chart")
    await client.files_upload_v2(
        content="a,b", filename="table.csv", title="Table", channel="C1", thread_ts=parent["ts"]
    )
    (shared,) = slack.thread(slack.seen("U1", "C1")[0])
    assert [(one["name"], one["title"]) for one in shared.files] == [("table.csv", "Table")]
    assert slack.files.by_id[shared.files[0]["id"]].content == b"a,b"


async def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: Workspace, client: AsyncWebClient, clock: Clock
) -> None:
    view = modal()["view"]
    trigger = slack.new_trigger("U1")
    clock.advance(3)
    opened = await client.views_open(trigger_id=trigger, view=view)
    assert slack.screens.find(opened["view"]["id"]) is slack.screens.modal("U1")
    again = client.views_open(trigger_id=trigger, view=view)
    assert await error(again) == "exchanged_trigger_id"
    late = slack.new_trigger("U1")
    clock.advance(3.1)
    for trigger, name in ((late, "expired_trigger_id"), ("1.2.x", "invalid_trigger_id")):
        assert await error(client.views_open(trigger_id=trigger, view=view)) == name


async def test_views_change_by_id_and_hash(slack: Workspace, client: AsyncWebClient) -> None:
    view = modal(external_id="form")["view"]
    opened = (await client.views_open(trigger_id=slack.new_trigger("U1"), view=view))["view"]
    changed = {**view, "title": {"type": "plain_text", "text": "Changed"}}
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=changed)
    stale = client.views_update(external_id="form", hash=opened["hash"], view=view)
    assert await error(stale) == "hash_conflict"
    assert await error(client.views_update(view_id="V9", view=view)) == "not_found"
    twice = client.views_open(trigger_id=slack.new_trigger("U2"), view=view)
    assert await error(twice) == "duplicate_external_id"
    await client.views_publish(user_id="U1", view={"type": "home", "blocks": [section()]})
    top = slack.screens.modal("U1")
    assert slack.screens.home("U1")
    assert top
    assert top.content["title"]["text"] == "Changed"


async def test_teams_are_apart(slack: Workspace, client: AsyncWebClient) -> None:
    other = slack.add_team("T2")
    slack.add_user("W1", team="T2")
    slack.add_channel("X1", team="T2")
    theirs = AsyncWebClient(other.bot_token, base_url=slack.api_url)
    await theirs.chat_postMessage(channel="X1", text="ours")
    assert await error(client.conversations_history(channel="X1")) == ("channel_not_found")
    assert await error(theirs.users_info(user="U1")) == "user_not_found"
    assert [one.text for one in slack.seen("W1", "X1")] == ["ours"]
