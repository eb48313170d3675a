"""From due subscriptions to editions in the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from adapters.base import Chat
from bot.dispatch import long_lines
from commands.cards import plural
from commands.editions import Answer, Composed, answer, cut
from commands.model import Caller, Command, Context, Reply, UserError
from storage.calendar import edition_date, next_due
from storage.database import StorageError
from storage.editions import Content, Planned
from storage.model import Edition, Paper, Payload, Subscription, Target
from storage.store import Store

_log = structlog.get_logger(__name__)

CATCH_UP = timedelta(hours=12)
"""A missed edition is posted up to this late; later ones are recorded as expired."""
_LABEL_AFTER = timedelta(minutes=15)
_BATCH = 2_000
_BROKEN_PAUSE = timedelta(minutes=5)
_NOBODY = Target("", "", "")


class Planner:
    """Plans what is due.  Sync: run it in a thread.

    Each distinct line runs once a tick, however many subscriptions share it: the answer of a
    ``posts`` command depends on the catalogue alone.
    """

    def __init__(
        self,
        store: Store,
        commands: tuple[Command, ...],
        chats: Mapping[str, Chat],
        zone: ZoneInfo,
    ) -> None:
        self._store = store
        self._commands = commands
        self._chats = chats
        self._zone = zone
        self._broken: dict[str, datetime] = {}
        self._late_cursor = -1
        self._late_again_at: datetime | None = None

    def plan(self, now: datetime) -> int:
        """Plan every due edition and every late arrival; returns how many were new.

        What one line or edition breaks by costs only itself.  Raises StorageError where the
        database cannot be used; the next call does what is left.
        """
        planned = 0
        answers: dict[str, Answer | None] = {}
        contents: dict[Any, Content] = {}
        self._broken = {line: until for line, until in self._broken.items() if until > now}
        while due := self._store.subscriptions.due(list(self._chats), now, _BATCH):
            todo = [one for one in due if self._answer(one.line, answers, now)]
            batch = list(self._editions(todo, answers, contents, now))
            planned += self._store.editions.plan(batch, now)
            if len(todo) < len(due) or len(due) < _BATCH:
                break  # the rest cannot run now, and would be found again at once
        return planned + self._plan_late(now)

    # -- editions -----------------------------------------------------------------------------

    def _answer(self, line: str, answers: dict[str, Answer | None], now: datetime) -> Answer | None:
        """The line's answer; None where it broke, which is tried again in five minutes."""
        if line in self._broken:
            return None
        if line not in answers:
            try:
                answers[line] = self._run(line, now)
            except StorageError:
                raise
            except Exception:
                code = secrets.token_hex(3)
                _log.exception("a subscribed line failed", line=line, code=code)
                self._broken[line] = now + _BROKEN_PAUSE
                answers[line] = None
        return answers[line]

    def _run(self, line: str, now: datetime) -> Answer:
        try:
            found = answer(self._context(now), line)
        except UserError as error:
            found = Answer(Reply(title="", text=str(error)), 0)
        self._store.lines.keep(long_lines(found.reply))
        return found

    def _context(self, now: datetime) -> Context:
        return Context(
            store=self._store,
            target=_NOBODY,
            caller=Caller("scheduler"),
            now=now,
            commands=self._commands,
            zone=self._zone,
        )

    def _editions(
        self,
        due: Sequence[Subscription],
        answers: Mapping[str, Answer | None],
        contents: dict[Any, Content],
        now: datetime,
    ) -> Iterator[Planned]:
        ids = {card.paper_id for found in answers.values() if found for card in found.reply.cards}
        seen = self._store.editions.posted([one.id for one in due], sorted(ids))
        for one in due:
            found = answers[one.line]
            assert found is not None
            *missed, last = _occurrences(one, now)
            for earlier in missed:
                yield _expired(earlier, "it was missed, and a later one was due already")
            if now - last.next_due_at > CATCH_UP:
                yield _expired(last, "it was missed by more than 12 hours")
                continue
            # Most channels that share a line get the same messages.
            note = _note(last, now)
            key = (one.target.chat, one.line, one.layout, one.quiet, note, frozenset(seen[one.id]))
            if key not in contents:
                contents[key] = self._content(one, cut(found, seen[one.id]), note)
            yield _edition(last, contents[key], now)

    def _content(self, one: Subscription, composed: Composed, note: str) -> Content:
        reply = composed.reply
        reply = replace(reply, text="\n".join(filter(None, [note, reply.text])))
        chat = self._chats[one.target.chat]
        payloads: Sequence[Payload] = ()
        if composed.fresh:
            payloads = chat.render(reply, one.layout)
        elif one.quiet == "line":
            payloads = chat.render(reply, "compact")[:1]
        ids = [card.paper_id for card in reply.cards]
        return Content(payloads, ids, reply.list_date, reply.open_until)

    # -- late arrivals ------------------------------------------------------------------------

    def _plan_late(self, now: datetime) -> int:
        """Add papers that joined a list after its edition to the edition's thread.

        Where that fails all is looked at once more in five minutes, or when the catalogue changes.
        """
        cursor = self._store.papers.cursor()
        again = self._late_again_at is not None and self._late_again_at <= now
        if cursor == self._late_cursor and not again:
            return 0
        added = 0
        self._late_cursor, self._late_again_at = -1, None
        answers: dict[tuple[str, date], Answer] = {}
        for edition, one in self._store.editions.open(now):
            if one.target.chat not in self._chats or edition.list_date is None:
                continue
            key = (one.line, edition.list_date)
            try:
                if key not in answers:
                    answers[key] = answer(self._context(now), *key)
                added += self._add_late(edition, one, answers[key], now)
            except StorageError:
                raise
            except Exception:
                _log.exception("late arrivals failed", subscription=one.id)
                self._late_again_at = now + _BROKEN_PAUSE
        self._late_cursor = cursor
        return added

    def _add_late(self, edition: Edition, one: Subscription, found: Answer, now: datetime) -> bool:
        top = found.reply.cards[: found.limit]
        papers = self._store.papers.many(card.paper_id for card in top)
        seen = self._store.editions.posted([one.id], list(papers))[one.id]
        late = tuple(
            card
            for card in top
            if card.paper_id not in seen and _joined_after(papers[card.paper_id], edition)
        )
        if not late:
            return False
        reply = Reply(title=f"{plural(len(late), 'paper')} joined the list later", cards=late)
        self._store.lines.keep(long_lines(reply))
        payloads = self._chats[one.target.chat].render(reply, "answer")
        ids = [card.paper_id for card in late]
        added = self._store.editions.add_late(edition, payloads, ids, now)
        if not added:  # another process was quicker with some of them: the next tick sees the rest
            self._late_again_at = now
        return added


