from __future__ import annotations

from pathlib import Path

import pytest

from bot.docs import pages
from bot.settings import names

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run `make docs`"


def test_the_example_environment_names_every_setting() -> None:
    example = (DOCS.parent / "deploy" / ".env.example").read_text()
    missing = [name for name, _, _ in names() if name not in example]
    assert missing == []
