"""Replies as the JSON messages that the page draws.  Pure; all text is plain.

A message has a ``kind``:

* ``header``: ``title``, ``text``, ``papers`` (``title``, ``url``, ``votes``), ``unlisted`` (how
  many papers the list leaves out), ``until`` (ISO 8601, UTC: when the list closes), ``actions``
* ``cards``: ``title`` and ``text`` (empty inside a thread), ``cards``, ``actions``; a card has
  ``rank`` (from 1; null where it is alone), ``title``, ``url``, ``authors``, ``facts``, ``text``,
  ``code``, ``footer``, ``image``, ``actions``
* an action has ``label``, ``token`` and ``mode``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from adapters.base import RenderAs
from adapters.text import facts, plain, shorten
from commands.model import Action, Card, Reply
from storage.model import Payload

CARDS_IN_MESSAGE = 5
CARDS_IN_ANSWER = 25
PAPERS_IN_HEADER = 25
ACTIONS_IN_ROW = 10
TITLE_LIMIT = 300
TEXT_LIMIT = 4000
CARD_TEXT_LIMIT = 1500
LINE_LIMIT = 300
"""Authors, facts and footer of a card."""
LABEL_LIMIT = 60
VOTES_LIMIT = 12
URL_LIMIT = 2000

_URL = re.compile(r"""https?://[^\s"<>\\^`{|}]+""")
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(reply: Reply, layout: RenderAs) -> list[Payload]:
    """The messages of a reply; see the module for their shape."""
    cards = _cards(reply)
    if layout == "answer":
        return _answer(reply, cards)
    size = {"thread": CARDS_IN_MESSAGE, "per-paper": 1, "compact": 0}[layout]
    return [_header(reply), *(_message(part) for part in _parts(cards, size))]


def web_url(url: str | None) -> str | None:
    """``url`` where it is a whole one of the web and not too long, else None."""
    if url and len(url) <= URL_LIMIT and url.isprintable() and _URL.fullmatch(url):
        with suppress(ValueError):  # a host in broken brackets
            return url if urlsplit(url).netloc else None
    return None


def _header(reply: Reply) -> Payload:
    listed = reply.cards[:PAPERS_IN_HEADER]
    return {
        "kind": "header",
        "title": _line(reply.title, TITLE_LIMIT),
        "text": shorten(plain(reply.text), TEXT_LIMIT),
        "papers": [
            {
                "title": _title(card),
                "url": web_url(card.url),
                "votes": _line(card.fields.get("votes", ""), VOTES_LIMIT),
            }
            for card in listed
        ],
        "unlisted": len(reply.cards) - len(listed),
        "until": reply.open_until.isoformat() if reply.open_until else None,
        "actions": _actions(reply.actions),
    }


def _answer(reply: Reply, cards: list[Payload]) -> list[Payload]:
    messages = [_message(part) for part in _parts(cards, CARDS_IN_ANSWER)] or [_message([])]
    messages[0]["title"] = _line(reply.title, TITLE_LIMIT)
    messages[0]["text"] = shorten(plain(reply.text), TEXT_LIMIT)
    more = [reply.more] if reply.more else []
    messages[-1]["actions"] = _actions([*reply.actions[: ACTIONS_IN_ROW - len(more)], *more])
    return messages


def _message(cards: Sequence[Payload]) -> Payload:
    return {"kind": "cards", "title": "", "text": "", "cards": list(cards), "actions": []}


def _parts(cards: list[Payload], size: int) -> Iterable[list[Payload]]:
    return (cards[start : start + size] for start in range(0, len(cards), size)) if size else ()


def _cards(reply: Reply) -> list[Payload]:
    alone = len(reply.cards) == 1
    return [
        {
            "rank": None if alone else rank,
            "title": _title(card),
            "url": web_url(card.url),
            "authors": _line(card.fields.get("authors", ""), LINE_LIMIT),
            "facts": shorten(facts(card), LINE_LIMIT),
            "text": shorten(plain(card.text), CARD_TEXT_LIMIT),
            "code": web_url(card.fields.get("code")),
            "footer": _line(card.footer, LINE_LIMIT),
            "image": web_url(card.image_url),
            "actions": _actions(card.actions),
        }
        for rank, card in enumerate(reply.cards, reply.first_rank)
    ]


def _title(card: Card) -> str:
    return _line(card.title, TITLE_LIMIT) or _line(card.paper_id, TITLE_LIMIT)


def _actions(actions: Sequence[Action]) -> list[Payload]:
    return [
        {"label": _line(action.label, LABEL_LIMIT), "token": action.token, "mode": action.mode}
        for action in actions[:ACTIONS_IN_ROW]
        if not _SURROGATE.search(action.line)  # no line of text: it could not come back
    ]


def _line(text: str, limit: int) -> str:
    return shorten(plain(text).replace("\n", " "), limit)
