"""A labelled set from a CSV: a row per judgment (query, document or passage id, grade).

Which column is what is guessed from its name and can be given. Separator, encoding, header and quotation marks are read
as those of a document's table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag_core.corpus.readers.base import Limits, Source
from rag_core.corpus.readers.grid import Grid, read_grid
from rag_core.errors import BadInput
from rag_core.evaluation.beir import judgment_of
from rag_core.evaluation.files import Faults, File, text_of
from rag_core.evaluation.sets import LabelledSet, Level, Query
from rag_core.wording.numbers import count_of

NAMES: dict[str, tuple[str, ...]] = {
    "query": ("query", "question", "text", "query_text", "user_input"),
    "query_id": ("query_id", "qid"),
    "document": (
        *("document_id", "document", "doc_id", "doc", "corpus_id", "docid", "docno"),
        *("expected_document_id", "expected_document", "expected_doc", "relevant_document", "file", "path"),
    ),
    "passage": ("passage_id", "passage", "chunk_id", "chunk"),
    "grade": ("grade", "score", "relevance", "relevance_grade", "relevant", "label", "rel"),
    "kind": ("kind", "type", "category"),
}
"""Column names that are recognised, by what they hold; neither case nor what stands between words matters."""
_BETWEEN = re.compile(r"[\W_]+")

_ROWS = Limits(rows=5_000_000)


def read_csv(file: File, columns: Mapping[str, str] | None = None) -> LabelledSet:
    """The labelled set in a CSV with a header. `columns` says which column holds what, where the guess is wrong.

        query,document_id,grade
        how long do refunds take,policies/refunds.md,2

    Without a grade column every row is grade 1. An empty document cell asks a query and judges nothing; nor does an
    empty grade, and a notice counts those. Without a query-id column the n-th different query is `q<n>`. Raises
    BadInput with every fault found, by line.
    """
    faults = Faults(file.name)
    grid = _grid(file, faults)
    header, width = grid.header, len(grid.header)
    places = _places(header, columns or {}, file.name)
    if unused := [name for at, name in enumerate(header) if at not in places.values() and name]:
        faults.tell(f"Not used: {', '.join(unused)}.")
    queries: dict[str, Query] = {}
    ids: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    ungraded = 0
    for number, (_, cells) in zip(grid.lines, grid.rows, strict=True):
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            faults.add(number, f"{len(cells)} cells where the header has {width}.")
            continue
        row = {what: cells[place].strip() for what, place in places.items()}
        if not row["query"]:
            faults.add(number, "the query is empty.")
            continue
        query_id = row.get("query_id") or ids.setdefault(row["query"], f"q{len(ids) + 1}")
        query = queries.setdefault(query_id, Query(id=query_id, text=row["query"], kind=row.get("kind", "")))
        if query.text != row["query"]:
            faults.add(number, f"query {query_id!r} has another text than before.")
        if row.get("grade") == "" and (row.get("document") or row.get("passage")):
            ungraded += 1
            continue
        _grade(row, query_id, qrels, number, faults)
    if ungraded:
        faults.tell(
            f"{count_of(ungraded, 'row')} without a grade: that is no judgment. Where each row is an answer, leave the "
            "column out."
        )
    if not queries:
        faults.add(1, "there is no query in this file.")
    faults.check()
    level: Level = "document" if "document" in places else "passage"
    name = Path(file.name.removesuffix(".gz")).stem
    return LabelledSet(
        name=name, queries=tuple(queries.values()), qrels=qrels, level=level, notices=tuple(faults.notices)
    )


def _grid(file: File, faults: Faults) -> Grid:
    """The table of the file; what is in doubt about it is a notice. Raises BadInput where there is no row."""
    grid = read_grid(Source(file.name, b"", _ROWS), text_of(file, faults))
    for note in grid.notes:
        faults.tell(f"{note.where}: {note.reason} {note.text}".strip())
    return grid


def _plain(name: str) -> str:
    return _BETWEEN.sub("_", name.strip().lower()).strip("_")


def _places(header: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, int]:
    """Where each known kind of column stands."""
    lower = [_plain(cell) for cell in header]
    places = {}
    for what, names in NAMES.items():
        wanted = (_plain(given[what]),) if given.get(what) else names
        place = next((lower.index(one) for one in wanted if one in lower), None)
        if place is not None:
            places[what] = place
        elif given.get(what):
            raise BadInput(f"{name} has no column {given[what]!r}; it has {', '.join(header)}.")
    if "query" not in places or not {"document", "passage"} & places.keys():
        raise BadInput(
            f"{name} needs a column for the query and one for the document or passage id, for example "
            f"query,document_id,grade. It has: {', '.join(header) or 'no header'}."
        )
    return places


def _grade(
    row: Mapping[str, str], query_id: str, qrels: dict[str, dict[str, int]], number: int, faults: Faults
) -> None:
    """Add the row's judgment, if it makes one."""
    item = row.get("document") or row.get("passage", "")
    if not item:
        return
    judgment = judgment_of((query_id, item, row.get("grade") or "1"), number, faults)
    if judgment is None:
        return
    before = qrels.setdefault(query_id, {}).setdefault(item, judgment[2])
    if before != judgment[2]:
        faults.add(number, f"{query_id!r} and {item!r} are graded {before} and {judgment[2]}; which one holds?")
