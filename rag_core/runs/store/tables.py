"""The tables of runs and of the spans that they are made of. Making them is `rag_core.storage.migrations`'s."""

from __future__ import annotations

import sqlalchemy as sa

from rag_core.storage.columns import Moment
from rag_core.storage.database import metadata

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("source", sa.String(100), nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("kept", sa.Integer, nullable=False),
    sa.Column("took_ms", sa.Double),
    sa.Column("best", sa.Double),
    sa.Column("space", sa.String(20), nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("feedback", sa.Text, nullable=False),
    sa.Index("runs_by_project", "project", "started_at"),
    sa.Index("runs_by_time", "started_at"),
)
"""What is listed of each run; `notes` and `feedback` are JSON lists."""

run_bodies = sa.Table(
    "run_bodies",
    metadata,
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["project", "id"], ["runs.project", "runs.id"], ondelete="CASCADE"),
)
"""The runs, as JSON packed by zlib: apart, so that a list of runs does not read them."""

run_spans = sa.Table(
    "run_spans",
    metadata,
    sa.Column("trace_id", sa.String(32), primary_key=True),
    sa.Column("span_id", sa.String(16), primary_key=True),
    sa.Column("project", sa.String(200), nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("run_spans_by_project", "project"),
    sa.Index("run_spans_by_time", "received_at"),
)
"""Spans as they were received, JSON packed by zlib; kept for a while, since a trace arrives in parts."""

run_traces = sa.Table(
    "run_traces",
    metadata,
    sa.Column("trace_id", sa.String(32), primary_key=True),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("pending", sa.Boolean, nullable=False),
    sa.Index("run_traces_by_state", "pending", "changed_at"),
)
"""The traces of these spans; `pending` until a run is made of what has arrived."""

run_retention = sa.Table(
    "run_retention",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("days", sa.Integer),
    sa.Column("number", sa.Integer),
)
"""How long runs are kept: one row, 1, or none; see `rag_core.runs.store.retention`."""
