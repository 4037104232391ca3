"""Columns and postings of a collection that was written before those were kept: made when it is first opened, in one
pass over its passages, and kept beside its version, so that the next opening reads them.

made/columns/        as in a collection of today
made/lexical/        the same
made/manifest.json   the collection's, with the checksums of these files: its own manifest does not know of them
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rag_core.corpus.columns import Columns, ColumnsBuilder
from rag_core.corpus.lines import Lines
from rag_core.corpus.storage.checked_files import check_files, note_written
from rag_core.corpus.storage.column_files import load_columns, save_columns
from rag_core.corpus.storage.manifest import MANIFEST, Manifest, checksums, read_manifest
from rag_core.errors import CollectionError
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.schema.documents import Document, Passage
from rag_core.storage.files import sync

FOLDER = "made"
_LEXICAL = "lexical"

logger = logging.getLogger(__name__)

Made = tuple[Columns, LexicalIndex]


def load_earlier(
    folder: Path, manifest: Manifest, documents: Lines[Document], passages: Lines[Passage], lexical: Path
) -> Made:
    """What was made of the version in the folder before; else it is made, and kept if the disk takes it. `lexical`:
    the version's own lexical index. Raises CollectionError where that is damaged."""
    found = _kept(folder / FOLDER, manifest, documents, passages)
    if found is None:
        found = _made(documents, passages, lexical)
        _keep(folder, manifest, found, documents, passages)
    return found


def _made(documents: Lines[Document], passages: Lines[Passage], lexical: Path) -> Made:
    """Each document and passage is read once, for the columns and for the index."""
    builder = ColumnsBuilder()
    for document in documents:
        builder.add_document(document)

    def texts() -> Iterator[str]:
        for passage in passages:
            builder.add_passage(passage)
            yield passage.model_text

    read = texts()
    index = LexicalIndex.load(lexical, read)
    for _ in read:  # what the index could do without
        pass
    return builder.done(), index


def _kept(place: Path, manifest: Manifest, documents: Lines[Document], passages: Lines[Passage]) -> Made | None:
    """None where there is nothing, or what cannot be used any more: it is made again then."""
    try:
        made = read_manifest(place)
        check_files(place, made)
        columns, document_starts, passage_starts = load_columns(place)
        index = LexicalIndex.load(place / _LEXICAL)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, CollectionError) as exc:
        logger.info("What was made of the collection %r is made again: %s", manifest.name, exc)
        return None
    starts = ((document_starts, documents.starts), (passage_starts, passages.starts))
    fits = made.fingerprint == manifest.fingerprint and index.rows == len(passages)
    return (columns, index) if fits and all(np.array_equal(*pair) for pair in starts) else None


def _keep(folder: Path, manifest: Manifest, made: Made, documents: Lines[Document], passages: Lines[Passage]) -> None:
    """Write it, seen whole or not at all. A disk that is full or may only be read is none of the reader's business."""
    columns, index = made
    fresh, place = folder / f".{FOLDER}.{uuid.uuid4().hex[:8]}.tmp", folder / FOLDER
    try:
        fresh.mkdir()
        save_columns(fresh, columns, documents.starts, passages.starts)
        index.save(fresh / _LEXICAL)
        written = checksums(fresh)
        note_written(fresh, written)
        own = manifest.model_copy(update={"files": written, "owner": None})
        (fresh / MANIFEST).write_text(own.model_dump_json(indent=1), encoding="utf-8")
        for path in fresh.rglob("*"):
            sync(path)
        shutil.rmtree(place, ignore_errors=True)  # what cannot be used any more
        fresh.rename(place)
    except OSError as exc:
        logger.info("The collection %r is read whole each time it is opened: %s", manifest.name, exc)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
