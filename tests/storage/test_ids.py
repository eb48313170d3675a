from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ids import paper_id, paper_ids


@pytest.mark.parametrize(
    "text",
    [
        "2401.12345",
        "2401.12345v2",
        "arXiv:2401.12345",
        "ARXIV: 2401.12345v1",
        "https://arxiv.org/abs/2401.12345",
        "http://www.arxiv.org/pdf/2401.12345v2.pdf",
        "arxiv.org/html/2401.12345v1#S2",
        "export.arxiv.org/abs/2401.12345",
        "https://huggingface.co/papers/2401.12345?utm_source=x",
        "https://hf.co/papers/2401.12345",
        "https://www.alphaxiv.org/abs/2401.12345v3",
        "<https://arxiv.org/abs/2401.12345>",
        "<https://arxiv.org/abs/2401.12345|a label>",
        "  2401.12345 ",
    ],
)
def test_ids_and_addresses_are_read(text: str) -> None:
    assert paper_id(text) == "2401.12345"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("hep-th/9901001v1", "hep-th/9901001"),
        ("https://arxiv.org/abs/math.GT/0309136", "math/0309136"),
        ("0704.0001", "0704.0001"),
    ],
)
def test_old_ids_are_read(text: str, id: str) -> None:
    assert paper_id(text) == id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "diffusion models",
        "2413.12345",
        "2401.123",
        "24011.12345",
        "HEP-TH/9901001",
        "٢٤٠١.12345",
        "https://evil.example/arxiv.org/abs/2401.12345",
        "https://notarxiv.org/abs/2401.12345",
        "https://arxiv.org/list/cs.CL/recent",
    ],
)
def test_other_text_is_no_id(text: str) -> None:
    assert paper_id(text) is None


def test_all_papers_of_a_message_are_found_once_in_order() -> None:
    text = (
        "see https://arxiv.org/abs/2401.00002v1, <https://huggingface.co/papers/2401.00001|this>\n"
        "and (arxiv.org/pdf/2401.00002) but not https://evil.example/arxiv.org/abs/2401.00003"
    )
    assert paper_ids(text) == ["2401.00002", "2401.00001"]


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    assert paper_id(text) is None or "." in text or "/" in text
    assert paper_ids(text) is not None
