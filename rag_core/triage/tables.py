"""The tables of cases, re-runs and jobs, as the code uses them. Making them is `rag_core.storage.migrations`'s."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from rag_core.storage.database import metadata


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as UTC without a zone, so that every database sorts it alike."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """To UTC, zone dropped."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """UTC again."""
        return value.replace(tzinfo=UTC) if value else None


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

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False),
    sa.Column("started_by", sa.String(200), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Index("jobs_by_kind", "kind", "started_at"),
)
"""`seen_at`: the last sign of life of the thread that works on it."""

reruns = sa.Table(
    "reruns",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_id", sa.String(32), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    sa.Column("job_id", sa.String(32)),
    sa.Column("at", Moment, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("reruns_by_case", "case_id", "at"),
    sa.Index("reruns_by_job", "job_id"),
)
