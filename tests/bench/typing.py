"""How people mistype: one slip of the fingers in a word."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST = 4  # letters; shorter words stay as they are


def swapped(rng: random.Random, word: str) -> str:
    """Two letters in the other order; not the first, which is seldom mistyped."""
    if len(word) < _SHORTEST:
        return word
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def dropped(rng: random.Random, word: str) -> str:
    """One letter missing."""
    if len(word) < _SHORTEST:
        return word
    at = rng.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def doubled(rng: random.Random, word: str) -> str:
    """One letter twice."""
    if len(word) < _SHORTEST:
        return word
    at = rng.randrange(len(word))
    return word[:at] + word[at] + word[at:]


def next_key(rng: random.Random, word: str) -> str:
    """One letter replaced by its neighbour on the keyboard."""
    places = [at for at in range(1, len(word)) if word[at] in string.ascii_lowercase]
    if len(word) < _SHORTEST or not places:
        return word
    at = rng.choice(places)
    return word[:at] + rng.choice(_neighbours(word[at])) + word[at + 1 :]


SLIPS: tuple[Callable[[random.Random, str], str], ...] = (swapped, dropped, doubled, next_key)


def mistyped(rng: random.Random, word: str) -> str:
    """The word with any one slip; short words stay."""
    return rng.choice(SLIPS)(rng, word)


def _neighbours(letter: str) -> str:
    row = next(row for row in _ROWS if letter in row)
    at = row.index(letter)
    return row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
