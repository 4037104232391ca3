"""Files that somebody uploads: what they look like, what a person may correct, and the runs in them.

what = look_at(sources)
what.format, what.columns                       # "table", what the names of its columns say
lists_of(sources, what.columns)                 # ("dense", "reranked")
open_uploads(sources, what.format, Corrections(columns=what.columns)).runs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_core.errors import BadInput
from rag_core.evaluation.files import File
from rag_core.runs.importers.columns import Columns, StepMeaning, guess_columns, guess_meaning
from rag_core.runs.importers.registry import FORMATS, TABLE, TREC, format_of, open_source, open_sources, some_runs
from rag_core.runs.importers.source import OpenedRuns, Problems, Source
from rag_core.runs.importers.table import header_of, list_of, rows_of
from rag_core.runs.importers.trec import is_list, list_names, open_files
from rag_core.schema.base import Frozen

LABELS: dict[str, str] = {**{name: one.label for name, one in FORMATS.items()}, TABLE: "Table of candidates"}
"""What each format of a single file is called."""

MOST_LISTS = 50
"""Lists of a table that are looked at; more names than that mean that the column holds something else."""


class Look(Frozen):
    """What uploaded files look like. `header` and `columns` are those of a table."""

    format: str
    header: tuple[str, ...] = ()
    columns: Columns = Columns()


class Corrections(Frozen):
    """What a person says of a table or of TREC runs: its columns, what each list is, what project it belongs to."""

    columns: Columns | None = None
    steps: Mapping[str, StepMeaning] = {}
    project: str = ""


def look_at(sources: Sequence[Source], format: str | None = None) -> Look:  # noqa: A002
    """What the files are: TREC runs with their queries and corpus, JSON files that belong together, or one file of any
    other format, which may be given.

    Raises BadInput for TREC runs of one name, for several tables, and for a table that cannot be read.
    """
    if any(is_list(source.name) for source in sources):
        list_names([source.name for source in sources])
        return Look(format=TREC)
    chosen = format or format_of(sources)
    if chosen != TABLE:
        return Look(format=chosen)
    if len(sources) != 1:
        raise BadInput(
            "Choose one table at a time. Several files belong together as TREC runs (.run or .trec files with "
            "queries.jsonl and corpus.jsonl), or as spans or observations with what was said of them, in JSON."
        )
    header = tuple(header_of(rows_of(sources[0], Problems())))
    return Look(format=TABLE, header=header, columns=guess_columns(header))


def lists_of(sources: Sequence[Source], columns: Columns) -> dict[str, StepMeaning]:
    """The lists of a table or of TREC runs, with what their names say of them."""
    if any(is_list(source.name) for source in sources):
        named = list_names([source.name for source in sources])
        return {name: guess_meaning(name, None) for name in sorted(named.values())}
    names = list(dict.fromkeys(list_of(row, columns) for _, row in rows_of(sources[0], Problems())))
    if len(names) > MOST_LISTS:
        raise BadInput(f"The column {columns.step!r} has {len(names):,} different names of lists. Choose another.")
    return {name: guess_meaning(name, columns.score) for name in names}


def open_uploads(sources: Sequence[Source], format: str, said: Corrections) -> OpenedRuns:  # noqa: A002
    """The runs of the files. Raises BadInput where none can be read."""
    if format not in (TREC, TABLE) and len(sources) > 1:
        return open_sources(sources, format=format, project=said.project)
    if format != TREC:
        return open_source(
            sources[0], format=format, columns=said.columns, steps=dict(said.steps), project=said.project
        )
    files = [File.uploaded(source.name, source.data) for source in sources]
    opened = open_files(files, steps=dict(said.steps), project=said.project or project_of(sources))
    return some_runs("these files", opened)


def project_of(sources: Sequence[Source]) -> str:
    """What runs belong to where nobody says it: the file, or the first list of TREC runs."""
    names = [source.name for source in sources]
    return next((name for name in sorted(names) if is_list(name)), names[0])[:200]
