"""Files to documents: the reader by the file's ending, folders with a metadata table.

Nothing here protects against hostile files; uploads go through `rag_core.corpus.loading.sandbox`, which calls this in a
process of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.metadata import date_notes, to_document
from rag_core.corpus.readers.base import DEFAULT_LIMITS, Limits, Parsed, Source, left_out, told
from rag_core.corpus.readers.registry import reader_for
from rag_core.corpus.readers.table import read_rows
from rag_core.errors import BadInput, DocumentError
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile

METADATA_TABLE = "metadata.csv"


@dataclass(frozen=True)
class Loaded:
    """What came out of files: the documents, a `DocumentError` for each file or row that could not be read, and the
    files that documents came from, each with what was left out of it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[DocumentError, ...] = ()
    files: tuple[SourceFile, ...] = ()

    @classmethod
    def together(cls, parts: Iterable[Loaded]) -> Loaded:
        """Several results as one, in order."""
        kept = list(parts)
        return cls(
            tuple(document for part in kept for document in part.documents),
            tuple(problem for part in kept for problem in part.problems),
            tuple(file for part in kept for file in part.files),
        )


def load_bytes(
    name: str,
    data: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: CsvColumns | None = None,
    extra: dict[str, object] | None = None,
    date_field: str | None = None,
) -> Loaded:
    """The documents of one file. `name` gives ids and the format, `columns` the choice for a table, `extra` wins over
    the file's own metadata, `date_field` names the metadata that holds the date, where a document has it. Never raises
    for the file's sake: what is wrong with it stands in `problems`."""
    source = Source(name, data, limits, columns)
    try:
        parsed = reader_for(source)(source)
        documents = [to_document(name, record, extra, date_field) for record in parsed.records]
        problems = [DocumentError(f"{name}, {place}", reason) for place, reason in parsed.problems]
        empty = [document for document in documents if not document.text.strip()]
        if empty or not (documents or problems):
            raise source.error(f"It is empty: there is no text in it.{told(parsed.notes)}")
    except DocumentError as problem:
        return Loaded(problems=(problem,))
    except RecursionError:
        return Loaded(problems=(source.error("It is nested too deeply to be read. Save it in a simpler form."),))
    return Loaded(tuple(documents), tuple(problems), (_file(name, parsed, documents, date_field),) if documents else ())


def _file(name: str, parsed: Parsed, documents: Sequence[Document], date_field: str | None) -> SourceFile:
    """What to keep of the file itself; rows that could not be read are left out too."""
    rows = [left_out(place, reason) for place, reason in parsed.problems]
    notes = (*parsed.notes, *rows, *date_notes(documents, date_field))
    return SourceFile(name=name, encoding=parsed.encoding, notes=notes)


def load_folder(folder: Path, *, limits: Limits = DEFAULT_LIMITS) -> Loaded:
    """All files below a trusted folder, by path. Ids are paths relative to it; hidden files are left out.

    A `metadata.csv` (column `file_name`, then `title`, `source`, `updated_at`, `tenant`, any other) describes files
    of its own folder, as in Hugging Face's datasets; it is no document itself. Raises BadInput for no folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder. Give the folder that holds the documents.")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path.relative_to(folder))]
    described, problems = _metadata_tables(folder, [path for path in paths if path.name == METADATA_TABLE])
    parts = []
    for path in paths:
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        if path.name != METADATA_TABLE:
            parts.append(_load_file(path, name, limits, described.pop(name, None)))
    problems += [DocumentError(name, f"{METADATA_TABLE} describes it, but it is not there.") for name in described]
    return Loaded.together([*parts, Loaded(problems=tuple(problems))])


def _hidden(path: Path) -> bool:
    """True below or at a name that starts with a dot."""
    return any(part.startswith(".") for part in path.parts)


def _load_file(path: Path, name: str, limits: Limits, extra: dict[str, object] | None) -> Loaded:
    """The documents of one file of a folder."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        return Loaded(problems=(DocumentError(name, f"It cannot be opened: {exc.strerror or exc}."),))
    return load_bytes(name, data, limits=limits, extra=extra)


def _metadata_tables(folder: Path, tables: list[Path]) -> tuple[dict[str, dict[str, object]], list[DocumentError]]:
    """Metadata by file name relative to `folder`, from all metadata tables."""
    described: dict[str, dict[str, object]] = {}
    problems: list[DocumentError] = []
    for table in tables:
        source = Source(table.relative_to(folder).as_posix(), table.read_bytes())
        try:
            rows = read_rows(source)[1]
        except DocumentError as problem:
            problems.append(problem)
            continue
        for number, row in rows:
            file_name = str(row.pop("file_name", "")).strip()
            if file_name:
                described[(table.parent.relative_to(folder) / file_name).as_posix()] = row
            else:
                problems.append(DocumentError(f"{source.name}, row {number}", "It has no file_name."))
    return described, problems
