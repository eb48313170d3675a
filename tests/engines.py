"""The databases that tests run on."""

from __future__ import annotations

from typing import Literal, TypeAlias

import pytest

Engine: TypeAlias = Literal["sqlite", "postgresql"]


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Engine:
    """A folder's tests run on each where its conftest says ``engine = both``."""
    found: Engine = request.param
    return found
