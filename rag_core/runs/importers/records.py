"""Run records: a file of the recorder, or what another program wrote by docs/run-record.schema.json."""

from __future__ import annotations

from typing import Any

from rag_core.errors import UnreadableRecord
from rag_core.runs.importers.source import ParsedValue, Problems, Source
from rag_core.runs.run import Run
from rag_core.runs.sent import run_from


def fits(value: Any) -> bool:
    """True for what has a project and steps or a query."""
    return isinstance(value, dict) and "project" in value and bool(value.keys() & {"query", "steps"})


def read(_source: Source, values: list[ParsedValue], problems: Problems, _unsaid: str) -> list[Run]:
    """The run of each value."""
    runs: list[Run] = []
    for place, value in values:
        try:
            runs.append(run_from(value))
        except UnreadableRecord as exc:
            problems.add(place, exc)
    return runs
