"""The tables of cases and re-runs, as the code uses them. Making them is `rag_core.storage.migrations`'s."""

from __future__ import annotations

import sqlalchemy as sa

from rag_core.storage.columns import Moment
from rag_core.storage.database import metadata

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("collection", sa.String(400), nullable=False),
    sa.Column("fingerprint", sa.String(128), nullable=False),
    sa.Column("documents", sa.Text, nullable=False),
    sa.Column("verdict", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("cases_by_status", "status", "created_at"),
)
"""`documents` and `tags` are JSON lists; `body` is the whole case as JSON, but for what revisions change."""

reruns = sa.Table(
    "reruns",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    sa.Column("job_id", sa.String(32)),
    sa.Column("at", Moment, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("elsewhere", sa.String(400)),
    sa.Index("reruns_by_case", "case_id", "at"),
    sa.Index("reruns_by_job", "job_id"),
)
"""`elsewhere`: the name of the collection that it ran on, where that is not the case's own."""
