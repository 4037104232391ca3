"""Which run of a file is meant: by its query, by its id or the beginning of it, else the newest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC

from rag_core.errors import BadInput
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of

LISTED = 20
"""Runs that are listed at most."""


def chosen(traces: Sequence[Trace], query: str | None, run_id: str | None, file: str) -> Trace:
    """The run of that query and id; of several, the newest, with the others listed on stderr.

    Raises BadInput, with the runs that there are, where none or several ids begin so.
    """
    asked = [one for one in traces if query in (None, one.query)]
    found = asked if run_id is None else _of_id(asked, run_id)
    if not found:
        raise BadInput(f"{file} has no such run. It has {count_of(len(traces), 'run')}:\n{_list(traces)}")
    if run_id and len({id_of(one) for one in found}) > 1:
        raise BadInput(f"The ids of {len(found)} runs begin with {run_id}. Give more of it:\n{_list(found)}")
    if len(found) > 1:
        sys.stderr.write(
            f"{len(found)} runs; this is the newest. Name another by its query or --run-id:\n{_list(found)}\n"
        )
    return max(found, key=lambda one: one.measured_at)


def described(trace: Trace) -> str:
    """`“How long do refunds take?” · support-bot · 2026-11-28 09:30 UTC · run 4f2a`."""
    run_id = id_of(trace)
    return " · ".join((f"“{trace.query}”", trace.collection.name, _time(trace), *([f"run {run_id}"] if run_id else [])))


def id_of(trace: Trace) -> str:
    """The run's id; empty for a trace that Second Pass saved."""
    return trace.origin.run_id if trace.origin else ""


def _of_id(traces: Sequence[Trace], run_id: str) -> list[Trace]:
    """The runs of that id, else those whose ids begin so."""
    return [one for one in traces if id_of(one) == run_id] or [
        one for one in traces if run_id and id_of(one).startswith(run_id)
    ]


def _list(traces: Sequence[Trace]) -> str:
    newest = sorted(traces, key=lambda one: one.measured_at, reverse=True)
    lines = [f"  {id_of(one) or '(no id)'}  {_time(one)}  “{one.query}”" for one in newest[:LISTED]]
    more = [f"  and {count_of(len(traces) - LISTED, 'older run')}"] if len(traces) > LISTED else []
    return "\n".join((*lines, *more))


def _time(trace: Trace) -> str:
    return f"{trace.measured_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
