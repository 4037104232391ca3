"""Re-runs say on which collection they ran, where that is not the case's own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; earlier re-runs were all on the case's own collection."""
    op.add_column("reruns", sa.Column("elsewhere", sa.String(400)))
