"""Calibrations of rerankers: one a collection and reranker."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "calibrations",
        sa.Column("collection", sa.String(250), primary_key=True),
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("reranker", sa.String(400), primary_key=True),
        sa.Column("record", sa.Text, nullable=False),
    )
