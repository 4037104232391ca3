"""Vectors that were made but stand in no saved collection yet, so that stopped or killed indexing goes on where it was.

    <folder>/<model>-<dimensions>/<any>.bin     records of content hash, checksum and float32 vector, one file a slice
    <folder>/<model>-tokens/<any>.bin           the token vectors of the same slice (`kept_tokens`)

A process may be killed at any point: a record that is cut off or damaged is left out when its file is read.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.corpus.storage.kept_tokens import to_bytes, tokens_in

if TYPE_CHECKING:
    from rag_core.inference.token_codes import TokenCodes
    from rag_core.schema.vectors import Vectors

_TRIES = 5


class KeptVectors:
    """The vectors below `folder`. Any number of threads and processes may add at once, each to a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, model: str, dimensions: int) -> dict[str, Vectors]:
        """Every whole vector of that embedding model, float32 (dimensions,), by content hash."""
        found: dict[str, Vectors] = {}
        for path in sorted(self._place(model, dimensions).glob("*.bin")):
            found.update(_records(path, dimensions))
        return found

    def add(self, model: str, content_hashes: Sequence[str], vectors: Vectors) -> None:
        """Keep these vectors, shape (hashes, dimensions). They are in the system's hands when this returns."""
        records = b"".join(_record(*pair) for pair in zip(content_hashes, vectors, strict=True))
        self._write(self._place(model, vectors.shape[1]), records)

    def read_tokens(self, model: str) -> dict[str, TokenCodes]:
        """Every whole text's token vectors of that model, by content hash."""
        found: dict[str, TokenCodes] = {}
        for path in sorted(self._place(model, "tokens").glob("*.bin")):
            with suppress(FileNotFoundError):  # gone meanwhile
                found.update(tokens_in(path.read_bytes()))
        return found

    def add_tokens(self, model: str, codes: Mapping[str, TokenCodes]) -> None:
        """Keep these token vectors, by content hash."""
        self._write(self._place(model, "tokens"), b"".join(to_bytes(*pair) for pair in codes.items()))

    def _write(self, place: Path, records: bytes) -> None:
        for _ in range(_TRIES):
            place.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another writer has just removed the folder
                (place / f"{uuid.uuid4().hex}.bin").write_bytes(records)
                return

    def forget(self) -> None:
        """Remove them all, and the folder around them where nothing else is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.parent.rmdir()

    def _place(self, model: str, what: int | str) -> Path:
        return self.folder / f"{hashlib.sha256(model.encode()).hexdigest()[:16]}-{what}"


def _record(content_hash: str, vector: Vectors) -> bytes:
    body = np.ascontiguousarray(vector, "<f4").tobytes()
    return bytes.fromhex(content_hash) + zlib.crc32(body).to_bytes(4, "little") + body


def _records(path: Path, dimensions: int) -> Iterator[tuple[str, Vectors]]:
    """The whole records of one file; one that is gone meanwhile has none."""
    size = 36 + 4 * dimensions
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for start in range(0, len(data) - size + 1, size):
        record = data[start : start + size]
        body = record[36:]
        if zlib.crc32(body).to_bytes(4, "little") == record[32:36]:
            yield record[:32].hex(), np.frombuffer(body, "<f4").astype(np.float32)
