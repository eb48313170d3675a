"""Quiet, harmless logs of discord.py.

At DEBUG it logs bodies and addresses, and a rate limit at WARNING with its address: the path of
an interaction's webhook is a secret.
"""

from __future__ import annotations

import logging
import re

import discord

_ADDRESS = re.compile(r"\b(https?|wss?)://([^/\s'\"?#]+)[^\s'\")]*")


class Redact(logging.Filter):
    """Lets warnings and worse through, without paths of addresses and without tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage() + (f" ({type(error).__name__})" if error else "")
        record.msg = redacted(said)
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def redacted(text: str) -> str:
    """``text`` with nothing of an address but its host."""
    return _ADDRESS.sub(r"\1://\2/…", text)


def quiet() -> None:
    """Put the filter on all of discord.py's loggers, whatever the root's level is.

    A filter works only on the very logger that is written to.  And paperbot, which never speaks in
    voice channels, misses nothing that these would need.
    """
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in [*logging.root.manager.loggerDict, "discord"]:
        if name.split(".")[0] == "discord":
            logger = logging.getLogger(name)
            if not any(isinstance(one, Redact) for one in logger.filters):
                logger.addFilter(Redact())
