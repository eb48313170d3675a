"""The playground over real HTTP and WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web

from adapters.base import DeliveryError
from adapters.web.server import CALLS, EXAMPLES, FILES, HERE, LINE_LIMIT, SOCKETS, STATIC
from adapters.web.session import MESSAGE_LIMIT
from commands import COMMANDS
from commands.model import Action, Call, Context, Hint, Reply, command
from storage.model import Target
from tests.adapters.web.harness import Page, Place, open_page, running
from tests.contracts.replies import BUTTONS, card

PROJECT = Path(__file__).parents[3]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Desk:
    """Stands in for dispatch and remembers the calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.hold = asyncio.Event()

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.text == "boom":
            raise RuntimeError("secret detail")
        if call.text == "wait":
            await self.hold.wait()
        if call.text == "cards":
            return Reply(title="Cards", cards=tuple(card(number) for number in range(30)))
        if call.text == "nonsense":
            return Reply(title="", text="There is no such command.", refused=True)
        return Reply(title=f"You said {call.text}", actions=BUTTONS)


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.fixture
async def place(tmp_path: Path, desk: Desk) -> AsyncIterator[Place]:
    async with running(tmp_path, desk) as server:
        yield server


@pytest.fixture
async def page(place: Place) -> AsyncIterator[Page]:
    async with open_page(place) as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def port(place: Place) -> int:
    found = urlsplit(place.url).port
    assert found
    return found


async def post(place: Place, key: str, parent: str | None = None) -> str:
    [payload] = place.render(Reply(title=key), "compact")
    return await place.send(HERE, payload, parent, key)


# ---- the page


async def test_the_page_and_all_its_files_are_served_closed_to_the_outside(
    place: Place, http: aiohttp.ClientSession
) -> None:
    for path in FILES:
        async with http.get(place.url.rstrip("/") + path) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
    async with http.get(f"{place.url}app.js") as response:
        assert "javascript" in response.content_type


def test_the_page_needs_nothing_from_elsewhere_and_never_writes_markup() -> None:
    for file in STATIC.iterdir():
        text = file.read_text()
        outside = set(re.findall(r"(?:https?:)?(?<!\\)//[\w.]+\.\w+[^\s\"']*", text))
        assert outside <= {"http://www.w3.org/2000/svg"}, file.name
    script = (STATIC / "app.js").read_text()
    assert script.startswith("'use strict';")
    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert name not in script
    page = (STATIC / "index.html").read_text()
    assert "<script>" not in page
    assert not re.search(r"\son\w+=|style=", page)
    assert {path.removeprefix("/") or "index.html" for path in FILES} == {
        file.name for file in STATIC.iterdir()
    }


def test_the_examples_are_commands() -> None:
    names = {one.name for one in COMMANDS}
    assert {line.split()[0] for line in EXAMPLES} <= names


# ---- who may come in


@pytest.mark.parametrize("path", [*FILES, "/socket"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "10.0.0.1:{port}"]
)
async def test_a_foreign_host_is_refused(
    place: Place, http: aiohttp.ClientSession, path: str, host: str
) -> None:
    headers = {"Host": host.format(port=port(place))}
    async with http.get(place.url.rstrip("/") + path, headers=headers) as response:
        assert response.status == 403
        assert place.url in await response.text()
        assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_its_own_names_are_let_in(
    place: Place, http: aiohttp.ClientSession, host: str
) -> None:
    headers = {"Host": f"{host}:{port(place)}"}
    async with http.get(place.url, headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "https://{host}"]
)
async def test_a_foreign_origin_is_refused(
    place: Place, http: aiohttp.ClientSession, origin: str
) -> None:
    headers = {"Origin": origin.format(host=urlsplit(place.url).netloc)}
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(f"{place.url}socket", headers=headers)
    assert caught.value.status == 403
    async with http.get(place.url, headers=headers) as response:
        assert response.status == 403


async def test_its_own_origin_is_let_in(place: Place, http: aiohttp.ClientSession) -> None:
    headers = {"Origin": place.url.rstrip("/")}
    async with http.ws_connect(f"{place.url}socket", headers=headers) as socket:
        assert (await socket.receive_json())["type"] == "hello"


async def test_other_routes_look_after_themselves(tmp_path: Path, desk: Desk) -> None:
    async def events(request: web.Request) -> web.Response:
        return web.Response(text="taken")

    place = Place(tmp_path, port=0)
    place.server.app.router.add_post("/slack/events", events)
    await place.start((), desk)
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{place.url}slack/events", headers={"Host": "bot.example"}) as response,
    ):
        assert await response.text() == "taken"
    await place.stop()


# ---- asking


