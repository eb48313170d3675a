"""A logger for Slack's libraries that gives no secret away.

Slack's libraries log requests with their bodies and addresses at DEBUG and INFO, and addresses
(whose paths are secrets: response URLs, the tickets of Socket Mode) inside errors.
"""

from __future__ import annotations

import logging
import re

_ADDRESS = re.compile(r"\b(https?|wss?)://([^/\s'\"?#]+)[^\s'\")]*")
_TOKEN = re.compile(r"\bx(?:ox[a-z]|app|wfp)-[\w.-]+")


class Redact(logging.Filter):
    """Takes paths of addresses and tokens out of messages, and tracebacks away."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redacted(record.getMessage())
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def redacted(text: str) -> str:
    """``text`` with nothing of an address but its host, and without tokens."""
    return _TOKEN.sub("xox…", _ADDRESS.sub(r"\1://\2/…", text))


def sdk_logger() -> logging.Logger:
    """The logger for the libraries: warnings and worse, redacted, whatever the root's level is.

    Bolt copies level and filter to its own loggers.
    """
    logger = logging.getLogger("adapters.slack.sdk")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(Redact())
    return logger
