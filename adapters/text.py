"""Text that is safe and pleasant to show: what every renderer needs.  All functions are pure."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from pylatexenc import latexwalker
from pylatexenc.latex2text import (
    LatexNodes2Text,
    MacroTextSpec,
    SpecialsTextSpec,
    get_default_latex_context_db,
)
from pylatexenc.macrospec import MacroSpec, MacroStandardArgsParser, SpecialsSpec

from commands.model import Card

INPUT_LIMIT = 10_000
"""Longest text that is looked at; the longest abstract on arXiv has 1,920 characters."""

FACT_LIMIT = 80
"""Longest value of one fact."""
REASON_LIMIT = 240
"""Of the fact that says why a paper is there."""

_HIDDEN = {"Cc", "Cf", "Cs"}
"""Unicode categories without a shape: controls, formats (bidi, zero-width), lone surrogates."""

_BLANK = set("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that count as letters or symbols and show nothing."""

_UNCOMMON = re.compile("[^\0-\u02ff\u0370-\u03ff\u2010-\u209f\u2100-\u22ff]")
"""Outside of these ranges (Latin, Greek, punctuation, operators) marks and blanks can be."""

_MARKS = 2
"""How many combining marks may follow one another; more are stacked to cover other lines."""

_ICONS = {"votes": "▲ ", "comments": "💬 ", "stars": "★ "}
_FACTS = ("votes", "comments", "stars", "date", "organization", "keywords", "why")
_APART = {"authors", "code"}

_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._/-]*)?")
"""Addresses that need no quoting, as most are."""

# It warns about every macro whose arguments are missing, which is the text's affair, not ours.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)


@lru_cache(maxsize=2048)
def plain(text: str) -> str:
    """Plain readable text of anything: LaTeX as Unicode, nothing invisible, tidy spaces.

    Lines stay lines; blank ones at the ends go.  Never raises, whatever ``text`` holds; what is
    beyond INPUT_LIMIT is dropped.
    """
    lines = text[:INPUT_LIMIT].splitlines()
    return "\n".join(_visible(_unicode(line)) for line in lines).strip()


def shorten(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` code points: cut at a word, with an ellipsis.

    A character is never parted from its combining marks.
    """
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    word = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if word > end // 2:
        end = word
    return text[:end].rstrip(" \n,;:") + "…" if limit > 0 else ""


def one_line(text: str, limit: int) -> str:
    """Plain text in one line of at most ``limit`` code points."""
    return shorten(plain(text).replace("\n", " "), limit)


def web_url(url: str | None, limit: int, *, keep: str = "()") -> str | None:
    """``url``, quoted, where it is one of the web and at most ``limit`` long; else None.

    ``keep``: characters that are left as they are beside those that every place takes.
    """
    if url and len(url) <= limit and _PLAIN_URL.fullmatch(url):
        return url
    try:
        if url and plain(url) == url and not re.search(r"\s", url):
            parts = urlsplit(url)
            safe = quote(url, safe="/:?#[]@!$&'*+,;=%~" + keep)
            if parts.scheme in ("http", "https") and parts.netloc and len(safe) <= limit:
                return safe
    except ValueError:  # a host in broken brackets
        pass
    return None


def facts(card: Card) -> str:
    """The short facts of a card in one line: ``▲ 42 · 💬 3 · ★ 1.2k · 12 June 2026``.

    Known fields come first and in a fixed order, others by their names.  ``authors`` and ``code``
    are not in it: renderers give those a place of their own.
    """
    known = [name for name in _FACTS if name in card.fields]
    others = [name for name in card.fields if name not in (*_FACTS, *_APART)]
    said = []
    for name in (*known, *others):
        label = f"{_fact(name)} " if name in others else _ICONS.get(name, "")
        limit = REASON_LIMIT if name == "why" else FACT_LIMIT
        if value := _fact(card.fields[name], limit):
            said.append(label + value)
    return " · ".join(said)


def _fact(text: str, limit: int = FACT_LIMIT) -> str:
    return one_line(text, limit)


def _visible(line: str) -> str:
    if line.isprintable() and not _UNCOMMON.search(line):
        return " ".join(line.split())
    kept = []
    marks = 0
    for char in line:
        if char.isspace():
            kept.append(" ")
            continue
        category = unicodedata.category(char)
        if category in _HIDDEN or char in _BLANK:
            continue
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= _MARKS:
            kept.append(char)
    return " ".join("".join(kept).split())


def _joins(char: str) -> bool:
    """Whether it belongs to the character before it."""
    return (
        unicodedata.category(char)[0] == "M"
        or char == "\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\udc00" <= char <= "\udfff"  # the second half of a surrogate pair
    )


# ---- LaTeX

_MATH = re.compile(
    r"(?<!\\)(\$\$?)(?:[^$]{0,500}[\\^_][^$]{0,500}\1"  # surely math
    r"|(?=\S)[^$]{1,500}(?<=\S)\1(?!\d))"  # Pandoc's rule: $x$ is math, “$5 and $10” is not
)
_TEX = re.compile(r"[\\{}~^`$]|''|--")
"""What means something to LaTeX outside of formulas."""
_ATOM = re.compile(
    _MATH.pattern + r"|[{}]|\\[A-Za-z]+\*?(?:\[[^\]]{0,100}\])*\s*|\\.\s*|\s+(?!\{)|[^\s\\{}$]+",
    re.DOTALL,
)
"""What a line is cut into; a macro takes the spaces after it along."""
_FAR = re.compile(r"\\(?:begin|[\[(])|\$")
"""What reaches over words where it stands outside of ``_MATH``; an odd ``$`` among it."""
_SPECIAL = re.compile(r"\\.|[%&#$]|(?<![\w.)\]}])~(?=\d)", re.DOTALL)
_SUPERSCRIPTS = dict(zip("0123456789+-=()niT*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ*", strict=True))
_SUBSCRIPTS = dict(
    zip("0123456789+-=()aeioruvxjhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢₒᵣᵤᵥₓⱼₕₖₗₘₙₚₛₜ", strict=True)
)

