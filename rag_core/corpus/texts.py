"""The documents and passages of a collection: found by id, and by what a filter asks. Searching is the indexes'.

Both are sequences, in memory or on disk (`lines`); what must be known of all of them is in `columns`, so that none is
read before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag_core.corpus.columns import Columns
from rag_core.schema.documents import Document, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from rag_core.corpus.columns import Hashes, Keys
    from rag_core.retrieval.topk import Mask

NAMED = frozenset({"title", "document_id"})
"""Fields by which every document differs, so that a filter on them has to look at each."""

Named = TypeVar("Named", Document, Passage)


class Texts:
    """Row i is `passages[i]`. Read-only once made, and safe to use from several threads."""

    def __init__(
        self, documents: Sequence[Document], passages: Sequence[Passage], columns: Columns | None = None
    ) -> None:
        self.documents = documents
        self.passages = passages
        self.columns = Columns.of(documents, passages) if columns is None else columns

    def document(self, document_id: str) -> Document:
        """The document of that id. KeyError if there is none."""
        place = self.document_place(document_id)
        if place is None:
            raise KeyError(document_id)
        return self.documents[place]

    def has_document(self, document_id: str) -> bool:
        """Whether there is a document of that id."""
        return self.document_place(document_id) is not None

    def has_unchanged(self, document_id: str, digest: bytes) -> bool:
        """Whether there is a document of that id that says the same."""
        place = self.document_place(document_id)
        return place is not None and self.digest(place) == digest

    def row(self, passage_id: str) -> int | None:
        """Where the passage of that id stands; None if there is none."""
        return _place(self.columns.passages, self.passages, passage_id)

    def content_hash(self, row: int) -> str:
        """The content hash (hex) of the passage in this row."""
        return self.columns.content_hash(row)

    def content_hashes(self) -> Iterator[str]:
        """The content hash of every passage, in row order."""
        return map(self.content_hash, range(len(self.passages)))

    def hashes(self) -> Hashes:
        """The same as uint8, shape (passages, 32)."""
        return self.columns.hashes

    def digest(self, place: int) -> bytes:
        """SHA-256 of a document."""
        found: bytes = self.columns.digests[place].tobytes()
        return found

    def digests(self) -> Iterator[bytes]:
        """The same of every document, in order."""
        return map(self.digest, range(len(self.documents)))

    def document_ids(self) -> Sequence[str]:
        """The id of every document, in order."""
        return self.columns.document_ids()

    def kinds(self) -> Sequence[Passage]:
        """A passage without text for all that agree in source, tenant, date and metadata."""
        return self.columns.kinds

    def kinds_of(self, kept: Mask) -> Sequence[Passage]:
        """The same of some of the passages; bool, shape (passages,)."""
        used = np.unique(self.columns.group_kinds[kept[self.columns.group_starts[:-1]]])
        return [self.columns.kinds[kind] for kind in used.tolist()]

    def rows_of(self, document_id: str) -> list[int]:
        """Where the passages of a document stand, in order."""
        rows: list[int] = []
        starts = self.columns.group_starts
        for group in sorted(self.columns.groups.candidates(document_id)):
            if self.passages[int(starts[group])].document_id == document_id:
                rows.extend(range(int(starts[group]), int(starts[group + 1])))
        return rows

    def document_place(self, document_id: str) -> int | None:
        """Which of the documents has that id; None if none has."""
        return _place(self.columns.documents, self.documents, document_id)

    def matching(self, where: Filter) -> Mask:
        """Which rows match, bool, shape (rows,). Filters ask for what a passage has of its document, so one passage
        answers for all of a document, and one for all documents that agree in all that a filter asks for."""
        columns = self.columns
        if NAMED & {leaf.field for leaf in where.leaves}:
            each = [where.matches(self.passages[int(start)]) for start in columns.group_starts[:-1]]
            of_group = np.array(each, np.bool_)
        else:
            of_kind = np.array([where.matches(kind) for kind in columns.kinds], np.bool_)
            of_group = of_kind[columns.group_kinds] if len(of_kind) else np.empty(0, np.bool_)
        mask: Mask = np.repeat(of_group, np.diff(columns.group_starts))
        return mask


def _place(keys: Keys, values: Sequence[Named], wanted: str) -> int | None:
    return next((place for place in keys.candidates(wanted) if values[place].id == wanted), None)
