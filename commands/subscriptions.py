"""Daily posts: saved command lines with a clock."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from commands.editions import compose
from commands.model import Action, Context, Hint, Reply, UserError, command
from commands.parse import parse, run
from storage.calendar import Days, edition_date, next_due
from storage.model import Subscription
from storage.subscriptions import Record

_MOST = 50
"""Subscriptions of one team: beyond it a channel drowns."""
_DAYS_HELP = "weekdays, daily, weekly, mon,wed or 15th"
_WEEKDAYS = Days.of(range(5))
_NUMBERS = Hint(least=1, most=10**9, complete="subscription")
_Number = Annotated[int, "the subscription's number", _NUMBERS]


@command(
    "subscribe",
    help="Post a command's answer here on a schedule.",
    group="setup",
    changes=True,
    examples=(
        "subscribe trending --limit 5 at 09:00 in Europe/Berlin on weekdays",
        "subscribe today at 17:30 --layout compact",
        "subscribe week --limit 20 on mon --quiet none",
        "subscribe month --limit 20 at 09:00 on 1st",
    ),
)
def subscribe(
    ctx: Context,
    what: Annotated[str, "the command line to post", Hint(complete="line")],
    at: Annotated[time, "local time of day", Hint(word="at")] = time(9),
    zone: Annotated[
        ZoneInfo | None,
        "time zone such as Europe/Berlin; yours by itself",
        Hint(word="in", complete="zone"),
    ] = None,
    days: Annotated[Days, _DAYS_HELP, Hint(word="on")] = _WEEKDAYS,
    layout: Annotated[
        Literal["thread", "compact", "per-paper"],
        "a header with a thread, the header alone, or a message for each paper",
    ] = "thread",
    quiet: Annotated[
        Literal["line", "none"], "on days without new papers: one line, or nothing"
    ] = "line",
) -> Reply:
    line, empty = _postable(ctx, what)
    zone = zone or ctx.zone
    mine = ctx.store.subscriptions.of_team(ctx.team)
    for other in mine:
        same = (other.target, other.line, other.at, other.zone, other.days)
        if same == (ctx.target, line, at, zone, days):
            raise UserError(
                f"That is subscription {other.id} already.",
                Action("Preview", f"preview {other.id}"),
            )
    if len(mine) >= _MOST:
        raise UserError(
            f"This team has {_MOST} subscriptions, which is the most. Remove one first."
        )
    made = ctx.store.subscriptions.add(
        ctx.target,
        line,
        at=at,
        zone=zone,
        days=days,
        layout=layout,
        quiet=quiet,
        next_due_at=next_due(at, zone, days, ctx.now),
        made_by=ctx.caller.id,
        private=ctx.private,
        now=ctx.now,
    )
    return Reply(
        title=f"Subscription {made.id} is set",
        text=f"{describe(made)}\nFirst post: {next_post(made)}.{empty}",
        actions=(
            Action("Preview", f"preview {made.id}"),
            Action("Undo", f"unsubscribe {made.id}"),
        ),
        notice=_notice(ctx, "subscribed this channel to", made),
    )


@command("subscriptions", help="What this team is subscribed to, and how the last post went.")
def subscriptions(ctx: Context) -> Reply:
    found = [one for one in ctx.store.subscriptions.of_team(ctx.team) if _visible(ctx, one)]
    if not found:
        return Reply(
            title="No subscriptions yet",
            text="Make one, for example: `subscribe trending --limit 5 at 09:00 on weekdays`.",
            actions=(Action("Subscribe to trending", "subscribe trending"),),
        )
    paragraphs = []
    actions = []
    for one in found:
        last = last_post(one, ctx.store.subscriptions.last_record(ctx.team, one.id))
        state = f"Paused: {one.paused}" if one.paused else f"Next: {next_post(one)}."
        paragraphs.append("\n".join(filter(None, [describe(one), f"{state} {last}".strip()])))
        toggle = "Resume" if one.paused else "Pause"
        actions += [
            Action(f"Preview {one.id}", f"preview {one.id}"),
            Action(f"{toggle} {one.id}", f"{toggle.lower()} {one.id}"),
        ]
    return Reply(title="Subscriptions", text="\n\n".join(paragraphs), actions=tuple(actions[:10]))


@command(
    "preview",
    help="What a subscription would post now.",
    examples=("preview 1",),
)
def preview(ctx: Context, number: _Number) -> Reply:
    one = _own(ctx, number)
    reply = compose(ctx, one).reply
    note = f"Preview of subscription {one.id}; nothing is posted, and what it posted is left out."
    return Reply(
        title=reply.title,
        text="\n".join(filter(None, [note, reply.text])),
        cards=reply.cards,
    )


@command(
    "pause",
    help="Stop a subscription's posts for a while.",
    group="setup",
    changes=True,
    examples=("pause 1",),
)
def pause(ctx: Context, number: _Number) -> Reply:
    one = _own(ctx, number)
    if one.paused:
        raise UserError(f"Subscription {one.id} is paused already: {one.paused}", _resume(one))
    ctx.store.subscriptions.pause(ctx.team, one.id, f"by {ctx.caller.name or 'a member'}.")
    return Reply(
        title=f"Subscription {one.id} is paused",
        text=describe(one),
        actions=(_resume(one),),
        notice=_notice(ctx, "paused", one),
    )


@command(
    "resume",
    help="Let a paused subscription post again.",
    group="setup",
    changes=True,
    examples=("resume 1",),
)
def resume(ctx: Context, number: _Number) -> Reply:
    one = _own(ctx, number)
    if not one.paused:
        raise UserError(f"Subscription {one.id} is not paused. Next: {next_post(one)}.")
    due = next_due(one.at, one.zone, one.days, ctx.now)
    ctx.store.subscriptions.resume(ctx.team, one.id, due)
    again = _own(ctx, number)
    return Reply(
        title=f"Subscription {one.id} posts again",
        text=f"{describe(again)}\nNext: {next_post(again)}.",
        notice=_notice(ctx, "resumed", one),
    )


@command(
    "reschedule",
    help="Change when a subscription posts; what is not named stays.",
    group="setup",
    changes=True,
    examples=("reschedule 1 at 10:30 on weekdays",),
)
def reschedule(
    ctx: Context,
    number: _Number,
    at: Annotated[time | None, "local time of day", Hint(word="at")] = None,
    zone: Annotated[
        ZoneInfo | None, "time zone such as Europe/Berlin", Hint(word="in", complete="zone")
    ] = None,
    days: Annotated[Days | None, _DAYS_HELP, Hint(word="on")] = None,
) -> Reply:
    one = _own(ctx, number)
    if at is None and zone is None and days is None:
        hint = f"Write what to change, such as `reschedule {one.id} at 10:30 on weekdays`."
        return Reply(title=f"Subscription {one.id} stays as it is", text=f"{describe(one)}\n{hint}")
    at, zone, days = at or one.at, zone or one.zone, days or one.days
    due = next_due(at, zone, days, ctx.now)
    last = ctx.store.subscriptions.last_record(ctx.team, one.id)
    while last and edition_date(due, at, zone) <= last.on:  # that day has its edition
        due = next_due(at, zone, days, due)
    ctx.store.subscriptions.reschedule(ctx.team, one.id, at, zone, days, due)
    changed = _own(ctx, number)
    return Reply(
        title=f"Subscription {one.id} is changed",
        text=f"{describe(changed)}\nNext: {next_post(changed)}.",
        notice=_notice(ctx, "changed", changed),
    )


@command(
    "unsubscribe",
    help="Remove a subscription.",
    group="setup",
    changes=True,
    examples=("unsubscribe 1",),
)
def unsubscribe(ctx: Context, number: _Number) -> Reply:
    one = _own(ctx, number)
    ctx.store.subscriptions.remove(ctx.team, one.id)
    here = one.target == ctx.target
    return Reply(
        title=f"Subscription {one.id} is removed",
        text=describe(one),
        actions=(Action("Undo", sentence(one)),) if here else (),
        notice=_notice(ctx, "removed", one),
    )


def describe(one: Subscription) -> str:
    """One subscription in a line."""
    extras = f", {one.layout}" if one.layout != "thread" else ""
    return (
        f"{one.id} · `{one.line}` in #{one.target.channel} · "
        f"{one.days} at {one.at:%H:%M} ({one.zone.key}){extras}"
    )


def sentence(one: Subscription) -> str:
    """The line that makes this subscription anew."""
    return (
        f"subscribe {one.line} at {one.at:%H:%M} in {one.zone.key} on {one.days} "
        f"--layout {one.layout} --quiet {one.quiet}"
    )


def _postable(ctx: Context, what: str) -> tuple[str, str]:
    """The line to post, and what to say where it has no papers now."""
    command, _ = parse(what, ctx.commands, ctx.today)
    if not command.posts:
        names = ", ".join(f"`{one.name}`" for one in ctx.commands if one.posts)
        raise UserError(
            f"`{command.name}` cannot be posted on a schedule; {names} can. "
            "For example: `subscribe trending --limit 5 at 09:00`."
        )
    found = run(ctx, what)  # a line that fails now would fail every day
    return what.strip(), "" if found.cards else "\nNow it would be empty: no paper fits."


def _visible(ctx: Context, one: Subscription) -> bool:
    """What is posted to a private channel is for those who are in it."""
    return not one.private or one.target == ctx.target or one.made_by == ctx.caller.id


def _notice(ctx: Context, did: str, one: Subscription) -> str:
    if one.target != ctx.target:
        return ""
    return f"{ctx.caller.name or 'Somebody'} {did} {describe(one)}"


def _own(ctx: Context, number: int) -> Subscription:
    one = ctx.store.subscriptions.get(ctx.team, number)
    if one and _visible(ctx, one):
        return one
    raise UserError(
        f"This team has no subscription {number}.", Action("Subscriptions", "subscriptions")
    )


def _resume(one: Subscription) -> Action:
    return Action("Resume", f"resume {one.id}")


def next_post(one: Subscription) -> str:
    """When it is due next, in its own zone."""
    local = one.next_due_at.astimezone(one.zone)
    return f"{local:%a} {local.day} {local:%b %H:%M} ({one.zone.key})"


def last_post(one: Subscription, record: Record | None) -> str:
    """When it last posted, or why it did not; empty where nothing was due yet."""
    if record is None:
        return ""
    if record.sent_at:
        local = record.sent_at.astimezone(one.zone)
        return f"Last posted {local:%a} {local.day} {local:%b %H:%M}."
    reason = f" ({record.error})" if record.error else ""
    return f"Last edition, {record.on:%a} {record.on.day} {record.on:%b}: {record.state}{reason}."
