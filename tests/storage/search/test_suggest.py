"""Autocomplete and related papers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.model import Paper
from storage.search import Search
from tests.fakes.fake_papers import FakePapers
from tests.storage.search.shelf import (
    ATTENTION,
    BERT,
    CHINESE,
    LENET,
    MONTE_CARLO,
    PAPERS,
    RESNET,
    SCHRODINGER,
)


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        ("att", ATTENTION),
        ("Attention is al", ATTENTION),
        ("atention is al", ATTENTION),
        ("deep bidi", BERT),
        ("deep resi", RESNET),
        ("hamiltonian monte c", MONTE_CARLO),
        ("schrö", SCHRODINGER),
        ("深", CHINESE),
    ],
)
def test_titles_are_completed(shelf: Search, text: str, paper: Paper) -> None:
    assert shelf.suggest(text, 5)[0].id == paper.id


def test_one_letter_is_a_beginning(shelf: Search) -> None:
    hits = shelf.suggest("h", 5)
    assert hits
    assert all(any(word.startswith("h") for word in hit.title.lower().split()) for hit in hits)


@pytest.mark.parametrize("text", ["", "  ", "\0", "vaswani", "discriminator", "zzzzqqqq"])
def test_only_titles_are_suggested(shelf: Search, text: str) -> None:
    assert shelf.suggest(text, 5) == ()


def test_related_papers_share_telling_words(shelf: Search) -> None:
    assert [hit.id for hit in shelf.related(LENET, 1)] == [RESNET.id]
    assert [hit.id for hit in shelf.related(RESNET, 1)] == [LENET.id]


def test_a_paper_is_not_related_to_itself(shelf: Search) -> None:
    for paper in PAPERS:
        hits = shelf.related(paper, 50)
        assert paper.id not in {hit.id for hit in hits}
        assert all(0 < hit.score <= 1.1 for hit in hits)


def test_a_paper_need_not_be_indexed_for_related_ones(shelf: Search) -> None:
    stranger = replace(RESNET, id="9999.00001", title="Very Deep Convolutional Networks")
    assert RESNET.id in {hit.id for hit in shelf.related(stranger, 5)}


def test_a_paper_of_unknown_words_has_no_relatives(tmp_path: Path) -> None:
    search = Search(tmp_path, FakePapers(PAPERS))
    search.refresh()
    assert search.related(replace(RESNET, id="x", title="Qqq zzz", abstract=None), 5) == ()
