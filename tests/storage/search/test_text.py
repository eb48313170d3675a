from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.text import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Attention Is All You Need!", "attention is all you need"),
        ("Self-supervised, pre_training", "self supervised pre training"),
        ("Poincaré, Erdős, Łukasz and Øyvind", "poincare erdos lukasz and oyvind"),
        ("Straße İstanbul ﬁne", "strasse istanbul fine"),
        ('Schr\\"odinger Schr\\"{o}dinger', "schrodinger schrodinger"),
        ('Erd\\H{o}s J{\\o}rgensen G\\"{o}del Fran\\c{c}ois', "erdos jorgensen godel francois"),
        ("$\\alpha$ α alpha $\\varepsilon$ β-VAE", "alpha alpha alpha epsilon beta vae"),
        ("CO$_2$ and $L^2$ with \\emph{care}", "co2 and l2 with care"),
        ("\\textbf{Bold} 50\\% \\cite{x}", "bold 50 x"),
        ("Ελληνικά", "ελληνικα"),
        ("深度学习 GPT模型", "深度 度学 学习 gpt 模型"),
        ("単", "単"),
        ("한국어 हिन्दी العربية", "한국어 हिनदी العربية"),
        ("ＧＰＴ－４ ℌ 𝛼", "gpt 4 h alpha"),
        ("a\0b\ud800c 😀 d", "a b c d"),
        ("\\", ""),
        ("", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@given(st.text())
def test_any_text_has_words_that_stay_as_they_are(text: str) -> None:
    folded = words(text)
    assert words(" ".join(folded)) == folded
    assert all(word == word.strip() and word.lower() == word for word in folded)