async def test_a_call_says_who_asks_where_and_in_which_zone(page: Page, desk: Desk) -> None:
    [answer] = await page.say("search mamba", zone="Asia/Tokyo")
    assert answer["title"] == "You said search mamba"
    [call] = desk.calls
    assert call.text == "search mamba"
    assert call.target == HERE == Target("web", "local", "papers")
    assert (call.caller.id, call.caller.name) == ("local", "you")
    assert call.caller.zone == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "\u0000"])
async def test_a_zone_that_is_none_is_left_out(page: Page, desk: Desk, zone: str) -> None:
    await page.say("today", zone=zone)
    assert desk.calls[0].caller.zone is None


async def test_a_button_sends_its_token(page: Page, desk: Desk) -> None:
    long = Action("More", "search " + "word " * 100)
    await page.say(long.token, mode="update")
    assert desk.calls[0].text == long.token


async def test_two_lines_are_answered_each_in_its_time(page: Page, desk: Desk) -> None:
    await page.socket.send_json({"id": 901, "text": "wait"})
    assert (await page.say("quick"))[0]["title"] == "You said quick"
    desk.hold.set()
    assert (await page.hear())["id"] == 901


async def test_too_many_lines_at_once_are_told_to_wait(page: Page, desk: Desk) -> None:
    for id in range(900, 900 + CALLS):
        await page.socket.send_json({"id": id, "text": "wait"})
    assert "One moment" in (await page.say("one more"))[0]["title"]
    desk.hold.set()
    heard = {(await page.hear())["id"] for _ in range(CALLS)}
    assert heard == set(range(900, 900 + CALLS))


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", '{"id": 1}', '{"id": "x", "text": []}', '{"id":1,"text":"\\ud800"}'],
)
async def test_what_is_no_line_is_refused_and_nothing_breaks(page: Page, text: str) -> None:
    await page.socket.send_str(text)
    assert (await page.hear())["type"] == "refused"
    assert await page.say("still here")


async def test_a_line_beyond_the_limit_never_reaches_a_command(page: Page, desk: Desk) -> None:
    await page.socket.send_json({"id": 1, "text": "x" * (LINE_LIMIT + 1)})
    assert (await page.hear())["type"] == "refused"
    assert not desk.calls
    assert await page.say("x" * LINE_LIMIT)


async def test_an_oversize_message_closes_only_its_own_page(place: Place, page: Page) -> None:
    async with open_page(place) as other:
        await other.socket.send_str("x" * (MESSAGE_LIMIT + 1))
        closed = await other.socket.receive()
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert closed.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert await page.say("still here")


async def test_a_packed_message_is_bounded_unpacked(place: Place, page: Page) -> None:
    swollen = b"x" * 60_000_000  # packed it is below the limit
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{place.url}socket", compress=15) as socket,
    ):
        await socket.receive()
        assert socket.compress
        tracemalloc.start()
        try:
            await socket.send_frame(swollen, aiohttp.WSMsgType.TEXT)
            closed = await socket.receive()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert peak < 10_000_000
    assert await page.say("still here")


async def test_one_page_too_many_is_turned_away(place: Place) -> None:
    async with contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(open_page(place)) for _ in range(SOCKETS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await stack.enter_async_context(open_page(place))
        assert caught.value.status == 503
        assert await pages[0].say("still here")
    async with open_page(place) as page:
        assert await page.say("room again")


async def test_the_page_learns_the_commands_from_their_declarations(
    tmp_path: Path, desk: Desk
) -> None:
    def run(
        ctx: Context,
        what: Annotated[str, "words"],
        order: Annotated[Literal["new", "old"], "which first", Hint(word="by")] = "new",
    ) -> Reply:
        return Reply(title="")

    place = Place(tmp_path, port=0, banner=lambda: "A sample.", examples=("find x",))
    await place.start((command("find", help="Finds.", examples=("find x",))(run),), desk)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{place.url}socket") as socket,
    ):
        hello = await socket.receive_json()
    await place.stop()
    assert (hello["banner"], hello["examples"]) == ("A sample.", ["find x"])
    [told] = hello["commands"]
    assert (told["name"], told["help"], told["example"]) == ("find", "Finds.", "find x")
    what, order = told["args"]
    assert (what["rest"], what["required"], what["help"]) == (True, True, "words")
    assert (order["choices"], order["default"], order["word"]) == (["new", "old"], "new", "by")


# ---- posts


