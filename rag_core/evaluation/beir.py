"""BEIR folders: `queries.jsonl`, `qrels.tsv` (or `qrels/test.tsv`, else `qrels/dev.tsv`, `qrels/train.tsv`) and
`corpus.jsonl`, each packed with gzip or not; TREC qrels too.

Gives a LabelledSet, and the corpus as a stream of Documents. Everything wrong is said at once, by file and line.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag_core.errors import BadInput
from rag_core.evaluation.cells import number_in, rows
from rag_core.evaluation.files import Faults, File, objects, summary
from rag_core.evaluation.sets import LabelledSet, Level, Query
from rag_core.schema.documents import Document
from rag_core.schema.validation import in_words

QRELS = (
    *("qrels.tsv", "qrels/test.tsv", "qrels.txt", "qrels.trec"),
    *("qrels/dev.tsv", "qrels/validation.tsv", "qrels/valid.tsv", "qrels/train.tsv"),
)
_IDS = ("_id", "id", "query_id", "qid")
_TEXTS = ("text", "query", "question")
_NOT_FIELDS = {*_IDS, *_TEXTS, "kind"}
_WORDS = {"true": 1, "yes": 1, "relevant": 1, "false": 0, "no": 0}
"""Grades in words."""


def read_folder(folder: Path, level: Level = "document") -> LabelledSet:
    """The labelled set in a BEIR folder. Raises BadInput with every fault found in its files."""
    found = {name: file for name in QRELS if (file := File.in_folder(folder, name))}
    if not found:
        raise BadInput(f"{folder} has no qrels. A labelled set needs queries.jsonl and one of {', '.join(QRELS)}.")
    queries = File.in_folder(folder, "queries.jsonl") or File.at(folder / "queries.jsonl")
    used, *others = found
    labelled = read_set(queries, found[used], folder.name, level)
    if not others:
        return labelled
    notice = f"{folder.name} has several qrels. {used} is used; {', '.join(others)} {_is(others)} not."
    return labelled.model_copy(update={"notices": (notice, *labelled.notices)})


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def read_set(queries: File, qrels: File, name: str, level: Level = "document") -> LabelledSet:
    """The labelled set in a queries file and a qrels file. Raises BadInput with every fault found in both."""
    about_queries, about_qrels = Faults(queries.name), Faults(qrels.name)
    asked = read_queries(queries, about_queries)
    grades = read_qrels(qrels, about_qrels, {query.id for query in asked})
    faults = [*about_queries.faults, *about_qrels.faults]
    if faults:
        raise BadInput("\n".join(summary(faults)))
    notices = (*summary(about_queries.notices), *summary(about_qrels.notices))
    return LabelledSet(name=name, queries=tuple(asked), qrels=grades, level=level, notices=notices)


def read_queries(file: File, faults: Faults) -> list[Query]:
    """Queries of a JSON Lines file or a list in JSON: `_id` (or `id`, `query_id`, `qid`) and `text` (or `query`,
    `question`); `kind` and other plain fields are kept."""
    found: dict[str, Query] = {}
    for number, row in objects(file, faults):
        query_id = _id_of(row, _IDS)
        text = next((row[name] for name in _TEXTS if name in row), None)
        if query_id is None:
            faults.add(number, "this query has no _id.")
        elif not isinstance(text, str) or not text.strip():
            faults.add(number, f"query {query_id!r} has no text.")
        elif query_id in found:
            faults.add(number, f"query {query_id!r} is in this file twice.")
        else:
            found[query_id] = Query(
                id=query_id, text=text.strip(), kind=str(row.get("kind") or ""), fields=_plain(row, _NOT_FIELDS)
            )
    if not found and not faults.faults:
        faults.add(1, "there is no query in this file.")
    return list(found.values())


def read_qrels(file: File, faults: Faults, known: Container[str] | None = None) -> dict[str, dict[str, int]]:
    """Grades of a qrels file: BEIR's three columns (query, document, grade; a header or none) or TREC's four.

    A pair graded twice alike is noted, graded twice differently a fault. A grade under 0 counts as 0 and is noted,
    as is a query id that is not among `known`.
    """
    grades: dict[str, dict[str, int]] = {}
    for number, cells in rows(file, faults, (3, 4), -1, _grade):
        row = judgment_of(cells, number, faults)
        if row is None:
            continue
        query_id, item, grade = row
        if known is not None and query_id not in known and query_id not in grades:
            faults.note(number, f"there is no query {query_id!r}; its grades are not used.")
        before = grades.setdefault(query_id, {}).setdefault(item, grade)
        if before != grade:
            faults.add(number, f"{query_id!r} and {item!r} are graded {before} and {grade}; which one holds?")
    return grades


def _grade(cell: str) -> float:
    """The grade in a cell, in figures or words; nan for none."""
    return float(_WORDS.get(cell.lower(), number_in(cell)))


def judgment_of(cells: Sequence[str], number: int, faults: Faults) -> tuple[str, str, int] | None:
    """(query id, item id, grade) of one row, or None after adding the fault."""
    if len(cells) not in (3, 4) or not all(cells):
        faults.add(number, f"expected query, document and grade (or TREC's four columns), found {len(cells)} columns.")
        return None
    query_id, item, grade = cells[0], cells[-2], cells[-1]
    value = _grade(grade)
    if not value.is_integer() or abs(value) > 1000:
        faults.add(number, f"the grade {grade!r} is not a whole number such as 0, 1, 2 or 3, nor yes or no.")
        return None
    if value < 0:
        faults.note(number, f"the grade {grade} counts as 0.")
    return query_id, item, max(0, int(value))


def read_corpus(file: File) -> Iterator[Document]:
    """The documents of `corpus.jsonl`, streamed: `_id`, `text`, `title`, and `source`, `updated_at`, `tenant` where
    given; other plain fields become metadata. One with a title alone is read by it. Raises
    BadInput at the end with every fault found."""
    faults = Faults(file.name)
    seen: set[str] = set()
    for number, row in objects(file, faults, max_mb=None):
        document = _document(row, number, faults)
        if document is None:
            continue
        if document.id in seen:
            faults.add(number, f"document {document.id!r} is in this file twice.")
            continue
        seen.add(document.id)
        yield document
    faults.check()


def _document(row: dict[str, Any], number: int, faults: Faults) -> Document | None:
    document_id = _id_of(row)
    if document_id is None:
        faults.add(number, "this document has no _id.")
        return None
    own = {name: row[name] for name in ("title", "source", "updated_at", "tenant") if row.get(name)}
    metadata = _plain(row, {"_id", "id", "text", "title", "source", "updated_at", "tenant"})
    if isinstance(row.get("metadata"), dict):
        metadata = {**metadata, **_plain(row["metadata"], set())}
    text = row.get("text") or own.get("title", "")
    try:
        return Document.model_validate({"id": document_id, "text": text, "metadata": metadata, **own})
    except ValidationError as exc:
        faults.add(number, f"document {document_id!r}: {in_words(exc)}.")
        return None


def _id_of(row: dict[str, Any], names: Sequence[str] = ("_id", "id")) -> str | None:
    value = next((row[name] for name in names if name in row), None)
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if known and str(value) else None


def _plain(row: dict[str, Any], without: Container[str]) -> dict[str, str | int | float | bool]:
    """The fields that are a plain finite value."""
    return {
        name: value
        for name, value in row.items()
        if name not in without
        and isinstance(value, str | int | float | bool)
        and (not isinstance(value, float) or math.isfinite(value))
    }
