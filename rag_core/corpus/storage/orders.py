"""Changes of collections that were asked for, on disk until they are done: a stopped or killed one can go on.

    <root>/.orders/<id>/order.json          what is to be done
    <root>/.orders/<id>/files/<number>      uploaded files, until they are read
    <root>/.orders/<id>/documents.jsonl     the documents, until they are indexed
    <root>/.orders/<id>/outcome.json        what came of it, file by file

No name of a file becomes a path. An order lies in the library that it changes, so what is private stays there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.sandbox import Upload
from rag_core.errors import BadInput
from rag_core.schema.base import Frozen, new_id
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.schema.records import Listing, RecordFormat, listing
from rag_core.storage.files import replace_text

FOLDER = ".orders"
_ORDER, _FILES, _DOCUMENTS, _OUTCOME = "order.json", "files", "documents.jsonl", "outcome.json"

Action = Literal["upload", "copy", "rechunk", "delete", "share"]


class IndexingOrder(Frozen):
    """One change of one collection.

    action: upload reads `files` into a new collection or into one that is there; copy makes a collection of documents;
    rechunk cuts and embeds anew; delete removes `document_ids`; share moves the collection to where all see it.
    columns, date_field: what was chosen for tables, and as the documents' date, when they are read.
    sources: the files that a copy's documents came from.
    embedder: the key of the model of a new collection, or of one that is cut again; empty: its own, or the app's.
    store: the name of the database that the collection is kept in; empty: files.
    owner: who sees a new collection. by: the visitor who asked, so that the page shows the result to them.
    """

    version: Literal[1] = 1
    id: str = Field(pattern=r"^[0-9a-f]{32}$", default_factory=new_id)
    action: Action
    name: str
    new: bool = False
    store: str = ""
    owner: str | None = None
    by: str = ""
    chunking: Chunking = Chunking()
    embedder: str = ""
    files: tuple[str, ...] = ()
    columns: dict[int, CsvColumns] = {}
    date_field: str | None = None
    document_ids: tuple[str, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    asked_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


class FileResult(Frozen):
    """What came of one uploaded file: how many documents, (place, reason) of what could not be read, and the record of
    the file that the collection keeps, where it gave documents."""

    name: str
    documents: int
    problems: tuple[tuple[str, str], ...] = ()
    source: SourceFile | None = None

    @classmethod
    def of(cls, upload: Upload) -> FileResult:
        """The result of an upload that was parsed."""
        problems = tuple((problem.name, problem.reason) for problem in upload.loaded.problems)
        source = next(iter(upload.loaded.files), None)
        return cls(name=upload.name, documents=len(upload.loaded.documents), problems=problems, source=source)


class Outcome(Frozen):
    """What came of an order so far. `replaced`: ids of documents that others took the place of."""

    version: Literal[1] = 1
    files: tuple[FileResult, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The records of the files that gave documents."""
        return tuple(file.source for file in self.files if file.source)


ORDER = RecordFormat(
    noun="change of a collection",
    model=IndexingOrder,
    version=1,
    accepts="Ask for the change again.",
)
OUTCOME = RecordFormat(
    noun="result of a change",
    model=Outcome,
    version=1,
    accepts="What the collection holds is not touched by it.",
)


class OrderBook:
    """The orders below a library's root."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def place(
        self,
        order: IndexingOrder,
        files: Sequence[bytes] = (),
        documents: Iterable[Document] | None = None,
    ) -> IndexingOrder:
        """Write the order down with what it needs; from then on it survives the process."""
        folder = self._folder / order.id
        (folder / _FILES).mkdir(parents=True)
        for number, data in enumerate(files):
            (folder / _FILES / str(number)).write_bytes(data)
        if documents is not None:
            self.save_documents(order, documents)
        replace_text(folder / _ORDER, order.model_dump_json())
        return order

    def all(self) -> Listing[IndexingOrder]:
        """Every order that was placed and not discarded, the oldest first; a note for each that cannot be read."""
        placed = sorted(self._folder.glob(f"*/{_ORDER}"))
        found = listing((path.parent.name[:8], partial(_read, path)) for path in placed if path.exists())
        return Listing(tuple(sorted(found.found, key=lambda order: order.asked_at)), found.left_out)

    def files(self, order: IndexingOrder) -> list[tuple[str, bytes]]:
        """Name and content of each uploaded file. Raises BadInput where they are gone."""
        folder = self._folder / order.id / _FILES
        try:
            return [(name, (folder / str(number)).read_bytes()) for number, name in enumerate(order.files)]
        except FileNotFoundError as exc:
            raise BadInput("The uploaded files are not there any more. Upload them again.") from exc

    def documents(self, order: IndexingOrder) -> list[Document] | None:
        """The documents that were read from the files; None before that."""
        path = self._folder / order.id / _DOCUMENTS
        if not path.exists():
            return None
        try:
            with path.open("rb") as lines:
                return [Document.model_validate_json(line) for line in lines]
        except ValidationError as exc:
            raise BadInput("The documents that were read cannot be read back. Discard this, and upload again.") from exc

    def save_documents(self, order: IndexingOrder, documents: Iterable[Document]) -> None:
        """Keep the documents; the files that they were read from are needed no longer."""
        folder = self._folder / order.id
        replace_text(folder / _DOCUMENTS, "".join(f"{document.model_dump_json()}\n" for document in documents))
        shutil.rmtree(folder / _FILES, ignore_errors=True)

    def outcome(self, order: IndexingOrder) -> Outcome:
        """What came of it so far. Raises UnreadableRecord where that cannot be read."""
        path = self._folder / order.id / _OUTCOME
        return OUTCOME.read(path.read_bytes()) if path.exists() else Outcome()

    def save_outcome(self, order: IndexingOrder, outcome: Outcome) -> None:
        """Keep what came of it."""
        replace_text(self._folder / order.id / _OUTCOME, outcome.model_dump_json())

    def finish(self, order: IndexingOrder) -> None:
        """Let go of what only the work needed; the order and its outcome stay until they are discarded."""
        (self._folder / order.id / _DOCUMENTS).unlink(missing_ok=True)
        shutil.rmtree(self._folder / order.id / _FILES, ignore_errors=True)

    def discard(self, order: IndexingOrder) -> None:
        """Remove the order and all that it held."""
        shutil.rmtree(self._folder / order.id, ignore_errors=True)


def _read(path: Path) -> IndexingOrder:
    return ORDER.read(path.read_bytes())