async def test_posts_appear_live_on_every_page(place: Place, page: Page) -> None:
    async with open_page(place) as other:
        root = await post(place, "header")
        await post(place, "reply", root)
        for reader in (page, other):
            first, second = await reader.hear_posts(2)
            assert (first["payload"]["title"], first["parent"]) == ("header", None)
            assert (second["payload"]["title"], second["parent"]) == ("reply", root)
            assert datetime.fromisoformat(first["at"]).utcoffset() == timedelta(0)


async def test_a_page_that_comes_back_hears_only_what_it_missed(place: Place) -> None:
    refs = [await post(place, key) for key in ("one", "two", "three")]
    async with open_page(place) as page:
        assert [known["ref"] for known in page.posts] == refs
    async with open_page(place, after=refs[1]) as page:
        assert [known["ref"] for known in page.posts] == refs[2:]
    async with open_page(place, after="unknown") as page:
        assert len(page.posts) == 3


async def test_posts_survive_a_restart(tmp_path: Path, desk: Desk) -> None:
    async with running(tmp_path, desk) as place:
        ref = await post(place, "kept")
    async with running(tmp_path, desk) as place:
        assert await place.find(HERE, "kept", None, LONG_AGO) == ref
        assert await post(place, "kept") == ref
        async with open_page(place) as page:
            assert [known["ref"] for known in page.posts] == [ref]


async def test_the_same_key_at_once_is_one_post(place: Place, page: Page) -> None:
    refs = await asyncio.gather(*(post(place, "same") for _ in range(10)))
    assert len(set(refs)) == 1
    await post(place, "next")
    assert [known["payload"]["title"] for known in await page.hear_posts(2)] == ["same", "next"]


async def test_a_post_of_another_process_appears_on_open_pages(
    place: Place, page: Page, tmp_path: Path
) -> None:
    code = f"""
import asyncio
from pathlib import Path
from adapters.web import Web
from adapters.web.server import HERE
from commands.model import Reply
other = Web(Path({str(tmp_path)!r}))
[payload] = other.render(Reply(title="from afar"), "compact")
print(asyncio.run(other.send(HERE, payload, None, "far")))
"""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=PROJECT, stdout=subprocess.PIPE
    )
    said, _ = await other.communicate()
    [shown] = await page.hear_posts(1)
    assert shown["payload"]["title"] == "from afar"
    assert shown["ref"] == said.decode().strip()
    assert await place.find(HERE, "far", None, LONG_AGO) == shown["ref"]


async def test_there_is_only_one_channel(place: Place) -> None:
    elsewhere = Target("web", "local", "random")
    with pytest.raises(DeliveryError, match="only #papers, not random") as caught:
        await place.send(elsewhere, {}, None, "key")
    assert caught.value.permanent
    await post(place, "key")
    assert await place.find(elsewhere, "key", None, LONG_AGO) is None


async def test_a_share_is_a_post_for_all(place: Place, page: Page, tmp_path: Path) -> None:
    async with open_page(place) as other:
        assert await page.say("show 1", mode="share") == []
        [shared] = await other.hear_posts(1)
    assert shared["payload"]["title"] == "You said show 1"
    assert shared["payload"]["by"] == "you"
    assert "show 1" in (tmp_path / "papers.jsonl").read_text()


async def test_a_long_answer_is_shared_as_a_thread(page: Page) -> None:
    assert await page.say("cards", mode="share") == []
    first, second = await page.hear_posts(2)
    assert first["parent"] is None
    assert second["parent"] == first["ref"]


async def test_a_bug_or_a_refusal_is_never_shared(place: Place, page: Page) -> None:
    assert "did not work" in (await page.say("boom", mode="share"))[0]["title"]
    assert "no such command" in (await page.say("nonsense", mode="share"))[0]["text"]
    async with open_page(place) as other:
        assert other.posts == []


# ---- start and stop


async def test_a_port_in_use_is_said_with_the_setting(place: Place, tmp_path: Path) -> None:
    second = Place(tmp_path / "other", port=port(place))
    with pytest.raises(OSError, match=rf"port {port(place)} is in use.*PAPERBOT_HTTP__PORT"):
        await second.start((), Desk())
    await second.stop()


async def test_a_host_that_is_not_ours_is_said_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1.*PAPERBOT_HTTP__HOST"):
        await Place(tmp_path, "192.0.2.1", 0).start((), Desk())


async def test_stop_ends_open_pages_and_running_lines(tmp_path: Path, desk: Desk) -> None:
    place = Place(tmp_path, port=0)
    await place.start((), desk)
    async with open_page(place) as page:
        await page.socket.send_json({"id": 1, "text": "wait"})
        await page.say("running")
        await place.stop()
        closed = await page.socket.receive()
        assert closed.data == aiohttp.WSCloseCode.GOING_AWAY
    await place.stop()
    await Place(tmp_path).stop()
