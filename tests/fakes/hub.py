"""A working Hugging Face Hub, small: daily lists and paper pages over real HTTP.

    async with Hub(today=date(2026, 6, 15)) as hub:
        hub.days[hub.today] = [entry("2606.00001", title="A Study of Widgets")]
        hub.faults.append(status(500))      # the next request fails, the others do not
        ... HuggingFace(session, hub.url, ...)

It answers as the Hub does: an absent fact is a missing key, a day without papers is an empty list,
a bad or future date is 400, an unknown paper 404, an unchanged list 304.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import date, timedelta
from itertools import chain
from typing import Any

from aiohttp import web

from tests.fakes.server import Fault, Server


class Hub(Server):
    """The server.  ``days`` holds each list, or whatever is to be answered in its place."""

    def __init__(self, today: date) -> None:
        app = web.Application()
        app.router.add_get("/api/daily_papers", self._daily)
        app.router.add_get("/api/papers/{id:.+}", self._paper)
        super().__init__(app, "/")
        self.today = today
        self.days: dict[date, Any] = {}
        self.token: str | None = None
        """The one token that is taken; any other is refused."""
        self.remaining: int | None = None
        """Requests left in the window of 120 seconds; None: no limit is told."""

    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.headers.get("Authorization")
        if given is not None and given != f"Bearer {self.token}":
            return _json({"error": "Invalid credentials in Authorization header"}, 401)
        response: web.Response = await handler(request)
        if self.remaining is not None:
            self.remaining = max(self.remaining - 1, 0)
            response.headers["RateLimit"] = f'"api";r={self.remaining};t=120'
        if response.status == 200:
            etag = f'W/"{hashlib.sha256(response.body or b"").hexdigest()[:27]}"'  # type: ignore[arg-type]
            if request.headers.get("If-None-Match") == etag:
                response = web.Response(status=304)
            response.headers["ETag"] = etag
        return response

    async def _daily(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            page, limit = int(query.get("p", 0)), int(query.get("limit", 50))
            sort = query.get("sort", "publishedAt")
            days = self._span(query.get("date"), query.get("week"), query.get("month"))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        if page < 0 or not 1 <= limit <= 100 or sort not in ("publishedAt", "trending"):
            return _json({"error": "Invalid query"}, 400)
        lists = [self.days[day] for day in sorted(self.days, reverse=True) if day in days]
        for listed in lists:
            if not isinstance(listed, list):
                return _json(listed)
        entries = [entry for listed in lists for entry in listed]
        if sort == "trending":
            entries.sort(key=_stars, reverse=True)
        return _json(entries[page * limit : (page + 1) * limit])

    def _span(self, day: str | None, week: str | None, month: str | None) -> list[date]:
        """The days that are asked for; without a word about it, all."""
        if day:
            first = last = date.fromisoformat(day)
        elif week:
            first = date.fromisoformat(f"{week}-1")
            last = first + timedelta(days=6)
        elif month:
            first = date.fromisoformat(f"{month}-01")
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        else:
            return list(self.days)
        if first > self.today:
            raise ValueError("Date must be in the past")
        return [first + timedelta(days=step) for step in range((last - first).days + 1)]

    async def _paper(self, request: web.Request) -> web.Response:
        lists = [listed for listed in self.days.values() if isinstance(listed, list)]
        for found in chain.from_iterable(lists):
            paper = found.get("paper") if isinstance(found, dict) else None
            if paper and paper["id"] == request.match_info["id"]:
                return _json(paper | {"linkedModels": [], "linkedDatasets": []})
        return _json({"error": "Paper not found"}, 404)


def _stars(entry: Any) -> int:
    paper = entry.get("paper") if isinstance(entry, dict) else None
    return paper.get("githubStars", 0) if paper else 0


def entry(id: str, *, on: date = date(2026, 6, 15), **paper: Any) -> dict[str, Any]:
    """An entry of a list as in June 2026; ``paper`` replaces fields of the inner paper."""
    inner = {
        "id": id,
        "authors": [
            {"_id": "0" * 24, "name": "Ada Turner", "hidden": False},
            {"_id": "1" * 24, "name": "Wei Zhang", "hidden": False},
        ],
        "publishedAt": f"{on - timedelta(days=3)}T00:00:00.000Z",
        "submittedOnDailyAt": f"{on}T00:00:00.000Z",
        "title": f"A Study of Widgets, Part {id}",
        "submittedOnDailyBy": {"_id": "2" * 24, "user": "widgeteer", "fullname": "W. Smith"},
        "summary": "Widgets are everywhere.\nWe count them.",
        "upvotes": 12,
        "discussionId": "3" * 24,
        **paper,
    }
    return {
        "paper": inner,
        "publishedAt": f"{on - timedelta(days=4)}T20:00:00.000Z",
        "title": inner["title"],
        "summary": inner["summary"],
        "thumbnail": f"https://cdn-thumbnails.example.org/papers/{id}.png",
        "numComments": 2,
        "submittedBy": {"_id": "2" * 24, "name": "widgeteer", "fullname": "W. Smith"},
        "isAuthorParticipating": False,
    }


# -- faults -----------------------------------------------------------------------------------


def status(code: int, **headers: str) -> Fault:
    """An error; ``Retry_After="3"`` becomes the header of that name."""

    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": "No."}, status=code, headers=named)

    return answer


def body(content: bytes | str, content_type: str = "application/json") -> Fault:
    """Anything else with status 200."""

    async def answer(request: web.Request) -> web.StreamResponse:
        data = content.encode() if isinstance(content, str) else content
        return web.Response(body=data, content_type=content_type)

    return answer


def cut_off(sent: bytes = b'[{"paper": ', claimed: int = 1_000) -> Fault:
    """A connection that breaks before the claimed length is there."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = claimed
        await response.prepare(request)
        await response.write(sent)
        assert request.transport
        request.transport.close()
        return response

    return answer


def overlong(content: bytes, claimed: int) -> Fault:
    """More bytes than the length that is claimed."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {claimed}"
        request.transport.write(head.encode() + b"\r\n\r\n" + content)
        request.transport.close()
        return web.Response()

    return answer


def silence(headers_first: bool = False) -> Fault:
    """No answer, or one that stops after its headers, until the client gives up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if headers_first:
            await response.prepare(request)
            await response.write(b"[")
        await asyncio.Event().wait()
        return response

    return answer


def endless() -> Fault:
    """300 MB of blanks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(300):
            await response.write(b" " * 1_000_000)
        return response

    return answer


def packed(content: bytes) -> Fault:
    """``content`` as it is, said to be packed with gzip."""

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return web.Response(body=content, headers=headers)

    return answer


def redirect(to: str) -> Fault:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": to})

    return answer


def _json(data: Any, code: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(data), status=code, content_type="application/json", charset="utf-8"
    )
