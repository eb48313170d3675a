"""What people can ask paperbot.  An explicit tuple: nothing registers itself."""

from __future__ import annotations

from commands.author import author
from commands.daily import month, today, week
from commands.help import help
from commands.paper import show
from commands.search import related, search
from commands.subscriptions import (
    pause,
    preview,
    reschedule,
    resume,
    subscribe,
    subscriptions,
    unsubscribe,
)
from commands.topics import topics
from commands.trending import top, trending
from commands.why import why

COMMANDS = (
    today,
    week,
    month,
    trending,
    top,
    search,
    show,
    related,
    author,
    topics,
    why,
    subscribe,
    subscriptions,
    preview,
    pause,
    resume,
    reschedule,
    unsubscribe,
    help,
)
