"""Run records: a file of the recorder, or what another program wrote by docs/run-record.schema.json."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
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
    for place, value in identified(values):
        try:
            runs.append(run_from(value))
        except UnreadableRecord as exc:
            problems.add(place, exc)
    return runs


def identified(values: Iterable[ParsedValue]) -> Iterator[ParsedValue]:
    """The values of one file, each record of a run that has no id with one that its content gives: the same file read
    again is the same runs. Of records with one content, each has its own."""
    seen: Counter[str] = Counter()
    for place, value in values:
        if not fits(value) or value.get("id") is not None:
            yield place, value
            continue
        content = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        seen[content] += 1
        yield place, value | {"id": hashlib.sha256(f"{seen[content]} {content}".encode()).hexdigest()[:32]}
