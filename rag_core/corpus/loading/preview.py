"""What a file would give, before it is indexed: its first rows and what each column is for, or its first words."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.metadata import date_choices
from rag_core.corpus.loading.sandbox import Upload
from rag_core.corpus.readers.base import TableHead
from rag_core.schema.base import Frozen
from rag_core.schema.files import SourceFile

FIRST_CHARS = 600
FIRST_DOCUMENTS = 3


class DocumentPreview(Frozen):
    """The beginning of one document."""

    title: str
    begins: str
    characters: int


class FilePreview(Frozen):
    """What one file gives: how many documents, how the first of them begin, what could not be read, and the record of
    the file with its encoding and what is left out of it. `dates`: the fields that may be chosen as the date."""

    name: str
    documents: int
    first: tuple[DocumentPreview, ...]
    problems: tuple[str, ...]
    source: SourceFile | None = None
    dates: tuple[str, ...] = ()

    @classmethod
    def of(cls, upload: Upload) -> FilePreview:
        """The preview of an upload that was parsed."""
        documents = upload.loaded.documents
        first = tuple(
            DocumentPreview(title=one.title, begins=one.text[:FIRST_CHARS], characters=len(one.text))
            for one in documents[:FIRST_DOCUMENTS]
        )
        problems = tuple(problem.reason for problem in upload.loaded.problems)
        source = next(iter(upload.loaded.files), None)
        dates = tuple(dict.fromkeys(name for one in documents for name in date_choices(one.metadata)))
        return cls(
            name=upload.name, documents=len(documents), first=first, problems=problems, source=source, dates=dates
        )


def columns_in_words(columns: CsvColumns, header: Sequence[str]) -> str:
    """What each column of a table is used for, in one line; those that no search looks at are named.

    >>> columns_in_words(CsvColumns(text=("description",), title="name"), ["name", "description", "price_eur"])
    'Searched: description, name (as the title). Not searched: price_eur; it travels along as a fact.'
    """
    searched = [*columns.text, *([f"{columns.title} (as the title)"] if columns.title else [])]
    parts = [f"Searched: {', '.join(searched)}."]
    if columns.id:
        parts.append(f"Tells rows apart: {columns.id}.")
    facts = columns.metadata_of(header)
    if facts:
        them = "it travels along as a fact" if len(facts) == 1 else "they travel along as facts"
        parts.append(f"Not searched: {', '.join(facts)}; {them}.")
    return " ".join(parts)


def dates_in(table: TableHead) -> tuple[str, ...]:
    """The columns of a table that may be chosen as the date, by its first rows."""
    rows = [dict(zip(table.columns, row, strict=False)) for row in table.rows]
    return tuple(dict.fromkeys(name for row in rows for name in date_choices(row)))
