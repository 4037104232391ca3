"""What a saved collection says of itself: its name and makers, a content fingerprint, a checksum of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rag_core.errors import CollectionError, NewerCollection, UnreadableRecord
from rag_core.schema.base import Frozen
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import CollectionRef
from rag_core.schema.migrations import manifest_from_version_1, manifest_from_version_2, manifest_from_version_3
from rag_core.schema.records import RecordFormat

MANIFEST = "manifest.json"
CHECKED = "checked.json"
"""Which large files were found to be as they were written, and when (`checked_files`)."""

Count = Annotated[int, Field(ge=0)]


class FileRecord(Frozen):
    """Size in bytes and SHA-256 (hex) of one file."""

    size: Count
    sha256: str


class TokenVectorsRecord(Frozen):
    """The token vectors that lie with a collection: what made them, of how many texts, in how many bytes."""

    model: str
    passages: Count
    size: Count


class Manifest(Frozen):
    """`id` stays the same through all versions and names; `owner` is who alone sees the collection, None: everybody
    does; `embedding_model` tells the model of its vectors from every other, `embedder` is the key by which it is used
    (empty: the one of the settings); `index` is the kind of its vector index; `token_vectors` is None where none lie
    with it. `parts`: 0 where it lies there as a whole; else in how many parts, each with a manifest of its own
    (`joined_files`)."""

    format: Literal[4] = 4
    id: str = ""
    name: str
    owner: str | None = None
    created_at: datetime
    embedding_model: str
    embedder: str = ""
    dimensions: Count
    chunking: Chunking
    documents: Count
    passages: Count
    fingerprint: str
    index: str
    token_vectors: TokenVectorsRecord | None = None
    parts: Annotated[int, Field(ge=0, le=2)] = 0
    files: dict[str, FileRecord] = {}

    @property
    def ref(self) -> CollectionRef:
        """What a trace says of the collection."""
        return CollectionRef(
            name=self.name,
            fingerprint=self.fingerprint,
            embedding_model=self.embedding_model,
            documents=self.documents,
            passages=self.passages,
            id=self.id,
        )


MANIFEST_RECORD = RecordFormat(
    noun="manifest of a collection",
    model=Manifest,
    version=4,
    version_field="format",
    upgrades={1: manifest_from_version_1, 2: manifest_from_version_2, 3: manifest_from_version_3},
    accepts="Remove the collection and add its documents again.",
)


def fingerprint(digests: Iterable[bytes], chunking: Chunking, embedding_model: str) -> str:
    """SHA-256 (hex) of the documents in any order, the chunking and the model: the same content, the same value.

    digests: of each document what `columns.document_digest` says.
    """
    parts = sorted(digest.hex() for digest in digests)
    return _digest([parts, chunking.model_dump(mode="json"), embedding_model])


def checksums(folder: Path) -> dict[str, FileRecord]:
    """A record of every file below the folder, by its path; the manifest itself is left out."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (MANIFEST, CHECKED))
    return {path.relative_to(folder).as_posix(): record_of(path) for path in paths}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of one version. Raises CollectionError for a damaged one, FileNotFoundError for none.

    A file that was read before is read again only when it has changed.
    """
    found = (folder / MANIFEST).stat()
    return _read(folder, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=1024)
def _read(folder: Path, _version: tuple[int, int, int]) -> Manifest:
    try:
        manifest = MANIFEST_RECORD.read((folder / MANIFEST).read_bytes())
    except UnreadableRecord as exc:
        kind = NewerCollection if exc.newer else CollectionError
        raise kind(f"The collection in {folder.parent.parent.name} cannot be opened. {exc}") from exc
    return manifest if manifest.id else manifest.model_copy(update={"id": first_id(manifest.owner, folder)})


def first_id(owner: str | None, version: Path) -> str:
    """The id of a collection that was saved before collections had one: made from its owner and its folder's name,
    which never change while it stays there. `version` is the folder of one of its versions."""
    return hashlib.sha256(f"{owner or ''}/{version.parent.parent.name}".encode()).hexdigest()[:32]


def damaged(name: str, what: str) -> CollectionError:
    """The error for a collection that cannot be trusted any more."""
    return CollectionError(
        f"The collection {name!r} is damaged: {what}. Re-index it, or remove it and add its documents again."
    )


def record_of(path: Path) -> FileRecord:
    """Size and SHA-256 of a file as it is now."""
    with path.open("rb") as file:
        return FileRecord(size=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
