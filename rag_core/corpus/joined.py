"""A large collection in two parts: the base, which stays as it was written, and a small part with what came since.

Every search asks both and puts the lists together, so that nothing but the small part is written for a new document.
Statistics of words are of both parts together, rows that are gone are left out inside each search, and rows count as
if all were one: what is found is what an index of all of it would find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.collection import Collection
from rag_core.corpus.joined_rows import JoinedSequence, JoinedVectors, Layout
from rag_core.corpus.texts import Texts
from rag_core.corpus.token_store import TokenStore
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.topk import best_rows
from rag_core.schema.documents import Document, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.corpus.columns import Hashes
    from rag_core.corpus.storage.manifest import Manifest
    from rag_core.retrieval.engines.protocol import VectorIndex
    from rag_core.retrieval.topk import Mask, Rows
    from rag_core.schema.files import SourceFile
    from rag_core.schema.vectors import Vectors


@dataclass(frozen=True)
class Gone:
    """What of the base is not there any more: its rows and the places of its documents, each sorted, int64."""

    rows: Rows
    documents: Rows

    @classmethod
    def nothing(cls) -> Gone:
        """All of it is there."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))


class JoinedTexts(Texts):
    """The texts of both parts as those of one."""

    def __init__(self, parts: Sequence[Texts], gone: Gone) -> None:
        self._parts = parts
        self._rows = Layout([len(part.passages) for part in parts], gone.rows)
        self._places = Layout([len(part.documents) for part in parts], gone.documents)
        self.documents: Sequence[Document] = JoinedSequence(self._places, [part.documents for part in parts])
        self.passages: Sequence[Passage] = JoinedSequence(self._rows, [part.passages for part in parts])

    @property
    def rows(self) -> Layout:
        """Which rows of the parts there are."""
        return self._rows

    def row(self, passage_id: str) -> int | None:
        found = (
            self._rows.row(n, row) for n, part in enumerate(self._parts) if (row := part.row(passage_id)) is not None
        )
        return next((row for row in found if row is not None), None)

    def rows_of(self, document_id: str) -> list[int]:
        found = (self._rows.row(n, row) for n, part in enumerate(self._parts) for row in part.rows_of(document_id))
        return [row for row in found if row is not None]

    def document_place(self, document_id: str) -> int | None:
        for number, part in enumerate(self._parts):
            inside = part.document_place(document_id)
            place = None if inside is None else self._places.row(number, inside)
            if place is not None:
                return place
        return None

    def digest(self, place: int) -> bytes:
        part, inside = self._places.place(place)
        return self._parts[part].digest(inside)

    def digests(self) -> Iterator[bytes]:
        joined = self._places.joined([part.columns.digests for part in self._parts])
        return (digest.tobytes() for digest in joined)

    def document_ids(self) -> Sequence[str]:
        first = zip(self._parts[0].document_ids(), self._places.kept, strict=True)
        return [one for one, there in first if there] + [one for part in self._parts[1:] for one in part.document_ids()]

    def content_hash(self, row: int) -> str:
        part, inside = self._rows.place(row)
        return self._parts[part].content_hash(inside)

    def hashes(self) -> Hashes:
        return self._rows.joined([part.hashes() for part in self._parts])

    def matching(self, where: Filter) -> Mask:
        return self._rows.joined([part.matching(where) for part in self._parts])

    def kinds(self) -> Sequence[Passage]:
        kept = [self._rows.of_part(number, None) for number in range(len(self._parts))]
        pairs = zip(self._parts, kept, strict=True)
        return [kind for part, there in pairs for kind in (part.kinds() if there is None else part.kinds_of(there))]


class JoinedIndex:
    """The vector indexes of both parts as one (`VectorIndex`). It is not saved: each part is."""

    def __init__(self, parts: Sequence[VectorIndex], layout: Layout) -> None:
        self._parts = parts
        self._layout = layout

    @property
    def kind(self) -> str:
        """The base's: what was added is few, and searched exactly."""
        return self._parts[0].kind

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return len(self._layout)

    def approximate(self, depth: int, allowed: Mask | None = None) -> str:
        """As the base says of what it is asked."""
        return self._parts[0].approximate(depth, self._layout.of_part(0, allowed))

    def search(self, vector: Vectors, depth: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """As every `VectorIndex`."""
        rows, scores = [], []
        for number, part in enumerate(self._parts):
            found, cosines = part.search(vector, depth, self._layout.of_part(number, allowed))
            rows.append(self._layout.rows(number, found))
            scores.append(cosines)
        return best_rows(np.concatenate(rows), np.concatenate(scores), max(depth, 0))

    def save(self, _folder: Path) -> None:
        """Raises ValueError: the parts are saved, each by itself."""
        raise ValueError("An index of several parts is saved part by part.")


class JoinedCollection(Collection):
    """Both parts as one collection."""

    def __init__(
        self, manifest: Manifest, base: Collection, recent: Collection | None, gone: Gone, files: Sequence[SourceFile]
    ) -> None:
        self.base, self.recent, self.gone = base, recent, gone
        parts = [base] if recent is None else [base, recent]
        texts = JoinedTexts([part.texts for part in parts], gone)
        kept = [texts.rows.of_part(0, None), *[None] * (len(parts) - 1)]
        super().__init__(
            manifest,
            texts,
            JoinedVectors(texts.rows, [np.asarray(part.vectors) for part in parts]),
            JoinedIndex([part.dense_index for part in parts], texts.rows),
            LexicalIndex([part.lexical_index.postings[0] for part in parts], kept),
            files,
            TokenStore.joined([part.token_vectors for part in parts]),
        )
