"""How texts become words, alike for papers and for queries."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.model import Paper, Searched

INITIAL = "+"
"""Stands between an initial and its name; no other word has it."""
NAME_WORDS = 6  # of an author, of which pairs are indexed

_GREEK = {
    letter: unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψω"
} | {"λ": "lambda"}  # which Unicode spells lamda
_GREEK_NAMES = frozenset(_GREEK.values())
# Letters that no decomposition takes apart, and LaTeX's names for letters.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_LATEX_LETTERS = {name: name for name in ("ss", "ae", "oe", "o", "l", "i", "j")} | {"aa": "a"}
_LATEX_ACCENTS = frozenset("bcdHkrtuv")

_LATEX = re.compile(r"\\(?:([a-zA-Z]+)\s*|.)", re.DOTALL)
_MARKUP = "${}^_"
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_LONE_GREEK = re.compile(r"(?<![\u0370-\u03ff])[α-ω](?![\u0370-\u03ff])")
# Scripts that put no blanks between words: ideographs and kana.
_UNSPACED = re.compile(
    "[\u3005-\u3007\u3041-\u309f\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)


class _Letters(dict[int, int]):
    """For ``str.translate``: letters, digits and vowel signs stay, all else becomes a blank."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        kept = code if char.isalnum() or unicodedata.category(char)[0] == "M" else 32
        if code < 0x10000:  # so that hostile texts cannot fill the memory
            self[code] = kept
        return kept


_ASCII = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)) * 2
_WORDS = _Letters((code, ord(chr(code).lower())) for code in range(128) if chr(code).isalnum())


def fold(text: str) -> str:
    """The words of ``text`` with blanks between them: lower case, no accents, no LaTeX.

    A word is a run of letters and digits of any script; ideographs and kana, which have no blanks
    between words, come as overlapping pairs.  ``$\\alpha$``, ``α`` and ``alpha`` are one word.
    """
    dropped = _MARKUP if "\\" in text or "$" in text else ""
    if dropped:
        text = _LATEX.sub(_plain, text)
    if text.isascii():
        return text.encode().translate(_ASCII, dropped.encode()).decode()  # five times as fast
    return _decompose(text.translate(str.maketrans("", "", dropped))).translate(_WORDS)


def words(text: str) -> list[str]:
    """The folded words of ``text``, in order."""
    return fold(text).split()


def searched(paper: Paper | Searched) -> tuple[str, list[str], list[str]]:
    """What is searched of a paper, folded: its title, its authors, and its other parts."""
    others = [paper.abstract or paper.summary or "", *paper.keywords, paper.organization or ""]
    return fold(paper.title), [*map(fold, paper.authors)], [fold(text) for text in others if text]


def meant(paper: Paper | Searched) -> str:
    """What is compared of a paper, by its meaning."""
    parts = (paper.title, paper.abstract, paper.summary, *paper.keywords)
    return ". ".join(part for part in parts if part)


def initials(name: str) -> str:
    """The words by which an author is found whose first names are typed as letters.

    ``y+lecun`` of ``yann lecun``; blanks between several.
    """
    parts = name.split()[:NAME_WORDS]
    pairs = (initial(first[0], last) for first, last in combinations(parts, 2) if len(last) > 1)
    return " ".join(dict.fromkeys(pairs))


def initial(letter: str, name: str) -> str:
    """The word that stands for "Y. LeCun" in a paper."""
    return f"{letter}{INITIAL}{name}"


def called(name: str) -> list[list[str]]:
    """What an author is to have who is called ``name``: one word of each list."""
    parts = name.split()
    whole = [part for part in parts if len(part) > 1]
    letters = [part for part in parts if len(part) == 1]
    if not whole:
        return [[letter] for letter in letters]
    return [[part] for part in whole] + [
        [initial(letter, part) for part in whole] for letter in letters
    ]


def _plain(command: re.Match[str]) -> str:
    """What a LaTeX command stands for in running text."""
    name = command[1]
    if name is None:
        return " " if command[0][1] in " \\&%#,;:!/\n" else ""
    if name in _LATEX_LETTERS:
        return _LATEX_LETTERS[name]
    if name in _LATEX_ACCENTS:
        return ""
    greek = name.lower().removeprefix("var")
    return f" {greek} " if greek in _GREEK_NAMES else " "


def _decompose(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).casefold()
    text = _FOREIGN.sub(_without_marks, text)
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = _LONE_GREEK.sub(lambda letter: f" {_GREEK[letter[0]]} ", text.replace("ς", "σ"))
    return _UNSPACED.sub(_pairs, text)


def _without_marks(run: re.Match[str]) -> str:
    return "".join([char for char in run[0] if not unicodedata.combining(char)])


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    pairs = [text[i : i + 2] for i in range(len(text) - 1)] or [text]
    return f" {' '.join(pairs)} "
