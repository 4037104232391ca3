"""Grades that people gave in the page: one row per set, query and document."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "judgments",
        sa.Column("set_name", sa.String(200), primary_key=True),
        sa.Column("level", sa.String(20), primary_key=True),
        sa.Column("query_id", sa.String(400), primary_key=True),
        sa.Column("item", sa.String(1000), primary_key=True),
        sa.Column("grade", sa.Integer, nullable=False),
        sa.Column("judged_by", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("judgments")
