"""What Discord refuses in what a bot sends: pure checks, each rule traceable to facts/limits.md.

``violations(kind, payload)`` takes a JSON body as Python values and returns one ``Violation`` for
each thing that is wrong; an empty list means that Discord would take it.  ``KINDS`` names what it
knows: ``message`` and ``edit``, ``answer`` (a message through an interaction) and ``answer_edit``,
``command``, ``commands`` (a list), ``thread``, ``thread_edit``, ``forum_post``, ``modal``,
``autocomplete``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fakes.discord import command_rules, components
from tests.fakes.discord.schema import (
    Check,
    Path,
    Violation,
    also,
    anything,
    array,
    bits,
    flag,
    number,
    one_of,
    shape,
    string,
    url,
    without,
)

CONTENT = 2000
EMBEDS = 10
ALL_EMBED_TEXT = 6000
NONCE = 25
ATTACHMENTS = 10
FILE_BYTES = 10 * 2**20
CHOICES = 25
EMPTY_MESSAGE = 50006

SUPPRESS_EMBEDS, EPHEMERAL, LOADING = 1 << 2, 1 << 6, 1 << 7
SUPPRESS_NOTIFICATIONS, VOICE, COMPONENTS_V2 = 1 << 12, 1 << 13, 1 << 15
_SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | VOICE | COMPONENTS_V2

_WEB = url("http", "https")
_PICTURE_URL = url("http", "https", "attachment")
_PICTURE = shape("url", url=_PICTURE_URL)
_EMBED = shape(
    title=string(256, trimmed=True),
    description=string(4096, trimmed=True),
    url=_WEB,
    color=number(0, 0xFFFFFF),
    timestamp=string(),
    footer=shape("text", text=string(2048, 1, trimmed=True), icon_url=_PICTURE_URL),
    image=_PICTURE,
    thumbnail=_PICTURE,
    author=shape("name", name=string(256, 1, trimmed=True), url=_WEB, icon_url=_PICTURE_URL),
    fields=array(
        shape(
            "name",
            "value",
            name=string(256, 1, trimmed=True),
            value=string(1024, 1, trimmed=True),
            inline=flag,
        ),
        25,
    ),
)


def embed_text(embed: Any) -> int:
    """The code points of an embed that count towards the 6000, without white space around."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field["name"], field["value"]]
    return sum(len(text.strip()) for text in texts if text)


def _total(value: Any, path: Path) -> Iterator[Violation]:
    if sum(map(embed_text, value)) > ALL_EMBED_TEXT:
        sentence = f"Embed size exceeds maximum size of {ALL_EMBED_TEXT}"
        yield Violation(path, "MAX_EMBED_SIZE_EXCEEDED", sentence)


_MENTIONED = array(string(), 100)


def _exclusive(value: Any, path: Path) -> Iterator[Violation]:
    for name in ("users", "roles"):
        if name in (value.get("parse") or []) and value.get(name):
            sentence = f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.'
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            yield Violation(path, code, sentence)


_FIELDS: dict[str, Check] = {
    "content": string(CONTENT, trimmed=True),
    "embeds": also(array(_EMBED, EMBEDS), _total),
    "tts": flag,
    "nonce": string(NONCE),
    "enforce_nonce": flag,
    "allowed_mentions": also(
        shape(
            parse=array(one_of("roles", "users", "everyone")),
            users=_MENTIONED,
            roles=_MENTIONED,
            replied_user=flag,
        ),
        _exclusive,
    ),
    "message_reference": shape("message_id", message_id=anything),
    "attachments": array(shape("id", filename=string(), description=string(1024)), ATTACHMENTS),
}
_LEGACY = without(
    ["content", "embeds", "poll", "sticker_ids"],
    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    "The 'content', 'embeds', 'stickers', and 'poll' fields cannot be used with components v2",
)


def _not_empty(value: Any, path: Path) -> Iterator[Violation]:
    if is_empty(value):
        yield Violation(path, "EMPTY", "Cannot send an empty message", EMPTY_MESSAGE)


def is_empty(message: Any) -> bool:
    """Whether there is nothing in it that people could see."""
    said = str(message.get("content") or "").strip()
    shown = [name for name in ("attachments", "sticker_ids", "poll") if message.get(name)]
    embeds = [embed for embed in message.get("embeds") or [] if set(embed) - {"type", "color"}]
    # Buttons alone are enough (memory).
    return not (said or shown or embeds or message.get("components"))


def _message(flags: int, *more: Check) -> Check:
    old = also(shape(**_FIELDS, components=components.IN_MESSAGE, flags=bits(flags)), *more)
    new = also(shape(**_FIELDS, components=components.IN_V2_MESSAGE, flags=bits(flags)), *more)
    new = also(new, _LEGACY)

    def check(value: Any, path: Path) -> Iterator[Violation]:
        said = value.get("flags") if isinstance(value, dict) else 0
        yield from (new if isinstance(said, int) and said & COMPONENTS_V2 else old)(value, path)

    return check


_CREATED = _message(_SETTABLE, _not_empty)
_THREAD: dict[str, Check] = {
    "name": string(100, 1),
    "auto_archive_duration": one_of(60, 1440, 4320, 10080),
    "rate_limit_per_user": number(0, 21600),
}


def _choice_value(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, int | float):
        yield from string(100, 1)(value, path)


KINDS: dict[str, Check] = {
    "message": _CREATED,
    "edit": _message(_SETTABLE),
    "answer": _message(_SETTABLE | EPHEMERAL, _not_empty),
    "answer_edit": _message(_SETTABLE | EPHEMERAL),
    "command": command_rules.COMMAND,
    "commands": command_rules.COMMANDS,
    "thread": shape("name", **_THREAD),
    "thread_edit": shape(**_THREAD, applied_tags=array(string(), 5)),
    "forum_post": shape(
        "name", "message", message=_CREATED, applied_tags=array(string(), 5), **_THREAD
    ),
    "modal": components.MODAL,
    "autocomplete": shape(
        "choices",
        choices=array(shape("name", "value", name=string(100, 1), value=_choice_value), CHOICES),
    ),
}


def violations(kind: str, payload: Any) -> list[Violation]:
    """What Discord would refuse in ``payload``; KeyError for a kind that there is not."""
    return list(KINDS[kind](payload, ()))
