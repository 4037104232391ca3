"""A collection as files: JSON lines, one NumPy array, the two indexes' own files, and the manifest last. No pickle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from rag_core.corpus.collection import Collection
from rag_core.corpus.storage.manifest import MANIFEST, Manifest, check_files, checksums, damaged, read_manifest
from rag_core.corpus.storage.token_files import load_tokens, save_tokens
from rag_core.errors import CollectionError
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.engines.registry import engine_of
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Document, Passage
from rag_core.schema.files import SourceFile

_FILES = "files.jsonl"
_PASSAGES_1 = "chunks.jsonl"
_DOCUMENTS, _PASSAGES, _VECTORS, _DENSE, _LEXICAL = (
    "documents.jsonl",
    "passages.jsonl",
    "vectors.npy",
    "dense",
    "lexical",
)

Value = TypeVar("Value", bound=Frozen)


def save(folder: Path, collection: Collection) -> None:
    """Write the collection into the empty folder, with a checksum of every file in its manifest."""
    _write_lines(folder / _FILES, collection.files)
    _write_lines(folder / _DOCUMENTS, collection.documents())
    _write_lines(folder / _PASSAGES, collection.passages)
    np.save(folder / _VECTORS, collection.vectors, allow_pickle=False)
    collection.dense_index.save(folder / _DENSE)
    collection.lexical_index.save(folder / _LEXICAL)
    save_tokens(folder, collection.token_vectors)
    manifest = collection.manifest.model_copy(update={"files": checksums(folder)})
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")


def load(folder: Path) -> Collection:
    """The collection that `save` wrote. Raises CollectionError where anything is not as it was written, and
    FileNotFoundError where a file is missing (its version may just have been cleaned away)."""
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    try:
        vectors = np.load(folder / _VECTORS, allow_pickle=False)
        files = _read_files(folder, manifest)
        documents = _read_lines(folder / _DOCUMENTS, Document)
        passages = _read_lines(folder / _passages_file(manifest), Passage)
        lexical = LexicalIndex.load(folder / _LEXICAL, [each.model_text for each in passages])
        dense = engine_of(manifest.index).load(folder / _DENSE, vectors)
        tokens = load_tokens(folder, manifest.token_vectors)
    except FileNotFoundError:
        raise
    except (ValidationError, ValueError, OSError) as exc:
        raise damaged(manifest.name, str(exc).splitlines()[0]) from exc
    except CollectionError as exc:
        raise damaged(manifest.name, str(exc).rstrip(".")) from exc
    counts = (len(documents), len(passages), len(passages), len(passages), (len(passages), manifest.dimensions))
    stated = (manifest.documents, manifest.passages, lexical.rows, dense.rows, vectors.shape)
    if counts != stated:
        raise damaged(manifest.name, "its files do not belong together")
    return Collection(manifest, documents, passages, vectors, dense, lexical, files, tokens)


def load_documents(folder: Path) -> tuple[list[Document], list[SourceFile]]:
    """The documents and their files alone, which is all that re-indexing needs. Raises as `load` does."""
    manifest = read_manifest(folder)
    check_files(folder, manifest, [name for name in (_DOCUMENTS, _FILES) if name in manifest.files or name != _FILES])
    try:
        return _read_lines(folder / _DOCUMENTS, Document), _read_files(folder, manifest)
    except ValidationError as exc:
        raise damaged(manifest.name, f"{_DOCUMENTS} cannot be read") from exc


def _passages_file(manifest: Manifest) -> str:
    """What a collection of its version calls the file; version 1 called passages chunks."""
    return _PASSAGES_1 if _PASSAGES_1 in manifest.files else _PASSAGES


def _read_files(folder: Path, manifest: Manifest) -> list[SourceFile]:
    """The files that the documents came from; none in a collection that was saved before they were recorded."""
    return _read_lines(folder / _FILES, SourceFile) if _FILES in manifest.files else []


def _write_lines(path: Path, values: Iterable[Frozen]) -> None:
    with path.open("wb") as file:
        file.writelines(value.model_dump_json().encode() + b"\n" for value in values)


def _read_lines(path: Path, kind: type[Value]) -> list[Value]:
    with path.open("rb") as file:
        return [kind.model_validate_json(line) for line in file]
