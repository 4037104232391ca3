"""What rerankers said: one row per model, query and passage."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table; a database from before versions has it already."""
    op.create_table(
        "pair_scores",
        sa.Column("model", sa.String(400), primary_key=True),
        sa.Column("query_hash", sa.String(64), primary_key=True),
        sa.Column("content_hash", sa.String(64), primary_key=True),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("unseen_tokens", sa.Integer, nullable=False),
        sa.Column("seen_chars", sa.Integer),
        if_not_exists=True,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("pair_scores")
