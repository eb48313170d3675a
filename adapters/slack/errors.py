"""What Slack's refusals mean: whether the message may be posted after all, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.base import DeliveryError

UNCERTAIN = frozenset({"internal_error", "fatal_error", "service_unavailable"})
"""Errors of Slack's own, after which "some aspect of the operation" may have succeeded."""

_INVITE = "Invite me with `/invite @paperbot` there."
_UNARCHIVE = "That channel is archived. Unarchive it, or subscribe in another one."
_GONE = "That channel is gone. Subscribe in another one."
_REINSTALL = (
    "Slack does not take paperbot's bot token any more. Its operator has to install the app "
    "again and set the new token (xoxb-…)."
)
_PERMANENT = {
    "not_in_channel": f"I am not in that channel. {_INVITE}",
    "channel_not_found": f"I cannot see that channel; it is private, or gone. {_INVITE}",
    "is_archived": _UNARCHIVE,
    "channel_is_archived": _UNARCHIVE,
    "is_inactive": _GONE,
    "restricted_action": (
        "Who may post in that channel is restricted. Ask a workspace administrator to allow "
        "paperbot."
    ),
    "cannot_dm_bot": "Slack does not let a bot write to a bot.",
    "user_not_found": "That person is not in this workspace any more.",
    "user_disabled": "That person's account is deactivated.",
    "thread_not_found": "The first message of the thread is gone, so the rest has no place.",
    "token_revoked": _REINSTALL,
    "token_expired": _REINSTALL,
    "account_inactive": _REINSTALL,
    "invalid_auth": _REINSTALL,
    "not_authed": _REINSTALL,
    "org_login_required": "The workspace is moving to another organisation. Wait until it has.",
    "ekm_access_denied": "An administrator has suspended posting. Ask them about it.",
}


def code(error: Exception) -> str:
    """Slack's name of what is wrong (``not_in_channel``), or the kind of fault before it."""
    return str(_said(error).get("error") or type(error).__name__)


def refusal(error: Exception) -> DeliveryError | None:
    """The reason why nothing was posted; None where something may have been."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return DeliveryError("Slack cannot be reached from here at the moment.")
    status, headers = _status(error)
    said = _said(error)
    if status == 429 or said.get("error") == "ratelimited":
        wait = _seconds(headers.get("Retry-After"))
        return DeliveryError("Slack asks paperbot to write more slowly.", retry_after=wait)
    if status >= 500 or said.get("error") in UNCERTAIN or not (said or status >= 400):
        return None
    name = code(error)
    if name == "missing_scope":
        return DeliveryError(_missing(str(said.get("needed") or "a scope")), permanent=True)
    name = "restricted_action" if name.startswith("restricted_action") else name
    sentence = _PERMANENT.get(name)
    return DeliveryError(sentence or f"Slack refused it ({name}).", permanent=bool(sentence))


def bad_image(error: Exception) -> bool:
    """Whether a message was refused because Slack could not fetch a picture in it."""
    return code(error) == "invalid_blocks" and "downloading image failed" in str(_said(error))


def _missing(scope: str) -> str:
    return (
        f"The app may not do that: it lacks {scope}. Its operator has to add it under "
        "OAuth & Permissions and install the app again."
    )


def _said(error: Exception) -> dict[str, Any]:
    """Slack's own answer, empty where there is none that can be read."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return data if isinstance(data, dict) else {}


def _status(error: Exception) -> tuple[int, Mapping[str, str]]:
    """The HTTP status of the answer that the error is about, 0 without one, and its headers."""
    if isinstance(error, aiohttp.ClientResponseError):
        return error.status, error.headers or {}
    if isinstance(error, SlackApiError):
        response: Any = error.response
        return getattr(response, "status_code", None) or response.status, response.headers
    return 0, {}


def _seconds(text: str | None) -> float:
    """Retry-After in seconds; a minute where it is missing."""
    return float(text) if text and text.isdecimal() else 60.0
