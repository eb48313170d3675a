"""Reading a paper's id out of what people paste."""

from __future__ import annotations

import re
from typing import Any

_NEW = r"[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5}"
_OLD = r"[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7}"
_CLASS = re.compile(r"\.[A-Z]{2}(?=/)")  # in math.GT/0309136; not part of the canonical form
# arXiv identifier scheme: info.arxiv.org/help/arxiv_identifier.html
_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v[0-9]+)?")
_SITES = r"(?:www\.|export\.)?(?:arxiv\.org|huggingface\.co|hf\.co|alphaxiv\.org)"
_URL = re.compile(
    rf"(?<![\w./@-])(?:https?://)?{_SITES}/(?:abs|pdf|html|format|papers|overview|forum|src)/{_ID.pattern}"
    r"(?:\.pdf|\.md)?(?=$|[/?#\s<>|)\],.;])"
)
_WHOLE = re.compile(rf"(?i:arxiv:\s*)?{_ID.pattern}")


def paper_id(text: str) -> str | None:
    """The canonical id (no version) that ``text`` as a whole is, as an id or a paper's address.

    Knows arXiv, Hugging Face and alphaXiv, with or without version, ``pdf``, ``http`` and angle
    brackets.  None where it is something else.
    """
    text = text.strip().strip("<>").split("|")[0].strip()
    match = _WHOLE.fullmatch(text) or _URL.match(text)
    return _CLASS.sub("", match["id"]) if match else None


def ids_within(value: Any) -> tuple[str, ...]:
    """The ids of all papers whose addresses stand anywhere in a piece of JSON, each once."""
    if isinstance(value, str):
        return tuple(paper_ids(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(id for part in parts for id in ids_within(part)))


def paper_ids(text: str) -> list[str]:
    """The ids of all papers whose addresses stand in ``text``, in order, each once."""
    return list(dict.fromkeys(_CLASS.sub("", match["id"]) for match in _URL.finditer(text)))
