"""Open a file of runs as traces: one that Second Pass saved, records, or what `importers.registry` opens.

opened = open_file(data, "spans.json")
opened.traces[0], opened.problems
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rag_core.errors import BadInput, BadTrace, UnreadableRecord
from rag_core.runs.as_trace import trace_of
from rag_core.runs.importers.records import identified
from rag_core.runs.importers.registry import TABLE_SUFFIXES, open_runs, open_source
from rag_core.runs.importers.source import WHOLE, OpenedRuns, ParsedValue, Problems, Source
from rag_core.runs.sent import run_from
from rag_core.schema.base import Frozen
from rag_core.schema.trace import MAX_TRACE_BYTES, TRACE, Trace

ACCEPTS = (
    "Open a trace that Second Pass saved, the record of a run or one a line, a table of candidates, or an export of "
    "OpenTelemetry, Phoenix or Langfuse."
)
SUFFIXES = ("json", "jsonl", "ndjson", *(suffix.removeprefix(".") for suffix in TABLE_SUFFIXES))
"""How the names of such files end."""


class Opened(Frozen):
    """What was in a file: its traces in order, and each part that could not be read, with its place and why."""

    traces: tuple[Trace, ...]
    problems: tuple[str, ...] = ()


def open_path(path: Path) -> Opened:
    """The traces of a file, or of a folder of TREC runs. Raises BadInput where there are none."""
    if path.is_dir():
        return _traces(open_runs(path))
    source = Source.at(path)
    return open_file(source.data, source.name)


def open_file(data: str | bytes, name: str = "runs.json") -> Opened:
    """The traces of a file of that name. Raises UnreadableRecord in words where it holds none that can be read."""
    if len(data) > MAX_TRACE_BYTES:
        raise BadTrace(f"This file is larger than {MAX_TRACE_BYTES // 2**20} MB. Split it between lines.")
    source = Source(name, data.encode() if isinstance(data, str) else data)
    problems = Problems()
    values = [] if source.suffix in TABLE_SUFFIXES else source.values(problems)
    if any(_ours(value) for _, value in values):
        return _some(_of_values(values, problems), problems.all())
    try:
        return _traces(open_source(source))
    except UnreadableRecord:
        raise
    except BadInput as exc:
        if len(values) == 1 and not problems.found and _meant(values[0][1]):
            return Opened(traces=(_trace(values[0][1]),))  # which says what is wrong with it
        reason = str(exc) if source.suffix in TABLE_SUFFIXES else next(iter(problems.all()), "")
        raise BadTrace(" ".join(filter(None, ("No run can be read from this file.", reason, ACCEPTS)))) from exc


def _ours(value: object) -> bool:
    """True for a trace, or for what was one: steps, or a query with its policy, and no project. A table of candidates
    may have columns of such names, but no lists and objects in them."""
    if not isinstance(value, dict) or "project" in value:
        return False
    return isinstance(value.get("steps"), list) or ("query" in value and isinstance(value.get("policy"), dict))


def _recorded(value: object) -> bool:
    """True for what is meant as the record of a run: it names a project."""
    return isinstance(value, dict) and "project" in value


def _meant(value: object) -> bool:
    """True for what is meant as a trace or as the record of a run, as far as the names of its parts say."""
    return isinstance(value, dict) and bool(value.keys() & {"project", "policy", "version"})


def _of_values(values: Iterable[ParsedValue], problems: Problems) -> list[Trace]:
    """The trace of each value, a saved trace or a run record."""
    traces = []
    for place, value in identified(values):
        try:
            traces.append(_trace(value))
        except UnreadableRecord as exc:
            if place == WHOLE:
                raise
            problems.add(place, exc)
    return traces


def _trace(value: object) -> Trace:
    """The trace of a parsed value: a record of a run has a project."""
    if isinstance(value, dict) and _recorded(value):
        return trace_of(run_from(value))
    return TRACE.value_of(value)


def _traces(opened: OpenedRuns) -> Opened:
    traces, problems = [], []
    for run in opened.runs:
        try:
            traces.append(trace_of(run))
        except BadTrace as exc:
            problems.append(str(exc))
    return _some(traces, (*opened.notes, *opened.problems, *problems))


def _some(traces: list[Trace], problems: tuple[str, ...]) -> Opened:
    """What was opened. Raises BadTrace where that is nothing."""
    if not traces:
        raise BadTrace(" ".join(("No run can be read from this file.", *problems[:1], ACCEPTS)))
    return Opened(traces=tuple(traces), problems=problems)
