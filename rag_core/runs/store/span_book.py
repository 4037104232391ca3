"""Spans in the database, and the runs that are made of them.

A trace arrives in parts, late and out of order, so its spans are kept for a while, and its run is made anew whenever
more of them have come. What was written and not yet made into a run is found again after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from rag_core.errors import SecondPassError
from rag_core.runs.run import Run
from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.spans.span import SPAN, Span
from rag_core.runs.store.run_book import packed, put_runs, unpacked
from rag_core.runs.store.tables import run_spans, run_traces
from rag_core.schema.records import listing
from rag_core.storage.database import UPSERT, Store

KEPT = timedelta(days=1)
"""How long spans wait for the rest of their trace."""

REMEMBERED = timedelta(days=30)
"""How long it is known that a trace was closed, so that a late span makes no second run of it."""

AT_ONCE = 50
"""Traces that are made into runs between two looks at the clock."""

IN_ONE_STATEMENT = 400
LOG = logging.getLogger("second_pass.runs")


class SpanBook:
    """The spans of one database. Safe to share between threads; any number of processes may write at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, spans: Sequence[Span], now: datetime | None = None) -> int:
        """Keep spans, in one transaction; how many came too late, because their trace is closed."""
        now = now or datetime.now(UTC)
        with self._store.begin() as connection:
            closed = _closed(connection, {span.trace_id for span in spans})
            taken = {(span.trace_id, span.span_id): span for span in spans if span.trace_id not in closed}
            if taken:
                _write(connection, list(taken.values()), now)
        return sum(1 for span in spans if span.trace_id in closed)

    def make_runs(self, settled: timedelta = timedelta(0), now: datetime | None = None) -> int:
        """Make runs of the traces that have changed, and not since `settled` ago; how many traces were looked at."""
        until = (now or datetime.now(UTC)) - settled
        changed = sa.select(run_traces).where(run_traces.c.pending, run_traces.c.changed_at <= until)
        with self._store.begin() as connection:
            rows = connection.execute(changed.order_by(run_traces.c.changed_at).limit(AT_ONCE)).all()
            bodies = _bodies(connection, [row.trace_id for row in rows])
        if rows:
            made = [run for row in rows if (run := _run(row.trace_id, bodies[row.trace_id])) is not None]
            self._put(made, [{"of": row.trace_id, "at": row.changed_at} for row in rows])
        return len(rows)

    def forget(self, now: datetime | None = None) -> int:
        """Drop the spans that have waited long enough; how many."""
        now = now or datetime.now(UTC)
        with self._store.begin() as connection:
            done = sa.select(run_traces.c.trace_id).where(~run_traces.c.pending, run_traces.c.changed_at < now - KEPT)
            dropped = connection.execute(sa.delete(run_spans).where(run_spans.c.trace_id.in_(done))).rowcount
            connection.execute(sa.delete(run_traces).where(run_traces.c.changed_at < now - REMEMBERED))
        return dropped

    def _put(self, runs: list[Run], traces: list[dict[str, Any]]) -> None:
        """Write the runs, and that their traces are made. A trace that has changed meanwhile stays pending, and one
        that was deleted meanwhile stays so."""
        of: sa.BindParameter[str] = sa.bindparam("of")
        at: sa.BindParameter[datetime] = sa.bindparam("at")
        same = (run_traces.c.trace_id == of) & (run_traces.c.changed_at == at)
        with self._store.begin() as connection:
            # the update comes first: from then on nobody else can change or delete these traces
            connection.execute(sa.update(run_traces).where(same).values(pending=False), traces)
            made = _unchanged(connection, {trace["of"]: trace["at"] for trace in traces})
            if kept := [run for run in runs if run.id in made]:
                put_runs(connection, kept)


def _unchanged(connection: sa.Connection, traces: dict[str, datetime]) -> set[str]:
    """Those of these traces that have their spans still, and last changed when it is said that they did."""
    spans = sa.select(run_spans.c.trace_id).where(run_spans.c.trace_id == run_traces.c.trace_id).exists()
    wanted = sa.select(run_traces.c.trace_id, run_traces.c.changed_at).where(run_traces.c.trace_id.in_(traces), spans)
    return {row.trace_id for row in connection.execute(wanted) if row.changed_at == traces[row.trace_id]}


def _bodies(connection: sa.Connection, trace_ids: list[str]) -> dict[str, list[bytes]]:
    """The stored spans of these traces."""
    found: dict[str, list[bytes]] = {one: [] for one in trace_ids}
    wanted = sa.select(run_spans.c.trace_id, run_spans.c.body).where(run_spans.c.trace_id.in_(trace_ids))
    for row in connection.execute(wanted):
        found[row.trace_id].append(row.body)
    return found


def _run(trace_id: str, bodies: Sequence[bytes]) -> Run | None:
    """The run of a trace. What cannot be made into one is said in the log, and the next trace comes."""
    read = listing((trace_id, partial(_span, body)) for body in bodies)
    try:
        return run_of_spans(read.found)
    except (SecondPassError, ValueError, OverflowError) as exc:
        LOG.warning("The trace %s cannot be made into a run: %s", trace_id, exc)
        return None


def _span(body: bytes) -> Span:
    return SPAN.read(unpacked(body, "span"))


def _closed(connection: sa.Connection, trace_ids: set[str]) -> set[str]:
    """The traces that are known and whose spans were dropped."""
    closed: set[str] = set()
    asked = sorted(trace_ids)
    for start in range(0, len(asked), IN_ONE_STATEMENT):
        some = asked[start : start + IN_ONE_STATEMENT]
        waiting = sa.select(run_spans.c.trace_id).where(run_spans.c.trace_id == run_traces.c.trace_id).exists()
        wanted = sa.select(run_traces.c.trace_id).where(run_traces.c.trace_id.in_(some), ~waiting)
        closed |= set(connection.execute(wanted).scalars())
    return closed


def _write(connection: sa.Connection, spans: Sequence[Span], now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "project": span.project,
            "received_at": now,
            "body": packed(span.model_dump_json()),
        }
        for span in spans
    ]
    insert = UPSERT[connection.dialect.name](run_spans)
    fresh = {name: insert.excluded[name] for name in ("project", "received_at", "body")}
    connection.execute(insert.on_conflict_do_update(index_elements=["trace_id", "span_id"], set_=fresh), rows)
    insert = UPSERT[connection.dialect.name](run_traces)
    fresh = {name: insert.excluded[name] for name in ("changed_at", "pending")}
    traces = [
        {"trace_id": one, "changed_at": now, "pending": True} for one in sorted({row["trace_id"] for row in rows})
    ]
    connection.execute(insert.on_conflict_do_update(index_elements=["trace_id"], set_=fresh), traces)
