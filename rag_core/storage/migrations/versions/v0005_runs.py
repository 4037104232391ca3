"""Recorded runs: what is listed of each, its body apart, and the spans that runs are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "runs",
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("kept", sa.Integer, nullable=False),
        sa.Column("took_ms", sa.Double),
        sa.Column("best", sa.Double),
        sa.Column("space", sa.String(20), nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("feedback", sa.Text, nullable=False),
    )
    op.create_index("runs_by_project", "runs", ["project", "started_at"])
    op.create_index("runs_by_time", "runs", ["started_at"])
    op.create_table(
        "run_bodies",
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["project", "id"], ["runs.project", "runs.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "run_spans",
        sa.Column("trace_id", sa.String(32), primary_key=True),
        sa.Column("span_id", sa.String(16), primary_key=True),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("run_spans_by_project", "run_spans", ["project"])
    op.create_index("run_spans_by_time", "run_spans", ["received_at"])
    op.create_table(
        "run_traces",
        sa.Column("trace_id", sa.String(32), primary_key=True),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("pending", sa.Boolean, nullable=False),
    )
    op.create_index("run_traces_by_state", "run_traces", ["pending", "changed_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("run_traces", "run_spans", "run_bodies", "runs"):
        op.drop_table(table)
