"""A table with a row per candidate: CSV, TSV, JSON (also by lines) or Parquet.

    open_table(Source.at(path), columns=Columns(query="question", text="chunk", step="list", score="score"))

Rows of one run and list stand together or apart; a list's order is its ranks, else that of the rows.
"""

from __future__ import annotations

import io
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rag_core.corpus.readers import base as readers
from rag_core.corpus.readers.base import Limits
from rag_core.corpus.readers.grid import read_grid
from rag_core.errors import BadInput, MissingPackage, SecondPassError
from rag_core.runs.importers.columns import Columns, StepMeaning, guess_columns, meanings
from rag_core.runs.importers.decimals import Decimals, decimals_of, value_of
from rag_core.runs.importers.source import OpenedRuns, ParsedValue, Problems, Source
from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.shapes import cleaned, finite
from rag_core.runs.sent import run_from, unique_name
from rag_core.runs.values import MAX_TEXT, StepKind

ONE_LIST = "candidates"
"""What the list of a table without a column for it is called."""

MAX_ROWS = 10_000_000
"""Rows of a table at most."""

KEPT = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "kept", "x"), True),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n", "not kept", "-"), False),
}
"""What a column says of a candidate that went on to the answer, and of one that did not."""

Row = dict[str, Any]
Runs = dict[str, dict[str, dict[str, Any]]]
"""The parts of runs by their names (empty where the table has none) and queries, which together tell them apart."""


def open_table(
    source: Source, *, columns: Columns | None = None, steps: Mapping[str, StepMeaning] | None = None,
    project: str = "",
) -> OpenedRuns:  # fmt: skip
    """The runs of a table. Raises BadInput where its columns do not say enough; a bad row is a problem at its place."""
    problems = Problems()
    rows = rows_of(source, problems)
    header = header_of(rows)
    chosen = (columns or guess_columns(header)).checked(header)
    decimals = _decimals(rows, chosen.score)
    runs: Runs = {}
    for place, row in rows:
        try:
            _add(runs, row, chosen, decimals)
            _keep(runs, row, chosen)
        except ValueError as exc:
            problems.add(place, exc)
    made = []
    for name, query, parts in ((name, *one) for name, asked in runs.items() for one in asked.items()):
        key = f"{name}\n{query}" if name and len(runs[name]) > 1 else name or query
        try:
            made.append(run_from(_sent(key, parts, chosen, steps, project or source.name, source.content_hash)))
        except SecondPassError as exc:
            problems.add(f"run {name or query}", exc)
    notes = (f"Column {chosen.score}: {decimals.note}",) if decimals.note else ()
    return OpenedRuns(tuple(made), problems.all(), "table", notes)


def _decimals(rows: list[ParsedValue], column: str | None) -> Decimals:
    """How the scores are written."""
    return decimals_of((place, row[column]) for place, row in rows if column is not None and _text(row, column))


def header_of(rows: list[ParsedValue]) -> list[str]:
    """The names of the columns, in order."""
    return list(dict.fromkeys(name for _, row in rows[:1000] for name in row))


def list_of(row: Row, columns: Columns) -> str:
    """The name of the row's list."""
    return _text(row, columns.step)[:180] or ONE_LIST


def rows_of(source: Source, problems: Problems) -> list[ParsedValue]:
    """The rows with their places."""
    if source.suffix == ".parquet":
        return [(f"row {number}", row) for number, row in enumerate(parquet_rows(source), start=1)]
    if source.suffix in (".csv", ".tsv"):
        return _csv_rows(source, problems)
    values = source.values(problems)
    for place, value in values:
        if not isinstance(value, dict):
            problems.add(place, "it is no object with a field for each column.")
    return [(place, value) for place, value in values if isinstance(value, dict)]


def parquet_rows(source: Source) -> list[Row]:
    """The rows of a Parquet file. Raises BadInput where it is none."""
    import pandas as pd

    try:
        return [{str(name): value for name, value in row.items()}
                for row in pd.read_parquet(io.BytesIO(source.data)).to_dict("records")]  # fmt: skip
    except ImportError as exc:
        raise MissingPackage("pyarrow", "Reading Parquet") from exc
    except (ValueError, OSError, KeyError, NotImplementedError, TypeError, OverflowError, MemoryError) as exc:
        raise BadInput(f"{source.name} is no Parquet file that can be read.") from exc


def _csv_rows(source: Source, problems: Problems) -> list[ParsedValue]:
    """The rows of a table of text, with the line that each begins on, its separator found as for a document."""
    text = source.text(problems)
    grid = read_grid(readers.Source(source.name, source.data, Limits(rows=MAX_ROWS)), text)
    begun = dict(zip((f"row {number}" for number, _ in grid.rows), grid.lines, strict=True))
    for note in grid.notes:
        problems.add(f"line {begun[note.where]}" if note.where in begun else note.where, note.reason)
    for name in (name for name, times in Counter(filter(None, grid.header)).items() if times > 1):
        problems.add("header", f"{Counter(grid.header)[name]} columns are called {name}; the last one counts.")
    rows: list[ParsedValue] = []
    for line, (_, cells) in zip(grid.lines, grid.rows, strict=True):
        if len(cells) > len(grid.header):
            problems.add(f"line {line}", f"it has {len(cells)} cells for {len(grid.header)} columns.")
        else:
            if len(cells) < len(grid.header):
                given = f"{len(cells)} cells for {len(grid.header)} columns"
                problems.add(f"line {line}", f"it has {given}; those that are missing count as empty.")
            rows.append((f"line {line}", dict(zip(grid.header, cells, strict=False))))
    return rows


