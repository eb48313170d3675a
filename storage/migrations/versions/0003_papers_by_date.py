"""Papers by their date, for the topics of a catalogue without daily lists"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_papers_published_at"), "papers", ["published_at"])
