"""Documents into a store: cut, embed and write those that are new or have changed, each whole or not
at all.

    index_into_store("Handbook", store, documents, embedder, Chunking(), settings.data_dir)

What is there already is told by content hash, so that adding a document costs what that document costs, and whatever
interrupts the work leaves whole documents: the same call writes the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag_core.corpus.chunking import chunk_document
from rag_core.corpus.columns import document_digest
from rag_core.corpus.indexing import StepProgress, check_documents, ignore
from rag_core.corpus.storage.token_book import TokenBook
from rag_core.corpus.stored_reading import Reading, book_for
from rag_core.errors import BadInput, EngineError, SecondPassError
from rag_core.retrieval.embedders.protocol import Embedder, key_of
from rag_core.retrieval.engines.every_index import StoredCollection, StoredCollections
from rag_core.retrieval.engines.own_store import MadeWith, OwnStore, check_made
from rag_core.retrieval.engines.stores import NamedStore
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document, Passage
from rag_core.schema.files import SourceFile
from rag_core.wording.numbers import count_of

Cut = tuple[Document, bytes, list[Passage]]
"""A document, its digest and its passages."""


@dataclass(frozen=True)
class IntoStore:
    """Where an upload goes that is not kept in files: the store, and the data folder that notes what is in it. Token
    vectors are kept there up to so many bytes."""

    store: NamedStore
    data_dir: Path
    token_bytes: int | None = None

    def check_free(self, name: str, instead: str = "Choose another name.") -> None:
        """Raises BadInput where the store has a collection of that name, with what to do `instead`; EngineError where
        it cannot be asked."""
        with closing(self.store.table(self._table_name(name))) as table:
            if table.made() is not None:
                raise BadInput(f"{table.config.place} is there already. {instead}")

    def write(
        self,
        name: str,
        documents: Sequence[Document],
        embedder: Embedder,
        chunking: Chunking | None,
        progress: StepProgress,
        files: Sequence[SourceFile],
    ) -> str:
        """As `index_into_store`; says what came of it."""
        written = index_into_store(
            name, self.store, documents, embedder, chunking, self.data_dir, progress,
            files=files, token_bytes=self.token_bytes,
        )  # fmt: skip
        return f"{name}, in {self.store.name}: {written}."

    def remove(self, name: str) -> str:
        """Delete that collection, then the note of it and its token vectors here; why these may be left, empty where
        they are gone. Raises EngineError; nothing is gone then."""
        with closing(self.store.table(self._table_name(name))) as table:
            table.drop()
        StoredCollections(self.data_dir).forget(name)
        try:
            TokenBook(self.data_dir, table.config.identity).forget()
        except SecondPassError as exc:
            return f"Its token vectors may be left: {exc}"
        return ""

    def check_there(self, name: str, documents: Sequence[str]) -> None:
        """Raises BadInput where one of these documents is not in the collection, EngineError where it cannot be
        asked."""
        with closing(self.store.table(self._table_name(name))) as table:
            there = table.digests(documents)
        if missing := [one for one in documents if one not in there]:
            raise BadInput(f"There is no document {missing[0]} in {name}. Give its whole id, as the table has it.")

    def remove_documents(self, name: str, documents: Sequence[str]) -> None:
        """Delete these documents with their passages. Raises as `check_there`, before anything is deleted."""
        self.check_there(name, documents)
        notes = StoredCollections(self.data_dir)
        with closing(self.store.table(self._table_name(name))) as table:
            table.remove(documents)
        if known := notes.find(name):
            notes.keep(known.with_(written_at=datetime.now(UTC)))

    def _table_name(self, name: str) -> str:
        return StoredCollections(self.data_dir).table_name(name, self.store.name)


@dataclass(frozen=True)
class Written:
    """What came of it: documents that were written, left as they were, and removed; passages that were written.

    problem: what of the token vectors failed and why, as part of a sentence; empty where nothing did.
    """

    documents: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    problem: str = ""

    def __str__(self) -> str:
        """`2 documents written (14 passages), 40 unchanged, 1 removed`."""
        said = f"{count_of(self.documents, 'document')} written ({count_of(self.passages, 'passage')})"
        for count, what in ((self.unchanged, "unchanged"), (self.removed, "removed")):
            said += f", {count:,} {what}" if count else ""
        return f"{said}; {self.problem.rstrip('.')}" if self.problem else said


def index_into_store(
    name: str,
    store: NamedStore,
    documents: Sequence[Document],
    embedder: Embedder,
    chunking: Chunking | None,
    data_dir: Path,
    progress: StepProgress = ignore,
    *,
    files: Sequence[SourceFile] = (),
    new: bool = False,
    whole: bool = False,
    token_bytes: int | None = None,
) -> Written:
    """Write these documents into the collection of that name, which is made where it is not there.

    chunking: None: as what is there was cut, else the usual one. files: those that the documents were read from; what
    came from one before and is not in it any more goes. new: the collection must not be there. whole: it has just these
    documents afterwards. token_bytes: token vectors are kept in `data_dir` where the model gives them and those of
    these passages are not larger, and what is there of all collections is trimmed to it; None: neither.

    Raises BadInput, WrongDimension and EngineError before anything is written for what can be told before; later, where
    the server goes away, EngineError that says how many documents were written.
    """
    check_documents(documents)
    notes = StoredCollections(data_dir)
    table_name = notes.table_name(name, store.name)
    with closing(store.table(table_name)) as table:
        made = table.made()
        chunking = chunking or (made.chunking if made else Chunking())
        wanted = MadeWith(
            model=embedder.model,
            embedder=key_of(embedder),
            dimensions=embedder.dimensions,
            chunking=chunking,
            language=store.store.language,
        )
        note = StoredCollection(name=name, store=store.name, embedder=wanted.embedder)
        note = note.with_(made_as=table_name if table_name != name else "")
        if new and made:
            raise BadInput(f"{table.config.place} is there already. Add to it, replace it, or choose another name.")
        if made:
            check_made(table.config.place, made, wanted)
        ids = None if whole else [one.id for one in documents]
        there = table.digests(ids, [one.name for one in files]) if made else {}
        changed = _changed(documents, there)
        cut = [(one, digest, chunk_document(one, chunking, embedder)) for one, digest in changed]
        table.check_writable(passage for _, _, passages in cut for passage in passages)
        if len(cut) == len(documents) and not any(passages for _, _, passages in cut):
            raise BadInput("There is no text in these documents, so nothing is indexed. Add documents with text.")
        table.prepare(wanted)
        notes.keep(note)
        try:
            passages = (passage for _, _, each in cut for passage in each)
            book = TokenBook(data_dir, table.config.identity, token_bytes or 0)
            reading = Reading(embedder, book_for(passages, embedder, book))
            written = _write(table, cut, reading, progress)
            problem = f"token vectors were not kept: {reading.problem}" if reading.problem else ""
            if token_bytes is not None:
                problem = problem or _trimmed(book)
            if gone := sorted(there.keys() - {one.id for one in documents}):
                table.remove(gone)
        finally:
            notes.keep(note.with_(written_at=datetime.now(UTC)))
    return Written(len(cut), len(documents) - len(cut), len(gone), written, problem)


def _trimmed(book: TokenBook) -> str:
    """Remove the token vectors that are over the limit; why it could not, empty where nothing failed."""
    try:
        book.trim()
    except SecondPassError as exc:
        return f"token vectors over the limit were not removed: {exc}"
    return ""


def _changed(documents: Sequence[Document], there: dict[str, bytes]) -> Iterator[tuple[Document, bytes]]:
    """The documents that are not there as they are now."""
    for one in documents:
        digest = document_digest(one)
        if there.get(one.id) != digest:
            yield one, digest


def _write(table: OwnStore, cut: Sequence[Cut], reading: Reading, progress: StepProgress) -> int:
    """Embed and write them in order, each whole or not at all; how many passages that were."""
    done = passages = 0
    progress("storing", 0, len(cut))
    for some in _together(cut, reading.at_once):
        vectors = reading.vectors([passage for _, _, each in some for passage in each])
        start = 0
        for document, digest, each in some:
            try:
                table.put(document.id, digest, each, vectors[start : start + len(each)])
            except EngineError as exc:
                raise EngineError(f"{exc} {_so_far(done, len(cut))}") from exc
            start += len(each)
            done += 1
            progress("storing", done, len(cut))
        passages += start
    return passages


def _so_far(done: int, total: int) -> str:
    written = f"{done:,} of {count_of(total, 'document')} {'was' if done == 1 else 'were'} written, each of them whole"
    return f"{written if done else 'Nothing was written'}. Index again to write the rest."


def _together(cut: Iterable[Cut], most: int) -> Iterator[list[Cut]]:
    """The documents in groups whose passages are embedded in one call: as many as fit, one at least."""
    some: list[Cut] = []
    size = 0
    for one in cut:
        if some and size + len(one[2]) > most:
            yield some
            some, size = [], 0
        some.append(one)
        size += len(one[2])
    if some:
        yield some
