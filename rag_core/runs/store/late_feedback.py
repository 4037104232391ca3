"""What is said of an answer in another trace, of another program perhaps, belongs to the answer: it is kept in that
one's project, and days later, when the spans of its trace are gone, it goes straight to the stored run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from rag_core.errors import UnreadableRecord
from rag_core.runs.sent import read_run
from rag_core.runs.spans.feedback import feedback_of
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.store.run_book import put_runs, unpacked
from rag_core.runs.store.tables import run_bodies, run_spans, runs

SpanKey = tuple[str, str]
"""The ids of a trace and a span."""


def attach(connection: sa.Connection, spans: Iterable[Span]) -> set[SpanKey]:
    """Add to runs what these spans say of them, where nothing else of their traces is kept; which of them were used."""
    said: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if span.kind == SpanKind.EVALUATOR and feedback_of([span]):
            said[span.trace_id].append(span)
    if not said:
        return set()
    open_ones = sa.select(run_spans.c.trace_id).where(run_spans.c.trace_id == runs.c.id).exists()
    mine = (run_bodies.c.project == runs.c.project) & (run_bodies.c.id == runs.c.id)
    wanted = sa.select(runs.c.id, run_bodies.c.body).join(run_bodies, mine).where(runs.c.id.in_(said), ~open_ones)
    used: set[SpanKey] = set()
    for row in connection.execute(wanted.with_for_update(of=runs)).all():
        try:
            run = read_run(unpacked(row.body, "run"))
        except UnreadableRecord:
            continue
        more = feedback_of(said[row.id])
        put_runs(connection, [run.model_copy(update={"feedback": tuple(dict.fromkeys((*run.feedback, *more)))})])
        used |= {(span.trace_id, span.span_id) for span in said[row.id]}
    return used


def at_home(connection: sa.Connection, spans: Iterable[Span]) -> dict[SpanKey, str]:
    """The project of each span that says something of an answer whose trace has spans: theirs, so that deleting that
    project deletes it too."""
    said = [span for span in spans if span.kind == SpanKind.EVALUATOR and feedback_of([span])]
    if not said:
        return {}
    wanted = sa.select(run_spans.c.trace_id, sa.func.min(run_spans.c.project).label("project"))
    wanted = wanted.where(run_spans.c.trace_id.in_({span.trace_id for span in said}))
    found = {row.trace_id: row.project for row in connection.execute(wanted.group_by(run_spans.c.trace_id))}
    return {(one.trace_id, one.span_id): found[one.trace_id] for one in said if one.trace_id in found}
