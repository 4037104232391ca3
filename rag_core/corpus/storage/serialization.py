"""A collection in one part as files: JSON lines, NumPy arrays, the indexes' own files, the manifest last. No pickle.

Files are mapped into memory: opening a collection reads neither its texts nor its vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from rag_core.corpus.collection import Collection
from rag_core.corpus.lines import Lines, write_lines
from rag_core.corpus.storage.checked_files import check_files, note_written
from rag_core.corpus.storage.column_files import FOLDER as COLUMNS
from rag_core.corpus.storage.column_files import IDS, load_columns, save_columns
from rag_core.corpus.storage.earlier_files import load_earlier
from rag_core.corpus.storage.manifest import MANIFEST, Manifest, checksums, damaged, read_manifest
from rag_core.corpus.storage.token_files import load_tokens, save_tokens
from rag_core.corpus.texts import Texts
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
    texts = collection.texts
    write_lines(folder / _FILES, collection.files)
    documents = write_lines(folder / _DOCUMENTS, texts.documents)
    passages = write_lines(folder / _PASSAGES, texts.passages)
    save_columns(folder, texts.columns, documents, passages)
    np.save(folder / _VECTORS, collection.vectors, allow_pickle=False)
    collection.dense_index.save(folder / _DENSE)
    collection.lexical_index.save(folder / _LEXICAL)
    save_tokens(folder, collection.token_vectors)
    written = checksums(folder)
    note_written(folder, written)
    manifest = collection.manifest.model_copy(update={"files": written})
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")


def load(folder: Path, name: str | None = None) -> Collection:
    """The collection that `save` wrote, under its name or this one. Raises CollectionError where anything is not as it
    was written, and FileNotFoundError where a file is missing (its version may just have been cleaned away)."""
    manifest = _manifest(folder, name)
    check_files(folder, manifest)
    try:
        vectors = np.asarray(np.load(folder / _VECTORS, mmap_mode="r"))
        files = _read_files(folder, manifest)
        texts, lexical = _texts(folder, manifest)
        dense = engine_of(manifest.index).load(folder / _DENSE, vectors)
        tokens = load_tokens(folder, manifest.token_vectors)
    except FileNotFoundError:
        raise
    except (ValidationError, ValueError, OSError) as exc:
        raise damaged(manifest.name, str(exc).splitlines()[0]) from exc
    except CollectionError as exc:
        raise damaged(manifest.name, str(exc).rstrip(".")) from exc
    rows = len(texts.passages)
    counts = (len(texts.documents), rows, rows, rows, (rows, manifest.dimensions))
    stated = (manifest.documents, manifest.passages, lexical.rows, dense.rows, vectors.shape)
    if counts != stated:
        raise damaged(manifest.name, "its files do not belong together")
    extendable = folder if f"{COLUMNS}/{IDS}" in manifest.files else None
    return Collection(manifest, texts, vectors, dense, lexical, files, tokens, extendable)


def _manifest(folder: Path, name: str | None) -> Manifest:
    manifest = read_manifest(folder)
    return manifest if name is None else manifest.model_copy(update={"name": name})


def _texts(folder: Path, manifest: Manifest) -> tuple[Texts, LexicalIndex]:
    """Documents and passages, each read when it is asked for, and the index of their words; in a version without
    columns, all are looked at once."""
    if f"{COLUMNS}/{IDS}" in manifest.files:
        columns, document_starts, passage_starts = load_columns(folder)
        documents = Lines.of_file(folder / _DOCUMENTS, Document, document_starts)
        passages = Lines.of_file(folder / _PASSAGES, Passage, passage_starts)
        lexical = LexicalIndex.load(folder / _LEXICAL, (each.model_text for each in passages))
        return Texts(documents, passages, columns), lexical
    documents = Lines.of_file(folder / _DOCUMENTS, Document)
    passages = Lines.of_file(folder / _passages_file(manifest), Passage)
    columns, lexical = load_earlier(folder, manifest, documents, passages, folder / _LEXICAL)
    return Texts(documents, passages, columns), lexical


def load_documents(folder: Path, name: str | None = None) -> tuple[Sequence[Document], Sequence[SourceFile]]:
    """The documents and their files alone, which is all that re-indexing needs. Raises as `load` does."""
    manifest = _manifest(folder, name)
    check_files(folder, manifest, [one for one in (_DOCUMENTS, _FILES) if one in manifest.files or one != _FILES])
    try:
        return Lines.of_file(folder / _DOCUMENTS, Document), _read_files(folder, manifest)
    except ValidationError as exc:
        raise damaged(manifest.name, f"{_FILES} cannot be read") from exc


def _passages_file(manifest: Manifest) -> str:
    """What a collection of its version calls the file; version 1 called passages chunks."""
    return _PASSAGES_1 if _PASSAGES_1 in manifest.files else _PASSAGES


def _read_files(folder: Path, manifest: Manifest) -> list[SourceFile]:
    """The files that the documents came from; none in a collection that was saved before they were recorded."""
    return _read_lines(folder / _FILES, SourceFile) if _FILES in manifest.files else []


def _read_lines(path: Path, kind: type[Value]) -> list[Value]:
    with path.open("rb") as file:
        return [kind.model_validate_json(line) for line in file]
