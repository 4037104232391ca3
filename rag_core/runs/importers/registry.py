"""Which formats can be opened, and `open_runs`, which finds out what a file is by what stands in it.

    opened = rag_core.open_runs("spans.json")
    opened.runs, opened.problems

A format of JSON values is a module with `fits` and `read` and a row below. Tables and TREC folders have modules of
their own, since they need to be told what their columns and lists are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput
from rag_core.runs.importers import langfuse, otlp, phoenix, records
from rag_core.runs.importers.columns import Columns, StepMeaning
from rag_core.runs.importers.source import OpenedRuns, ParsedValue, Problems, Source
from rag_core.runs.importers.table import open_table, parquet_rows
from rag_core.runs.importers.trec import open_folder
from rag_core.runs.run import Run


@dataclass(frozen=True)
class Format:
    """A format of JSON values: what it is called, whether a value is of it, and how a file of them is read."""

    label: str
    fits: Callable[[Any], bool]
    read: Callable[[Source, list[ParsedValue], Problems], list[Run]]


FORMATS: dict[str, Format] = {
    "records": Format("Run records", records.fits, records.read),
    "otlp": Format("OpenTelemetry (OTLP JSON)", otlp.fits, otlp.read),
    "phoenix": Format("Arize Phoenix spans", phoenix.fits, phoenix.read),
    "langfuse": Format("Langfuse observations", langfuse.fits, langfuse.read),
}
TABLE, TREC = "table", "trec"
TEXT_TABLES = (".csv", ".tsv")
TABLE_SUFFIXES = (*TEXT_TABLES, ".parquet")
"""Files that hold no JSON."""
SAMPLED = 50
"""Values that are looked at to find out what a file is."""


def open_runs(
    path: str | Path, *, format: str | None = None, columns: Columns | None = None,  # noqa: A002
    steps: Mapping[str, StepMeaning] | None = None, project: str = "",
) -> OpenedRuns:  # fmt: skip
    """The runs of a file or a folder of TREC runs, and what of it could not be read.

    format    one of `FORMATS`, "table" or "trec"; without it, what the file looks like
    columns   of a table, where the guess by their names is wrong
    steps     of a table or of TREC runs: what each list is, by its name
    project   what the runs belong to, where the file does not say

    Raises BadInput where nothing of it can be read.
    """
    path = Path(path)
    if path.is_dir():
        return some_runs(path.name, open_folder(path, steps=steps, project=project))
    return open_source(Source.at(path), format=format, columns=columns, steps=steps, project=project)


def open_source(
    source: Source, *, format: str | None = None, columns: Columns | None = None,  # noqa: A002
    steps: Mapping[str, StepMeaning] | None = None, project: str = "",
) -> OpenedRuns:  # fmt: skip
    """The runs of a file that was uploaded; as `open_runs`."""
    problems = Problems()
    if format not in (None, TABLE, *FORMATS):
        raise BadInput(f"There is no format {format!r}. Choose one of {', '.join((*FORMATS, TABLE))}.")
    values = [] if format == TABLE else _values(source, problems)
    if not format and not values and problems.found:
        return some_runs(source.name, OpenedRuns((), problems.all()))  # which says what is wrong with it
    chosen = format or _format_of(values)
    if chosen == TABLE:
        return some_runs(source.name, open_table(source, columns=columns, steps=steps, project=project))
    runs = FORMATS[chosen].read(source, values, problems)
    return some_runs(source.name, OpenedRuns(tuple(runs), problems.all(), chosen))


def format_of(source: Source) -> str:
    """The format that a file looks like: one of `FORMATS`, or "table"."""
    return _format_of(_values(source, Problems()))


def _values(source: Source, problems: Problems) -> list[ParsedValue]:
    if source.suffix == ".parquet":
        return [(f"row {number}", row) for number, row in enumerate(parquet_rows(source), start=1)]
    return [] if source.suffix in TEXT_TABLES else source.values(problems)


def _format_of(values: list[ParsedValue]) -> str:
    """The format that some of the first values have; else it is a table."""
    sample = [value for _, value in values[:SAMPLED]]
    return next((name for name, one in FORMATS.items() if any(map(one.fits, sample))), TABLE)


def some_runs(name: str, opened: OpenedRuns) -> OpenedRuns:
    """What was opened. Raises BadInput where that is nothing."""
    if not opened.runs:
        reason = opened.problems[0] if opened.problems else "It holds no retrieval."
        raise BadInput(f"No run can be read from {name}. {reason}")
    return opened
