"""The home tab, the shortcut on messages, and links."""

from __future__ import annotations

from functools import partial

import pytest

from adapters.slack.manifest import UNFURL_DOMAINS
from commands.model import Call, Reply
from tests.adapters.slack.conftest import Start, calls
from tests.contracts.harness import ToldTeams
from tests.contracts.replies import REPLIES
from tests.contracts.slack import read, started
from tests.fakes.slack import View, Workspace, words


async def home(slack: Workspace, user: str, text: str) -> View:
    """The home tab as soon as it shows this."""

    def look() -> View | None:
        view = slack.screens.home(user)
        return view if view and text in words(view.content["blocks"]) else None

    return await slack.until(look)


async def test_home_shows_the_subscriptions_and_answers_in_place(
    slack: Workspace, start: Start
) -> None:
    async with start():
        await slack.people.slash("U1", "C1", "subscribe trending")
        await slack.people.open_home("U1")
        view = await home(slack, "U1", "1 · trending in <#C1>")
        assert view.content["type"] == "home"
        await slack.people.press("U1", view, "Today")
        view = await home(slack, "U1", "Papers of Tuesday 30 June 2026")
        await slack.people.press("U1", view, "More")
        view = await home(slack, "U1", "11. A Study of Widgets")
        await slack.people.choose("U1", view, "search", "widgts")
        view = await home(slack, "U1", "Showing results for “widgets” instead of “widgts”.")
        await slack.people.press("U1", view, "Abstract")
        view = await home(slack, "U1", "Then we stop.")
        with pytest.raises(LookupError):
            await slack.people.press("U1", view, "Share")
        await slack.people.press("U1", view, "Subscriptions")
        view = await home(slack, "U1", "1 · trending in <#C1>")
        await slack.people.press("U1", view, "Subscribe a channel")
        form = await slack.until(lambda: slack.screens.modal("U1"))
        await slack.people.submit_view(form, {"channel": "C1", "what": "week"})
        await slack.until(lambda: len(slack.seen("U2", "C1")) == 2)
    assert slack.screens.home("U2") is None


async def test_home_without_rights_says_so(slack: Workspace, start: Start) -> None:
    async with start(admins_only=True):
        await slack.people.open_home("U2")
        view = await home(slack, "U2", "No subscriptions yet")
        await slack.people.press("U2", view, "Subscribe a channel")
        await home(slack, "U2", "is for administrators here")


async def test_home_takes_every_reply(slack: Workspace) -> None:
    names = iter(REPLIES)

    async def handle(call: Call) -> Reply:
        return REPLIES[next(names)]

    async with started(slack, handle):
        for number in range(1, len(REPLIES) + 1):
            await slack.people.open_home("U1")
            await slack.until(partial(_published, slack, number))


def _published(slack: Workspace, times: int) -> bool:
    return len(calls(slack, "views.publish")) == times


async def test_the_messages_tab_is_not_the_home_tab(slack: Workspace, start: Start) -> None:
    async with start():
        event = {"type": "app_home_opened", "user": "U1", "channel": "DU1", "tab": "messages"}
        await slack.events.tell("T1", event)
        await slack.people.open_home("U2")
        await home(slack, "U2", "No subscriptions yet")
    assert slack.screens.home("U1") is None


async def test_the_shortcut_shows_all_papers_of_a_message(slack: Workspace, start: Start) -> None:
    text = "<https://arxiv.org/abs/2606.00001v2|a> and <https://huggingface.co/papers/2606.00002>"
    async with start():
        message = await slack.people.say("U2", "C1", text)
        seen = await slack.people.shortcut("U1", "find_papers", message)
        answer = await seen.answer()
        assert "1. A Study of Widgets, Part 1\n" in read(answer)
        assert "2. A Study of Widgets, Part 2\n" in read(answer)
        assert answer.only_for == "U1"
        lost = await slack.people.say("U2", "C1", "see arxiv.org/abs/2606.99999", message.ts)
        seen = await slack.people.shortcut("U1", "find_papers", lost)
        answer = await seen.answer()
        assert "no paper 2606.99999" in read(answer)
        assert answer.thread_ts == message.ts
        none = await slack.people.say("U2", "C1", "hello")
        seen = await slack.people.shortcut("U1", "find_papers", none)
        assert "No papers in this message" in read(await seen.answer())
        assert (await slack.people.shortcut("U1", "another", none)).error == ""


async def test_links_to_papers_unfold(slack: Workspace, start: Start) -> None:
    slack.unfurl_domains |= set(UNFURL_DOMAINS)
    async with start():
        seen = await slack.people.share_link("U1", "C1", "https://arxiv.org/abs/2606.00003")
        await slack.until(lambda: seen.asked and seen.asked.attachments)
        assert seen.asked
        [attachment] = seen.asked.attachments
        assert "A Study of Widgets, Part 3" in words(attachment["blocks"])
        assert not [one for one in attachment["blocks"] if one["type"] == "actions"]
        for url in ("https://arxiv.org/list/cs.CL/new", "https://arxiv.org/abs/2606.99999"):
            await slack.people.share_link("U1", "C1", url)
        await (await slack.people.mention("U1", "C1", "help")).answer()
    assert [call.method for call in slack.calls].count("chat.unfurl") == 1


async def test_a_workspace_that_removed_the_app_is_told(slack: Workspace, start: Start) -> None:
    teams = ToldTeams()
    async with start(teams=teams):
        assert await teams.told() == "joined T1"
        await slack.events.tell("T1", {"type": "app_uninstalled"})
        assert await teams.told() == "left T1"
