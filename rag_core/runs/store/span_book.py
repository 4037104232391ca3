"""Spans in the database, and the runs that are made of them.

A trace arrives in parts, late and out of order, so its spans are kept for a while, and its run is made anew whenever
more of them have come. What was written and not yet made into a run is found again after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from rag_core.errors import SecondPassError
from rag_core.runs.run import Run
from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import SPAN, Span
from rag_core.runs.spans.tree import MAX_SPANS
from rag_core.runs.store.late_feedback import at_home, attach
from rag_core.runs.store.run_book import packed, put_runs, unpacked
from rag_core.runs.store.tables import run_spans, run_traces
from rag_core.schema.records import listing
from rag_core.storage.database import UPSERT, Store

KEPT = timedelta(days=1)
"""How long spans wait for the rest of their trace."""

REMEMBERED = timedelta(days=30)
"""How long it is known that a trace was closed, so that a late span makes no second run of it."""

AT_ONCE, BYTES_AT_ONCE = 50, 8 * 2**20
"""Traces that are made into runs together at most, and the size of their spans as they are stored."""

IN_ONE_STATEMENT = 400
LOG = logging.getLogger("second_pass.runs")


class SpanBook:
    """The spans of one database. Safe to share between threads; any number of processes may write at once."""

    def __init__(
        self, store: Store, made: Callable[[Sequence[Run]], None] | None = None,
        bare: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        """`made` is told of runs that were made, once they are in the database; `bare` of the project of a trace that
        makes none, because it has no retrieval."""
        self._store, self._made, self._bare = store, made, bare

    def add(self, spans: Sequence[Span], now: datetime | None = None) -> int:
        """Keep spans, in one transaction; how many came too late, because their trace is closed."""
        return self.add_all([spans], now)[0]

    def add_all(self, requests: Sequence[Sequence[Span]], now: datetime | None = None) -> list[int]:
        """Keep the spans of several requests, in one transaction; of each, how many came too late. A span that comes
        again replaces the one before. What is said of an answer never comes too late, as long as its run is there."""
        now = now or datetime.now(UTC)
        spans = {(span.trace_id, span.span_id): span for request in requests for span in request}
        if not spans:
            return [0] * len(requests)
        with self._store.begin() as connection:
            for key in attach(connection, spans.values()):
                del spans[key]
            closed = _closed(connection, {span.trace_id for span in spans.values()})
            homes = at_home(connection, spans.values())
            taken = [
                _row(span, now, homes.get(key, span.project))
                for key, span in spans.items()
                if span.trace_id not in closed
            ]
            if taken:
                _write(connection, taken, now)
        late = {key for key, span in spans.items() if span.trace_id in closed}
        return [sum(1 for span in request if (span.trace_id, span.span_id) in late) for request in requests]

    def make_runs(self, settled: timedelta = timedelta(0), now: datetime | None = None) -> int:
        """Make runs of the traces that have changed, and not since `settled` ago; how many traces were looked at."""
        until = (now or datetime.now(UTC)) - settled
        changed = sa.select(run_traces).where(run_traces.c.pending, run_traces.c.changed_at <= until)
        with self._store.begin() as connection:
            rows = connection.execute(changed.order_by(run_traces.c.changed_at).limit(AT_ONCE)).all()
            waiting = {row.trace_id: row.changed_at for row in rows}
            stored = _bodies(connection, list(waiting))
        if stored:
            made = [run for one, spans in stored.items() if (run := self._run(one, spans)) is not None]
            self._put(made, [{"of": one, "at": waiting[one]} for one in stored])
        return len(stored)

    def forget(self, now: datetime | None = None) -> int:
        """Drop the spans that have waited long enough; how many."""
        now = now or datetime.now(UTC)
        with self._store.begin() as connection:
            done = sa.select(run_traces.c.trace_id).where(~run_traces.c.pending, run_traces.c.changed_at < now - KEPT)
            dropped = connection.execute(sa.delete(run_spans).where(run_spans.c.trace_id.in_(done))).rowcount
            connection.execute(sa.delete(run_traces).where(run_traces.c.changed_at < now - REMEMBERED))
        return dropped

    def _run(self, trace_id: str, stored: _Stored) -> Run | None:
        """The run of a trace. What cannot be made into one is said in the log, and the next trace comes."""
        read = listing((trace_id, partial(_span, body)) for body in stored.bodies)
        try:
            run = run_of_spans(read.found, left_out=stored.left_out)
        except (SecondPassError, ValueError, OverflowError) as exc:
            LOG.warning("The trace %s cannot be made into a run: %s", trace_id, exc)
            return None
        others = [span for span in read.found if span.kind != SpanKind.EVALUATOR]
        if run is None and others and self._bare:
            self._bare(others[0].project)
        return run

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
        if kept and self._made:
            self._made(kept)


def _unchanged(connection: sa.Connection, traces: dict[str, datetime]) -> set[str]:
    """Those of these traces that have their spans still, and last changed when it is said that they did."""
    spans = sa.select(run_spans.c.trace_id).where(run_spans.c.trace_id == run_traces.c.trace_id).exists()
    wanted = sa.select(run_traces.c.trace_id, run_traces.c.changed_at).where(run_traces.c.trace_id.in_(traces), spans)
    return {row.trace_id for row in connection.execute(wanted) if row.changed_at == traces[row.trace_id]}


@dataclass(frozen=True)
class _Stored:
    """The spans of a trace as they are stored, and how many there are beyond those that are looked at."""

    bodies: list[bytes]
    left_out: int = 0


def _bodies(connection: sa.Connection, trace_ids: list[str]) -> dict[str, _Stored]:
    """The stored spans of these traces: of the first of them, as far as they are not too large together."""
    sizes = _sizes(connection, trace_ids)
    chosen = {one: _Stored([], max(0, sizes[one][0] - MAX_SPANS)) for one in _first(trace_ids, sizes)}
    ordinary = [one for one, stored in chosen.items() if not stored.left_out]
    spans = sa.select(run_spans.c.trace_id, run_spans.c.body)
    for row in connection.execute(spans.where(run_spans.c.trace_id.in_(ordinary))):
        chosen[row.trace_id].bodies.append(row.body)
    for one in chosen.keys() - set(ordinary):
        earliest = spans.where(run_spans.c.trace_id == one).order_by(run_spans.c.received_at, run_spans.c.span_id)
        chosen[one].bodies.extend(row.body for row in connection.execute(earliest.limit(MAX_SPANS)))
    return chosen


def _sizes(connection: sa.Connection, trace_ids: list[str]) -> dict[str, tuple[int, int]]:
    """How many spans each trace has, and how many bytes they have together."""
    size = sa.func.coalesce(sa.func.sum(sa.func.length(run_spans.c.body)), 0)
    wanted = sa.select(run_spans.c.trace_id, sa.func.count(), size).where(run_spans.c.trace_id.in_(trace_ids))
    found = dict.fromkeys(trace_ids, (0, 0))
    return found | {one: (many, int(large)) for one, many, large in connection.execute(wanted.group_by("trace_id"))}


def _first(trace_ids: list[str], sizes: dict[str, tuple[int, int]]) -> list[str]:
    """The first traces that have `BYTES_AT_ONCE` together; one at least."""
    together = accumulate(sizes[one][1] for one in trace_ids)
    few = [one for one, size in zip(trace_ids, together, strict=True) if size <= BYTES_AT_ONCE]
    return few or trace_ids[:1]


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


def _row(span: Span, now: datetime, project: str) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "project": project,
        "received_at": now,
        "body": packed(span.model_dump_json()),
    }


def _write(connection: sa.Connection, rows: list[dict[str, Any]], now: datetime) -> None:
    insert = UPSERT[connection.dialect.name](run_spans)
    fresh = {name: insert.excluded[name] for name in ("project", "received_at", "body")}
    connection.execute(insert.on_conflict_do_update(index_elements=["trace_id", "span_id"], set_=fresh), rows)
    insert = UPSERT[connection.dialect.name](run_traces)
    fresh = {name: insert.excluded[name] for name in ("changed_at", "pending")}
    traces = [
        {"trace_id": one, "changed_at": now, "pending": True} for one in sorted({row["trace_id"] for row in rows})
    ]
    connection.execute(insert.on_conflict_do_update(index_elements=["trace_id"], set_=fresh), traces)
