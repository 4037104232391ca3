"""Open a file of runs: a trace that Second Pass saved, the record of one run, or a line for each of many.

opened = open_file(data)
opened.traces[0], opened.problems
"""

from __future__ import annotations

from collections.abc import Iterator

import pydantic_core

from rag_core.errors import BadTrace, UnreadableRecord
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from rag_core.schema.base import Frozen
from rag_core.schema.trace import MAX_TRACE_BYTES, TRACE, Trace

ACCEPTS = "Open a trace that Second Pass saved, the record of a run, or a file with one record a line."


class Opened(Frozen):
    """What was in a file: its traces in order, and each line that could not be read, with its number and why."""

    traces: tuple[Trace, ...]
    problems: tuple[str, ...] = ()


def open_file(data: str | bytes) -> Opened:
    """The traces of a file. Raises UnreadableRecord in words where it holds none that can be read."""
    if len(data) > MAX_TRACE_BYTES:
        raise BadTrace(f"This file is larger than {MAX_TRACE_BYTES // 2**20} MB. Split it between lines.")
    try:
        raw = pydantic_core.from_json(data)
    except ValueError:
        return _of_lines(data)
    return Opened(traces=(_trace(raw),))


def _of_lines(data: str | bytes) -> Opened:
    traces, problems = [], []
    for number, line in _lines(data):
        try:
            traces.append(_trace(pydantic_core.from_json(line)))
        except UnreadableRecord as exc:
            problems.append(f"Line {number}: {exc}")
        except ValueError:
            problems.append(f"Line {number}: it is not complete JSON.")
    if not traces:
        raise BadTrace(f"No run can be read from this file. {problems[0]} {ACCEPTS}" if problems else ACCEPTS)
    return Opened(traces=tuple(traces), problems=tuple(problems))


def _lines(data: str | bytes) -> Iterator[tuple[int, bytes]]:
    """Each line that is not blank, with its number from 1."""
    text = data.encode() if isinstance(data, str) else data
    return ((number, line) for number, line in enumerate(text.split(b"\n"), start=1) if line.strip())


def _trace(raw: object) -> Trace:
    """The trace of parsed JSON: a record of a run has a project."""
    if isinstance(raw, dict) and "project" in raw:
        return trace_of(run_from(raw))
    return TRACE.value_of(raw)