def _key_of(runs: Runs, row: Row, columns: Columns) -> tuple[str, str]:
    """The name and query of a row's run; without a query, the only one of its name. Raises ValueError for none."""
    query, name = _text(row, columns.query), _text(row, columns.run)
    if query:
        return name, query
    same = runs.get(name, {}) if name else {}
    if len(same) != 1:
        raise ValueError("it has no query." if not same else f"it has no query, and run {name} has {len(same)}.")
    return name, next(iter(same))


def _passage_of(row: Row, columns: Columns) -> tuple[str, str]:
    """The id and the text of a row's passage. Raises ValueError where it has neither."""
    text, passage_id = _text(row, columns.text), _text(row, columns.passage_id)
    if not text and not passage_id:
        raise ValueError("its passage has neither id nor text.")
    return passage_id[:1000] or content_key(text), text


def _add(runs: Runs, row: Row, columns: Columns, decimals: Decimals) -> None:
    """Put a row to its run and list. Raises ValueError in words where it is no candidate."""
    name, query = _key_of(runs, row, columns)
    passage_id, text = _passage_of(row, columns)
    rank = _number(row, columns.rank, "rank")
    if rank is not None and not (0 <= rank <= MAX_ROWS and rank == int(rank)):
        raise ValueError(f"its rank {rank:g} is no whole number from 0 to {MAX_ROWS:,}.")
    hit = {
        "passage_id": passage_id,
        "text": text or None,
        "title": _text(row, columns.title)[:2000],
        "score": _number(row, columns.score, "score", decimals),
    }
    run = runs.setdefault(name, {}).setdefault(query, {"query": query, "steps": {}, "kept": {}, "kept_said": set()})
    run["steps"].setdefault(list_of(row, columns), []).append((rank, hit))


def _keep(runs: Runs, row: Row, columns: Columns) -> None:
    """Note what a row says of having been kept; empty says no where other rows of the run say anything. Raises
    ValueError for neither yes nor no: what the run kept is not known then."""
    if not (said := _text(row, columns.kept)):
        return
    name, query = _key_of(runs, row, columns)
    run, kept = runs[name][query], KEPT.get(said.lower())
    run["kept_said"].add(kept)
    if kept is None:
        raise ValueError(f"its {columns.kept} {said[:40]!r} is neither yes nor no, so what its run kept is not known.")
    if kept:
        passage_id, _ = _passage_of(row, columns)
        run["kept"].setdefault(passage_id, {"passage_id": passage_id})


def _sent(
    key: str, parts: dict[str, Any], columns: Columns, given: Mapping[str, StepMeaning] | None, project: str, of: str
) -> dict[str, Any]:
    """The run record; `of` is the table's hash. A fusion reads the searches, any other step the one before it."""
    found = meanings(list(parts["steps"]), columns.score, given)
    order = sorted(found, key=lambda name: list(StepKind).index(found[name].kind))
    steps: list[dict[str, Any]] = []
    for name in order:
        meaning = found[name]
        before = [one["name"] for one in steps[-1:]]
        searches = [one["name"] for one in steps if one["kind"] is StepKind.SEARCH]
        reads = {StepKind.SEARCH: [], StepKind.FUSION: searches}
        hits = _ranked(parts["steps"][name])
        steps.append({"name": name, "inputs": reads.get(meaning.kind, before), "hits": hits, **dict(meaning)})
    if parts["kept_said"] and None not in parts["kept_said"]:
        name = unique_name("kept", found)
        hits = _in_order(parts["kept"].values(), steps[-1]["hits"])
        steps.append({"name": name, "kind": StepKind.SELECT, "inputs": [steps[-1]["name"]], "hits": hits})
    identifier = content_key(f"{project}\n{of}\n{key}").replace("content", "table")
    named = {"id": identifier, "project": cleaned(project, 200), "query": parts["query"]}
    return named | {"steps": steps, "source": "table"}


def _in_order(kept: Iterable[dict[str, Any]], hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was kept, in the order of the last list; what that does not have, behind."""
    ranks: dict[str, int] = {}
    for hit in hits:
        ranks.setdefault(hit["passage_id"], hit["rank"])
    return sorted(kept, key=lambda one: ranks.get(one["passage_id"], math.inf))


def _ranked(rows: list[tuple[float | None, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The hits by their ranks, those without one behind, counted from 1."""
    in_order = sorted(rows, key=lambda one: (one[0] is None, one[0] or 0))
    lowest = next((rank for rank, _ in in_order if rank is not None), 1)
    shift = 1 if lowest == 0 else 0
    last = itertools.count(int(max((rank or 0 for rank, _ in in_order), default=0)) + 1 + shift)
    return [hit | {"rank": int(rank) + shift if rank is not None else next(last)} for rank, hit in in_order]


def _text(row: Row, column: str | None) -> str:
    value = row.get(column) if column is not None else None
    if value is None or (isinstance(value, float) and value != value):
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return cleaned(str(int(value)) if whole else str(value), MAX_TEXT).strip()


def _number(row: Row, column: str | None, noun: str, decimals: Decimals | None = None) -> float | None:
    text = _text(row, column)
    if not text:
        return None
    try:
        number = value_of(text) if decimals and decimals.commas else float(text)
    except ValueError as exc:
        mixed = f": others have a decimal point, as {decimals.points}" if decimals and decimals.points else ""
        raise ValueError(f"its {noun} {text[:40]!r} is no number{mixed}.") from exc
    if math.isinf(number):
        raise ValueError(f"its {noun} {text[:40]!r} is no finite number.")
    return finite(number)