def _joined_after(paper: Paper, edition: Edition) -> bool:
    return paper.first_seen_at is not None and paper.first_seen_at > edition.planned_at


def _edition(one: Subscription, content: Content, now: datetime) -> Planned:
    return Planned(
        subscription=one,
        on=_local_date(one),
        due_at=one.next_due_at,
        next_due_at=next_due(one.at, one.zone, one.days, one.next_due_at),
        expires_at=max(one.next_due_at + CATCH_UP, now + timedelta(hours=1)),
        content=content,
    )


def _note(one: Subscription, now: datetime) -> str:
    """What a late edition says first."""
    if now - one.next_due_at <= _LABEL_AFTER:
        return ""
    local = one.next_due_at.astimezone(one.zone)
    return f"Posted late; it was due {local:%a} {local.day} {local:%b at %H:%M}."


def _local_date(one: Subscription) -> date:
    return edition_date(one.next_due_at, one.at, one.zone)


def _occurrences(one: Subscription, now: datetime) -> Iterator[Subscription]:
    """The subscription at each due instant up to now, oldest first."""
    while True:
        yield one
        following = next_due(one.at, one.zone, one.days, one.next_due_at)
        if following > now:
            return
        one = replace(one, next_due_at=following)


def _expired(one: Subscription, why: str) -> Planned:
    return Planned(
        subscription=one,
        on=_local_date(one),
        due_at=one.next_due_at,
        next_due_at=next_due(one.at, one.zone, one.days, one.next_due_at),
        expires_at=one.next_due_at + CATCH_UP,
        refusal=why,
    )
