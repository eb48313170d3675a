"""The app's home tab: a search field, the usual questions, and the answer to the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adapters.slack.blocks import Block, buttons, header, literal
from adapters.slack.render import render
from commands.model import Action, Card, Reply

BLOCKS_LIMIT = 100
SEARCH = "search"
"""The action of the search field."""
FORM = "form"
"""The action of the button that opens the form to subscribe."""

_QUESTIONS = (
    Action("Today", "today"),
    Action("Trending", "trending"),
    Action("Subscriptions", "subscriptions"),
)


def home(reply: Reply) -> dict[str, Any]:
    """The view with ``reply`` below its controls.  Nothing can be shared from here."""
    reply = replace(
        reply,
        cards=tuple(_unshared(card) for card in reply.cards),
        actions=_private(reply.actions),
    )
    answer = [block for message in render(reply, "answer") for block in message["blocks"]]
    blocks = [header("Papers"), _search(), *_questions(), {"type": "divider"}, *answer]
    return {"type": "home", "blocks": blocks[:BLOCKS_LIMIT]}


def _search() -> Block:
    placeholder = "words, author:name, after:2025-01; typos are fine"
    return {
        "type": "input",
        "dispatch_action": True,
        "label": literal("Find papers"),
        "element": {
            "type": "plain_text_input",
            "action_id": SEARCH,
            "placeholder": literal(placeholder),
        },
    }


def _questions() -> list[Block]:
    [row] = buttons(_QUESTIONS)
    subscribe = {
        "type": "button",
        "action_id": FORM,
        "text": literal("Subscribe a channel"),
        "style": "primary",
    }
    row["elements"].append(subscribe)
    return [row]


def _unshared(card: Card) -> Card:
    return replace(card, actions=_private(card.actions))


def _private(actions: Sequence[Action]) -> tuple[Action, ...]:
    return tuple(action for action in actions if action.mode != "share")
