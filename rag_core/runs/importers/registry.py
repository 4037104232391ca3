"""Which formats can be opened, and `open_runs`, which finds out what a file is by what stands in it.

    opened = rag_core.open_runs("spans.json")
    opened.runs, opened.problems

A format of JSON values is a module with `fits` and `read` and a row below. Tables and TREC folders have modules of
their own, since they need to be told what their columns and lists are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput
from rag_core.runs.importers import langfuse, otlp, phoenix, records
from rag_core.runs.importers.columns import Columns, StepMeaning
from rag_core.runs.importers.source import OpenedRuns, ParsedValue, Problems, Source
from rag_core.runs.importers.table import open_table, parquet_rows
from rag_core.runs.importers.trec import is_list, open_folder
from rag_core.runs.run import Run


@dataclass(frozen=True)
class Format:
    """A format of JSON values: what it is called, whether a value is of it, and how a file of them is read, with the
    project of runs whose project it does not say."""

    label: str
    fits: Callable[[Any], bool]
    read: Callable[[Source, list[ParsedValue], Problems, str], list[Run]]


WITHOUT_PROJECT = {"phoenix": "phoenix", "langfuse": "langfuse", "otlp": "default"}
"""What runs belong to at first, by the formats that may not say it."""

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
    """As `rag_core.open_runs` says."""
    path = Path(path)
    if path.is_dir():
        if parts := json_files(path):
            return open_sources(list(map(Source.at, parts)), format=format, project=project)
        return some_runs(path.name, open_folder(path, steps=steps, project=project))
    return open_source(Source.at(path), format=format, columns=columns, steps=steps, project=project)


def open_source(
    source: Source, *, format: str | None = None, columns: Columns | None = None,  # noqa: A002
    steps: Mapping[str, StepMeaning] | None = None, project: str = "",
) -> OpenedRuns:  # fmt: skip
    """The runs of a file that was uploaded; as `open_runs`."""
    problems = Problems()
    _check(format)
    values = [] if format == TABLE else _values(source, problems)
    if not format and not values and problems.found:
        return some_runs(source.name, OpenedRuns((), problems.all()))  # which says what is wrong with it
    chosen = format or _format_of(values)
    if chosen == TABLE:
        return some_runs(source.name, open_table(source, columns=columns, steps=steps, project=project))
    runs = FORMATS[chosen].read(source, values, problems, project or WITHOUT_PROJECT.get(chosen, ""))
    return some_runs(source.name, OpenedRuns(tuple(runs), problems.all(), chosen))


def open_sources(sources: Sequence[Source], *, format: str | None = None, project: str = "") -> OpenedRuns:  # noqa: A002
    """The runs of several files of JSON values that belong together: spans or observations, and what was said of them.
    Raises BadInput where they look like tables, or nothing of them can be read."""
    problems = Problems()
    _check(format)
    values = _values_of(sources, problems)
    chosen = format or _format_of(values)
    if chosen == TABLE:
        raise BadInput("These files are no runs that belong together. Open tables of candidates one at a time.")
    runs = FORMATS[chosen].read(sources[0], values, problems, project or WITHOUT_PROJECT.get(chosen, ""))
    return some_runs("these files", OpenedRuns(tuple(runs), problems.all(), chosen))


def json_files(folder: Path) -> list[Path]:
    """The JSON files of a folder that holds no TREC runs."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if any(is_list(path.name) for path in paths):
        return []
    return [path for path in paths if path.suffix.lower() in (".json", ".jsonl", ".ndjson")]


def format_of(sources: Sequence[Source]) -> str:
    """The format that a file, or several, look like: one of `FORMATS`, or "table"."""
    return _format_of(_values_of(sources, Problems()) if len(sources) > 1 else _values(sources[0], Problems()))


def _check(format: str | None) -> None:  # noqa: A002
    if format not in (None, TABLE, *FORMATS):
        raise BadInput(f"There is no format {format!r}. Choose one of {', '.join((*FORMATS, TABLE))}.")


def _values_of(sources: Sequence[Source], problems: Problems) -> list[ParsedValue]:
    """The values of several files, each with its file in its place."""
    values: list[ParsedValue] = []
    for source in sources:
        problems.file = source.name
        values += [(f"{place} of {source.name}", value) for place, value in _values(source, problems)]
    problems.file = ""
    return values


def _values(source: Source, problems: Problems) -> list[ParsedValue]:
    if source.suffix == ".parquet":
        return [(f"row {number}", row) for number, row in enumerate(parquet_rows(source), start=1)]
    return [] if source.suffix in TEXT_TABLES else source.values(problems)


def _format_of(values: list[ParsedValue]) -> str:
    """The format that some of the first values have; else it is a table."""
    step = max(1, len(values) // SAMPLED)  # of several files, the first may say less than the last
    sample = [value for _, value in (*values[:SAMPLED], *values[SAMPLED::step])]
    return next((name for name, one in FORMATS.items() if any(map(one.fits, sample))), TABLE)


def some_runs(name: str, opened: OpenedRuns) -> OpenedRuns:
    """What was opened. Raises BadInput where that is nothing."""
    if not opened.runs:
        reason = opened.problems[0] if opened.problems else "It holds no retrieval."
        raise BadInput(f"No run can be read from {name}. {reason}")
    return opened
