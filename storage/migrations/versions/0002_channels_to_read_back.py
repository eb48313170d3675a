"""Channels to read back after a restore"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paces", sa.Column("read_back_from", sa.DateTime(timezone=True)))
    some = sa.text("read_back_from IS NOT NULL")
    op.create_index(
        op.f("ix_paces_read_back_from"),
        "paces",
        ["read_back_from"],
        sqlite_where=some,
        postgresql_where=some,
    )
