from __future__ import annotations

from pathlib import Path

import pytest

from adapters.slack import manifest, to_yaml
from bot.docs import pages
from bot.settings import names
from commands import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run `make docs`"


def test_the_example_environment_names_every_setting() -> None:
    example = (DOCS.parent / "deploy" / ".env.example").read_text()
    missing = [name for name, _, _ in names() if name not in example]
    assert missing == []


def test_the_slack_manifest_is_up_to_date() -> None:
    made = to_yaml(manifest(COMMANDS))
    assert (DOCS.parent / "deploy" / "slack-manifest.yaml").read_text() == made, "run `make docs`"
