"""Text that is safe and pleasant to show."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.text import FACT_LIMIT, INPUT_LIMIT, facts, plain, shorten
from commands.model import Card
from tests.contracts.harness import hidden, tallest
from tests.contracts.replies import HOSTILE

ANY = st.text(st.characters(), max_size=400)
"""Any code points at all, lone surrogates too."""
TEX = st.lists(
    st.sampled_from([r"\frac", r"\sqrt", r"\alpha", r"\mathbf", r"\cite", r"\href", r"\(", "\\"])
    | st.sampled_from([r"\begin{x}", r"\end{x}", r"\item", *"{}$^_%&#~ []x1"]),
    max_size=60,
).map("".join)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (r"E$^{2}$GAN", "E²GAN"),
        (r"$\mathbf{\texttt{D}}$ual", "Dual"),
        (r"$\alpha$-divergence", "α-divergence"),
        (r"$\mathcal{O}(n^2 \log n)$", "O(n² log n)"),
        (r"$x_{ij}^{10}$ and $A^\top$", "xᵢⱼ¹⁰ and A^⊤"),
        (r"$n_1 \times m_2 \in k$", "n₁ × m₂ ∈ k"),
        (r"10$^{-3}$, 90$^\circ$, 2$\times$2", "10⁻³, 90°, 2×2"),
        (r"\textbf{Bold} and {\em soft}", "Bold and soft"),
        (r"G\"odel, Erd\H{o}s, S\o rensen", "Gödel, Erdős, Sørensen"),
        (r"\href{https://example.org}{the site}", "the site"),
        (r"as in \cite{vaswani}.", "as in ."),
        (r"\ours beats \name{}", "ours beats name"),
        (r"5\% of $x$, then 3% of R&D at C# costs $5", "5% of x, then 3% of R&D at C# costs $5"),
        ("$5 and $10, US$6", "$5 and $10, US$6"),
        ("~5x faster, Fig.~1", "~5x faster, Fig.~1"),
        (r"$\sim$5x, Fig.~\ref{x} of ~5", "∼5x, Fig. of ~5"),
        ("foo_bar^baz {curly}", "foo_bar^baz {curly}"),
        (r"snake_case beside $a_1$", "snake_case beside a₁"),
        (r"the $\textsf{$k$-TSP}$ problem", "the k-TSP problem"),
        (r"PENG$^{ASP)$. This", "PENG^ASP). This"),
    ],
)
def test_latex_reads_like_text(given: str, shown: str) -> None:
    assert plain(given) == shown


def test_lines_stay_and_spaces_go() -> None:
    assert plain(" \n a\t b \r\n\n c\u2028d\u00a0e \n") == "a b\n\nc\nd e"


def test_what_steers_or_hides_is_gone() -> None:
    assert plain("pa\u200bper \u202egnp\u202c \x1b[31mred\x07") == "paper gnp [31mred"
    assert plain(HOSTILE["zalgo"]) == "Z\u0301\u0327algo"
    assert plain("e\u0301\u0308 नि ä") == "e\u0301\u0308 नि ä"
    assert plain("\u3164") == ""


@given(ANY | TEX)
@example("\\cite" * 2_000)
@example("\\sqrt{" * 1_500)
@example("{" * INPUT_LIMIT)
@example("$^" * 5_000)
@example("Z" + "\u0301" * INPUT_LIMIT)
def test_plain_takes_anything(text: str) -> None:
    shown = plain(text)
    assert not hidden(shown.replace("\n", ""))
    assert tallest(shown) <= 2
    assert all(line == " ".join(line.split()) for line in shown.split("\n"))


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=80))
def test_plain_leaves_words_alone(text: str) -> None:
    word = text.translate(dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0")))
    assert plain(word) == word


def test_a_text_beyond_the_cap_is_cut_before_work_begins() -> None:
    assert plain("a" * (INPUT_LIMIT + 50)) == "a" * INPUT_LIMIT


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("as it is", 8, "as it is"),
        ("cut at a word", 12, "cut at a…"),
        ("cut at a word", 9, "cut at a…"),
        ("comma, then", 8, "comma…"),
        ("first line\nsecond line", 14, "first line…"),
        ("incomprehensibilities", 10, "incompreh…"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
        ("", 0, ""),
        ("abcde\u0301\u0302fgh", 7, "abcd…"),
        ("abc👍🏽xyz", 5, "abc…"),
        ("abc👩\u200d🔬xyz", 6, "abc…"),
    ],
)
def test_shorten_cuts_at_words_and_whole_characters(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(ANY, st.integers(0, 200))
def test_shorten_keeps_to_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    elif limit:
        assert short.endswith("…")
        assert text.startswith(short[:-1])


def test_facts_come_in_one_order_with_their_icons() -> None:
    card = Card(
        paper_id="1",
        title="",
        url="",
        fields={
            "doi": "10.1/x",
            "why": "title",
            "date": "12 Jun 2017",
            "votes": "1,284",
            "authors": "A. Author",
            "code": "https://example.org",
            "stars": "9",
            "comments": "3",
            "organization": "",
        },
    )
    assert facts(card) == "▲ 1,284 · 💬 3 · ★ 9 · 12 Jun 2017 · title · doi 10.1/x"


def test_facts_stay_in_one_line_whatever_they_hold() -> None:
    fields = {"votes": "1\n2", "odd\nname " * 99: "v" * 999, "empty": "\u200b"}
    line = facts(Card(paper_id="1", title="", url="", fields=fields))
    assert line.startswith("▲ 1 2 · odd name")
    assert "\n" not in line
    assert len(line) <= 4 + 2 + 2 * (FACT_LIMIT + 3)
    assert facts(Card(paper_id="1", title="", url="")) == ""
    reasons = "; ".join(f"“difusion {number}” as “diffusion” in the title" for number in range(4))
    assert facts(Card(paper_id="1", title="", url="", fields={"why": reasons})) == reasons
