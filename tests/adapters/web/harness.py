"""The playground with a page open in it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from adapters.base import Handle
from adapters.server import Server
from adapters.web import Web
from adapters.web import render as limits
from adapters.web.server import HERE
from commands.model import LINE_LIMIT, Command
from storage.model import Payload
from tests.contracts.harness import Harness, strings


class Page:
    """What the page's script does: it says lines and hears messages."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.posts: list[Payload] = []
        self._ids = itertools.count(1)

    async def hear(self) -> Payload:
        """The next message; posts are kept, too."""
        async with asyncio.timeout(10):
            heard: Payload = await self.socket.receive_json()
        self.posts += heard["posts"] if heard["type"] == "hello" else []
        self.posts += [heard["post"]] if heard["type"] == "post" else []
        return heard

    async def hear_posts(self, count: int) -> list[Payload]:
        """Wait until so many posts arrived in all."""
        while len(self.posts) < count:
            await self.hear()
        return self.posts

    async def say(self, text: str, **more: Any) -> list[Payload]:
        """Send a line; the messages of its answer."""
        id = next(self._ids)
        await self.socket.send_json({"id": id, "text": text, **more})
        while True:
            heard = await self.hear()
            if heard["type"] == "answer" and heard["id"] == id:
                payloads: list[Payload] = heard["payloads"]
                return payloads


class Place(Web):
    """A playground and the server it is on."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0, **more: Any) -> None:
        self.server = Server(host, port)
        super().__init__(folder, self.server, **more)

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        await super().start(commands, handle)
        try:
            await self.server.start()
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        await super().stop()
        await self.server.stop()


@asynccontextmanager
async def open_page(place: Place, **query: str) -> AsyncIterator[Page]:
    """A page of a running playground that has heard ``hello``."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{place.url}socket", params=query) as socket,
    ):
        page = Page(socket)
        await page.hear()
        yield page


@asynccontextmanager
async def running(folder: Path, handle: Handle) -> AsyncIterator[Place]:
    place = Place(folder)
    await place.start((), handle)
    try:
        yield place
    finally:
        await place.stop()


@asynccontextmanager
async def enter_web(folder: Path, handle: Handle) -> AsyncIterator[Harness]:
    async with running(folder, handle) as web, open_page(web) as page:

        async def say(text: str) -> str:
            return "\n".join(strings(_shown(await page.say(text))))

        async def seen() -> str:
            async with open_page(web) as other:
                return "\n".join(strings([post["payload"] for post in other.posts]))

        yield Harness(web, HERE, say, seen, check)


def _shown(value: Any) -> Any:
    """Without what a button carries, which nobody sees."""
    if isinstance(value, dict):
        return {name: _shown(part) for name, part in value.items() if name != "token"}
    return [_shown(part) for part in value] if isinstance(value, list) else value


def check(payload: Payload) -> None:
    """Within the limits that the renderer declares, and no way out but to the web."""
    assert len(payload["title"]) <= limits.TITLE_LIMIT
    assert len(payload["text"]) <= limits.TEXT_LIMIT
    actions = list(payload["actions"])
    if payload["kind"] == "header":
        assert len(payload["papers"]) <= limits.PAPERS_IN_HEADER
        for paper in payload["papers"]:
            assert 0 < len(paper["title"]) <= limits.TITLE_LIMIT or not paper["title"].strip()
            assert len(paper["votes"]) <= limits.VOTES_LIMIT
            _check_url(paper["url"])
    else:
        assert payload["kind"] == "cards"
        assert len(payload["cards"]) <= limits.CARDS_IN_ANSWER
        for card in payload["cards"]:
            _check_card(card)
            actions += card["actions"]
    assert len(payload["actions"]) <= limits.ACTIONS_IN_ROW
    for action in actions:
        assert len(action["label"]) <= limits.LABEL_LIMIT
        assert len(action["token"]) <= LINE_LIMIT
        assert action["mode"] in ("new", "update", "share")


def _check_card(card: Payload) -> None:
    assert len(card["title"]) <= limits.TITLE_LIMIT
    assert len(card["text"]) <= limits.CARD_TEXT_LIMIT
    assert len(card["actions"]) <= limits.ACTIONS_IN_ROW
    for name in ("authors", "facts", "footer"):
        assert len(card[name]) <= limits.LINE_LIMIT
        assert "\n" not in card[name]
    for name in ("url", "code", "image"):
        _check_url(card[name])


def _check_url(url: str | None) -> None:
    if url is not None:
        assert len(url) <= limits.URL_LIMIT
        assert urlsplit(url).scheme in ("http", "https")
        assert urlsplit(url).netloc