_STYLED = "mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathrm texttt url"
"""Macros that show their argument as it is."""

_SILENT = (
    "rm it bf em sf sc sl tt cal frak Bbb bm bold boldmath boldsymbol mathds mathbbm mbox hbox "
    "textsf textup textnormal operatorname small tiny displaystyle textstyle scriptstyle xspace "
    "big Big bigl bigr Bigl Bigr bigg left right limits noindent par nonumber notag "
    "cite citet citep ref eqref autoref cref Cref footnote label includegraphics "
    "input include maketitle today title author date"
)
"""Macros that show nothing themselves; a group after them is text."""

_SPACES = {
    "between-macro-and-chars": True,
    "between-latex-constructs": True,
    "in-equations": {"between-latex-constructs": True},
}
"""Which spaces count: in words as TeX has it (``S\\o rensen``), in formulas as they are typed."""

_SIGNS = {"ne": "≠", "textless": "<", "textgreater": ">"}


def _unicode(line: str) -> str:
    """LaTeX as Unicode, for as much of it as there is."""
    if "\\" not in line and "$" not in line:
        return line
    pieces = [line] if _FAR.search(_MATH.sub("", line)) else _pieces(line)
    return "".join(_read(piece) if _TEX.search(piece) else piece for piece in pieces)


def _pieces(line: str) -> Iterator[str]:
    """``line`` cut at spaces and around formulas, outside of groups and a macro's arguments.

    Parsing is slow, and most words of a text are no LaTeX.  What is broken in one piece takes
    nothing of the next.
    """
    start = depth = 0
    before = ""
    for match in _ATOM.finditer(line):
        atom = match.group()
        depth = max(0, depth + (atom == "{") - (atom == "}"))
        if depth == 0 and not before.startswith("\\") and (atom.isspace() or atom[0] == "$"):
            yield from (line[start : match.start()], atom)
            start = match.end()
        before = atom
    yield line[start:]


@lru_cache(maxsize=4096)
def _read(line: str) -> str:
    parse, read = _contexts()
    try:
        # A new object each time: it remembers \title and the like between texts.
        text: str = LatexNodes2Text(
            read, math_mode="text", strict_latex_spaces=_SPACES
        ).latex_to_text(_guarded(line), tolerant_parsing=True, latex_context=parse)
    except Exception:  # the parser has many ways to fail on what is no LaTeX; the text stays
        return line
    return text


def _guarded(line: str) -> str:
    """Escape what abstracts mean literally and LaTeX does not: 5%, R&D, C#, $5, ~3."""
    parts = []
    start = 0
    for match in _MATH.finditer(line):
        parts += [_SPECIAL.sub(_escaped, line[start : match.start()])]
        parts += [re.sub(r"(?<!\\)%", r"\%", match.group())]
        start = match.end()
    return "".join(parts) + _SPECIAL.sub(_escaped, line[start:])


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    if found == "~":
        return r"\textasciitilde{}"
    return found if found.startswith("\\") else "\\" + found


def _raised(node: Any, l2tobj: Any) -> str:
    """``x^{2}`` as x², where Unicode has all of it and it is math."""
    inner: str = l2tobj.node_arg_to_text(node, 0)
    sign: str = node.specials_chars
    table = _SUPERSCRIPTS if sign == "^" else _SUBSCRIPTS
    if inner in ("°", "∘", "′", "*"):
        return "°" if inner == "∘" else inner
    if node.parsing_state.in_math_mode and inner and all(char in table for char in inner):
        return "".join(table[char] for char in inner)
    return sign + inner


@lru_cache(maxsize=1)
def _contexts() -> tuple[Any, Any]:
    """What to parse, and how to say it: pylatexenc's defaults with our corrections in front."""
    parse = latexwalker.get_default_latex_context_db()
    scripts = [SpecialsSpec(sign, MacroStandardArgsParser("{")) for sign in "^_"]
    pairs = [MacroSpec(name, "{{") for name in ("href", "tfrac", "dfrac")]
    parse.add_context_category("paperbot", prepend=True, macros=pairs, specials=scripts)
    read = get_default_latex_context_db()
    read.add_context_category(
        "paperbot",
        prepend=True,
        macros=[
            *(MacroTextSpec(name, discard=False) for name in _STYLED.split()),
            *(MacroTextSpec(name, simplify_repl="") for name in _SILENT.split()),
            *(MacroTextSpec(name, simplify_repl="%s/%s") for name in ("tfrac", "dfrac")),
            *(MacroTextSpec(name, simplify_repl=sign) for name, sign in _SIGNS.items()),
            MacroTextSpec(
                "href", simplify_repl=lambda node, l2tobj: l2tobj.node_arg_to_text(node, 1)
            ),
        ],
        specials=[SpecialsTextSpec(sign, simplify_repl=_raised) for sign in "^_"],
    )
    # An author's own macro says more by its name than by a gap.
    read.set_unknown_macro_spec(
        MacroTextSpec("", simplify_repl=lambda node: node.macroname + node.macro_post_space)
    )
    return parse, read
