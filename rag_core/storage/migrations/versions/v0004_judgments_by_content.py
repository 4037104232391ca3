"""Grades belong to a set's content, and over a private collection to its owner: a name alone mixes two sets.

What set a name stood for was not recorded. Such grades are kept under `name:<level>:<name>`, which no set has, so that
they are not lost and join no other set.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table anew and copy what was there."""
    op.rename_table("judgments", "judgments_by_name")
    _create("judgments", sa.Column("set_id", sa.String(250), primary_key=True), "owner")
    op.execute(
        "INSERT INTO judgments (set_id, owner, query_id, item, grade, judged_by) "
        "SELECT 'name:' || level || ':' || set_name, '', query_id, item, grade, judged_by FROM judgments_by_name"
    )
    op.drop_table("judgments_by_name")


def downgrade() -> None:
    """The table by name again, with the grades that came from it."""
    op.drop_table("judgments")
    _create("judgments", sa.Column("set_name", sa.String(200), primary_key=True), "level")


def _create(name: str, first: sa.Column[str], second: str) -> None:
    op.create_table(
        name,
        first,
        sa.Column(second, sa.String(64), primary_key=True),
        sa.Column("query_id", sa.String(400), primary_key=True),
        sa.Column("item", sa.String(1000), primary_key=True),
        sa.Column("grade", sa.Integer, nullable=False),
        sa.Column("judged_by", sa.String(200), nullable=False),
    )
