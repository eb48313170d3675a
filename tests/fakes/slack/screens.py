"""What each person has open: a stack of modals and the home tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.slack.model import Json, View
from tests.fakes.slack.reading import with_ids

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace


class Screens:
    """The views of everybody, by person."""

    def __init__(self, slack: Workspace) -> None:
        self._slack = slack
        self._modals: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def modal(self, user: str) -> View | None:
        """The topmost modal before this person."""
        stack = self._modals.get(user)
        return stack[-1] if stack else None

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def find(self, id: str, external_id: str = "") -> View | None:
        opened = [view for stack in self._modals.values() for view in stack]
        for view in [*opened, *self._homes.values()]:
            if view.id == id or (external_id and view.content.get("external_id") == external_id):
                return view
        return None

    def open(self, user: str, content: Json) -> View:
        view = self._new(user, content)
        self._modals[user] = [view]
        return view

    def push(self, user: str, content: Json) -> View:
        view = self._new(user, content)
        below = self.modal(user)
        if below:
            view.root, view.previous = below.root, below.id
        self._modals.setdefault(user, []).append(view)
        return view

    def publish(self, user: str, content: Json) -> View:
        shown = self._homes.get(user)
        if shown:
            self.change(shown, content)
        else:
            self._homes[user] = self._new(user, content)
        return self._homes[user]

    def change(self, view: View, content: Json) -> None:
        fresh = self._new(view.user, content)
        view.content, view.hash, view.values = fresh.content, fresh.hash, {}
        self._slack.changed()

    def close(self, user: str, *, all: bool = False) -> None:
        stack = self._modals.get(user, [])
        del stack[0 if all else -1 :]
        self._slack.changed()

    def _new(self, user: str, content: Json) -> View:
        id = self._slack.new_id("V")
        blocks = with_ids(content["blocks"], self._slack.new_id)
        team = self._slack.users[user].team
        ts = self._slack.new_ts()
        self._slack.changed()
        return View(id, user, team, {**content, "blocks": blocks}, ts, id)
