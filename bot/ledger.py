"""How messages look on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from bot.metrics import LATE
from commands.cards import plural
from storage.ledger import Entry
from storage.model import State

_COLOURS: dict[State, str] = {
    "sent": "green",
    "pending": "cyan",
    "sending": "cyan",
    "failed": "red",
    "unknown": "yellow",
    "expired": "magenta",
}


def as_lines(entries: Sequence[Entry], zone: ZoneInfo) -> Iterator[str]:
    """For people, in rich's markup: a line each, and the reason under it; times in ``zone``."""
    rows = [
        (
            str(one.id),
            _short(one.due_at, zone),
            one.state,
            f"{one.target.chat} #{one.target.channel}",
            f"{one.subscription} · {one.line}" + (f", part {one.part}" if one.part else ""),
        )
        for one in entries
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for one, row in zip(entries, rows, strict=True):
        number, due, state, where, what = (
            escape(text.ljust(width)) for text, width in zip(row, widths, strict=True)
        )
        colour = _COLOURS[one.state]
        yield f"[bold]{number}[/]  {due}  [{colour}]{state}[/]  {where}  {what}".rstrip()
        if note := _note(one, zone):
            yield f"[dim]{' ' * (widths[0] + 2)}{escape(note)}[/]"


def _note(one: Entry, zone: ZoneInfo) -> str:
    if one.state == "sent":
        late = one.sent_at and not one.part and one.sent_at - one.due_at > LATE
        return f"posted {_short(one.sent_at, zone)}" if late else ""
    attempts = f"after {plural(one.attempt, 'attempt')}" if one.attempt else ""
    again = f"again {_short(one.not_before, zone)}" if one.state == "pending" and attempts else ""
    return "; ".join(filter(None, [one.error or "", attempts, again]))


def as_row(one: Entry) -> dict[str, Any]:
    """For scripts; times in UTC."""
    return {
        "id": one.id,
        "state": one.state,
        "subscription": one.subscription,
        "line": one.line,
        "chat": one.target.chat,
        "team": one.target.team,
        "channel": one.target.channel,
        "on": one.on.isoformat(),
        "part": one.part,
        "attempts": one.attempt,
        "due_at": one.due_at.isoformat(),
        "not_before": one.not_before.isoformat(),
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "ref": one.ref,
        "error": one.error,
    }


def _short(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d %b %H:%M}" if moment else ""
