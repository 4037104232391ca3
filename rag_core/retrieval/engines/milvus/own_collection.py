"""A collection of Milvus that Second Pass makes and writes itself, each document whole or not at all.

    collection = OwnCollection(config, secret)
    collection.prepare(MadeWith(model="all-MiniLM-L6-v2@…", embedder="packaged", dimensions=384, chunking=Chunking()))
    collection.put("refunds.md", digest, passages, vectors)
    collection.close()

Milvus has no transactions. A document's passages are written as rows that nobody sees, the `journal` then says that
they are there and the earlier ones are not, and those are deleted. Where that is cut off, the next writer deletes what
is left. One writes at a time: the later one goes on, and the earlier one stops with an error.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag_core.errors import EngineError, EngineGone, EngineRefused, EngineTimeout, MissingIndex
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.milvus import own_schema
from rag_core.retrieval.engines.milvus.filters import literal
from rag_core.retrieval.engines.milvus.journal import Journal
from rag_core.retrieval.engines.milvus.own_index import MOST_ROWS, OwnMilvusIndex
from rag_core.retrieval.engines.own_store import MadeWith, check_made

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.vectors import Vectors

AT_ONCE = 100
"""Rows of a request that writes, keys of one that deletes, and documents of one that asks."""

LONGEST_LIST = 40_000
"""Bytes of the ids that a journal lists: it is a text of Milvus."""


class OwnCollection:
    """The collection that a config names. Connects when it is first asked. For one thread."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Raises BadInput where the address cannot be one."""
        self.config = config
        self.index = OwnMilvusIndex(config, secret)
        self._me = uuid.uuid4().hex
        self._clean = False
        self._left: dict[str, int] = {}

    def made(self) -> MadeWith | None:
        """What its journal says; None where it is not there, or was not made to the end. Raises BadInput where it is
        somebody else's."""
        try:
            self.index.check_ours()
        except MissingIndex:
            return None
        journal = self.index.journal()[0] if self.index.complete else None
        return journal.made if journal else None

    def prepare(self, wanted: MadeWith) -> None:
        """Make the collection where it is not there, and take over from the last writer.

        Raises as `check_made`, BadInput where it is somebody else's, and EngineError. No passage was written then.
        """
        there = self.made()
        if there is None:
            self._make(wanted)
        else:
            check_made(self.config.place, there, wanted)
        self._take_over()

    def digests(self, documents: Sequence[str] | None = None, files: Sequence[str] = ()) -> dict[str, bytes]:
        """The digest of each of these documents that is there, and of what came from these files (`faq.csv`,
        `faq.csv#3`); of every document without a list."""
        journal = self._journal()
        if documents is None:
            return self._digests(journal, "")
        found: dict[str, bytes] = {}
        for begin in range(0, len(documents), AT_ONCE):
            found |= self._digests(journal, _among(documents[begin : begin + AT_ONCE]))
        for file in files:
            rows = f"document_id >= {literal(f'{file}#')} and document_id < {literal(f'{file}$')}"
            found |= self._digests(journal, f"document_id == {literal(file)} or ({rows})")
        return found

    def put(self, document: str, digest: bytes, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write the passages of a document in place of those that it had. vectors: float32, (passages, dimensions)."""
        journal, old = self._mine([document])
        generation, words = journal.last + 1, self.index.words
        self._clean = False
        rows = [
            own_schema.row(one, ordinal, digest, vector, generation, words=words)
            for ordinal, (one, vector) in enumerate(zip(passages, vectors, strict=True))
        ]
        for begin in range(0, len(rows), AT_ONCE):
            self.index.ask("entities/upsert", {"data": rows[begin : begin + AT_ONCE]})
        self._say(_without(journal, [document] if old else [], generation))
        self._clean = True
        with suppress(EngineError):  # nobody sees them any more, and the next write deletes them
            self._tidied(old)

    def remove(self, documents: Sequence[str]) -> None:
        """Delete all passages of these documents."""
        for some in _within(documents):
            journal, old = self._mine(some)
            self._say(_without(journal, some, journal.last + 1))
            self._tidied(old)

    def drop(self) -> None:
        """Delete the collection, where it is there. Raises BadInput where it is somebody else's."""
        self.index.forget()
        with suppress(MissingIndex):
            self.index.check_ours()
            self.index.ask("collections/drop", {})
        self.index.forget()

    def check_writable(self, passages: Iterable[Passage]) -> None:
        """Raises BadInput for what Milvus cannot keep."""
        own_schema.check_writable(passages)

    def close(self) -> None:
        """Say that nobody writes now, wait until readers see what was written, and let the connections go."""
        if self._clean:
            with suppress(EngineError):
                journal, _ = self._mine([])
                self._say(journal.with_(held_by=""))
                self.index.journal()
        self._clean = False
        self.index.close()

    def _make(self, wanted: MadeWith) -> None:
        """Make it; one that was not made to the end is made again."""
        if not self._create(wanted, words=True):
            self._create(wanted, words=False)
        self.index.ask("indexes/create", {"indexParams": own_schema.indexes(words=self.index.words)})
        self.index.forget()
        self.index.load()
        self._say(Journal(made=wanted))

    def _create(self, wanted: MadeWith, *, words: bool) -> bool:
        """Make it with BM25, or without where the server has none; whether it is as asked for then."""
        self.drop()
        schema = own_schema.schema(wanted.dimensions, wanted.language, words=words)
        try:
            self.index.ask("collections/create", {"schema": schema, "params": {"consistencyLevel": "Strong"}})
        except (EngineGone, EngineRefused, EngineTimeout):
            raise
        except EngineError:
            usual = wanted.with_(language=own_schema.USUAL)
            if not words or (wanted != usual and self._create(usual, words=True)):
                self.drop()
                raise  # it is not for a lack of BM25
            return False
        return self.index.words == words

    def _take_over(self) -> None:
        """Become the writer. What a write that was cut off left is deleted, and stays out where it comes late."""
        journal = self._journal()
        if journal.held_by:
            cut_off = journal.last + 1
            journal = journal.with_(last=cut_off, skipped=(*journal.skipped, cut_off))
        self._tidy(self._say(journal.with_(held_by=self._me)))
        self._clean = True

    def _mine(self, documents: Sequence[str]) -> tuple[Journal, list[str]]:
        """The journal, and the keys of all rows of these documents. Raises EngineError where another one writes now."""
        if not self._clean:
            self._take_over()
        elif self._left:
            self._tidy(self._journal())
        journal, rows = self._journal_and(f"generation >= 1 and {_among(documents)}" if documents else "")
        if journal.held_by != self._me:
            raise EngineError(f"Another one writes into {self.config.place} now. Wait for that, then index again.")
        return journal.with_(gone=self._left), [one["key"] for one in rows]

    def _journal(self) -> Journal:
        return self._journal_and("")[0]

    def _journal_and(self, also: str) -> tuple[Journal, list[dict[str, Any]]]:
        journal, rows = self.index.journal(also=also)
        if journal is None:
            raise EngineError(f"{self.config.place} is not made to the end. Index again.")
        return journal, rows

    def _say(self, journal: Journal) -> Journal:
        """Write the journal: what it says holds from then on."""
        row = own_schema.journal_row(journal, words=self.index.words)
        self.index.ask("entities/upsert", {"data": [row]})
        self._left = journal.gone
        return journal

    def _tidy(self, journal: Journal) -> None:
        """Delete the rows that are not there any more."""
        while True:
            _, rows = self._journal_and(journal.leftovers)
            self._tidied([one["key"] for one in rows])
            if len(rows) < MOST_ROWS - 1:
                return

    def _tidied(self, keys: Sequence[str]) -> None:
        """Delete these rows, all that are left of documents that are gone."""
        for begin in range(0, len(keys), AT_ONCE):
            some = ", ".join(map(literal, keys[begin : begin + AT_ONCE]))
            self.index.ask("entities/delete", {"filter": f"key in [{some}]"})
        self._left = {}

    def _digests(self, journal: Journal, which: str, begin: int = 0, end: int = own_schema.SPREAD) -> dict[str, bytes]:
        """Of the documents that an expression names; where there are too many at once, a half and the other."""
        spread = f"ordinal == 0 and spread >= {begin} and spread < {end}"
        asked = {
            "filter": " and ".join([journal.live, spread, *([f"({which})"] if which else [])]),
            "outputFields": ["document_id", "digest"],
            "limit": MOST_ROWS,
            "consistencyLevel": "Strong",
        }
        rows = self.index.ask("entities/query", asked)
        if len(rows) < MOST_ROWS:
            return {one["document_id"]: bytes.fromhex(one["digest"]) for one in rows}
        middle = (begin + end) // 2
        return self._digests(journal, which, begin, middle) | self._digests(journal, which, middle, end)


def _without(journal: Journal, documents: Sequence[str], before: int) -> Journal:
    """The journal with that generation as its last, in which earlier rows of these documents are not there."""
    if not documents:
        return journal.with_(last=before)
    gone = {**journal.gone, **dict.fromkeys(documents, before)}
    return journal.with_(last=before, gone=gone, deletions=journal.deletions + 1)


def _among(documents: Sequence[str]) -> str:
    return f"document_id in [{', '.join(map(literal, documents))}]"


def _within(documents: Sequence[str]) -> Iterator[list[str]]:
    """In groups that a journal can list."""
    some: list[str] = []
    size = 0
    for one in documents:
        length = len(json.dumps(one))
        if some and (len(some) == AT_ONCE or size + length > LONGEST_LIST):
            yield some
            some, size = [], 0
        some.append(one)
        size += length
    if some:
        yield some
