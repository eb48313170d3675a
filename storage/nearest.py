"""The known name that a mistyped one was meant as."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process


def nearest(typed: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """The name most like ``typed``; None where no one is so much alike.

    ``least`` is a share, 0 to 1: of the letters of both, those in their longest common sequence.
    """
    best = process.extractOne(typed, list(known), scorer=fuzz.ratio, score_cutoff=least * 100)
    return best[0] if best else None
