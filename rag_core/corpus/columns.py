"""What a collection must know of every document and passage to search them, as arrays: not one of them is read for it.

Which row an id has, which passages a document has, what filters can tell apart, and the content hashes. Row i of the
passages is row i of the vectors and of the indexes.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag_core.schema.documents import Document, Passage

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint8]

HASH_BYTES = 32
_KEY_BYTES = 8


@dataclass(frozen=True)
class Keys:
    """Where an id stands: the first 64 bits of its hash, sorted, and the place of each.

    keys    uint64, shape (ids,)
    places  int64, shape (ids,)
    """

    keys: npt.NDArray[np.uint64]
    places: Numbers

    @classmethod
    def of(cls, hashes: bytes | bytearray) -> Keys:
        """Of the ids' hashes in order, 8 bytes each."""
        keys = np.frombuffer(bytes(hashes), "<u8").astype(np.uint64)
        places = np.argsort(keys, kind="stable").astype(np.int64)
        return cls(keys[places], places)

    def candidates(self, key: str) -> list[int]:
        """The places where this id may stand: nearly always one or none. Whoever asks looks at what is there."""
        return self.of_hash(key_of(key))

    def of_hash(self, first_bits: bytes) -> list[int]:
        """The places of what has these first 64 bits, in order."""
        wanted = np.frombuffer(first_bits, "<u8").astype(np.uint64)[0]
        start, end = (int(np.searchsorted(self.keys, wanted, side)) for side in ("left", "right"))
        found: list[int] = self.places[start:end].tolist()
        return found


@dataclass(frozen=True)
class Columns:
    """Of all documents and passages of a collection.

    documents     places of the documents' ids
    digests       uint8, shape (documents, 32): SHA-256 of each document, of which the fingerprint is made
    passages      rows of the passages' ids
    hashes        uint8, shape (passages, 32): the passages' content hashes
    groups        places of the document ids of groups: passages of one document that stand together
    group_starts  int64, shape (groups + 1,): the first row of each group, and how many rows there are
    group_kinds   int64, shape (groups,): which of `kinds` the passages of a group are of
    kinds         a passage without text for all that agree in source, tenant, date and metadata
    document_ids  gives the documents' ids in order; they are read when they are first asked for
    """

    documents: Keys
    digests: Hashes
    passages: Keys
    hashes: Hashes
    groups: Keys
    group_starts: Numbers
    group_kinds: Numbers
    kinds: Sequence[Passage]
    document_ids: Callable[[], Sequence[str]]

    @classmethod
    def of(cls, documents: Iterable[Document], passages: Iterable[Passage]) -> Columns:
        """Of values that are there: each is looked at once."""
        made = ColumnsBuilder()
        for document in documents:
            made.add_document(document)
        for passage in passages:
            made.add_passage(passage)
        return made.done()

    def content_hash(self, row: int) -> str:
        """The content hash (hex) of a passage."""
        found: bytes = self.hashes[row].tobytes()
        return found.hex()


class ColumnsBuilder:
    """Looks at documents and passages in their order."""

    def __init__(self) -> None:
        self._documents, self._digests = bytearray(), bytearray()
        self._passages, self._hashes, self._groups = bytearray(), bytearray(), bytearray()
        self._starts, self._kind_of = array("q"), array("q")
        self._kinds: dict[str, int] = {}
        self._samples: list[Passage] = []
        self._ids: list[str] = []
        self._last = ""
        self._rows = 0

    def add_document(self, document: Document, digest: bytes = b"") -> None:
        """One more document. `digest`: where it is known."""
        self._ids.append(document.id)
        self._documents += key_of(document.id)
        self._digests += digest or document_digest(document)

    def add_passage(self, passage: Passage) -> None:
        """One more passage."""
        self._passages += key_of(passage.id)
        self._hashes += bytes.fromhex(passage.content_hash)
        if not self._rows or passage.document_id != self._last:
            self._last = passage.document_id
            self._groups += key_of(passage.document_id)
            self._starts.append(self._rows)
            self._kind_of.append(self._kind(passage))
        self._rows += 1

    def done(self) -> Columns:
        """The columns of what was added."""
        return Columns(
            documents=Keys.of(self._documents),
            digests=_rows_of_bytes(self._digests),
            passages=Keys.of(self._passages),
            hashes=_rows_of_bytes(self._hashes),
            groups=Keys.of(self._groups),
            group_starts=np.array([*self._starts, self._rows], np.int64),
            group_kinds=np.array(self._kind_of, np.int64),
            kinds=self._samples,
            document_ids=lambda: self._ids,
        )

    def _kind(self, passage: Passage) -> int:
        told = (passage.source, passage.tenant, passage.updated_at, sorted(passage.metadata.items()))
        kind = self._kinds.setdefault(repr(told), len(self._kinds))  # unlike equality, it tells 1 from True
        if kind == len(self._samples):
            self._samples.append(bare(passage))
        return kind


def bare(passage: Passage) -> Passage:
    """What a passage has of its document, without text and names."""
    return Passage(
        id="-",
        document_id="-",
        start=0,
        end=0,
        text="",
        source=passage.source,
        updated_at=passage.updated_at,
        tenant=passage.tenant,
        metadata=passage.metadata,
    )


def key_of(name: str) -> bytes:
    """The first 64 bits of an id's hash."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def document_digest(document: Document) -> bytes:
    """SHA-256 of all that a document says."""
    return hashlib.sha256(json.dumps(document.model_dump(mode="json"), sort_keys=True).encode()).digest()


def _rows_of_bytes(found: bytearray) -> Hashes:
    return np.frombuffer(bytes(found), np.uint8).reshape(-1, HASH_BYTES)
