"""A collection as files, in one part or two. A large one that was added to, or deleted from:

base/               a whole collection, as it was written: its files are linked, never copied or changed
recent/             a whole small collection with what came since; none where nothing did
gone_rows.npy       which rows of the base are not there any more
gone_documents.npy  which of its documents are not
files.jsonl         the files that documents came from
manifest.json       of it all; the parts' manifests are among its files, and vouch for the parts' files
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag_core.corpus.collection import Collection
from rag_core.corpus.joined import Gone, JoinedCollection
from rag_core.corpus.lines import Lines, write_lines
from rag_core.corpus.storage import serialization
from rag_core.corpus.storage.checked_files import check_files
from rag_core.corpus.storage.manifest import MANIFEST, Manifest, damaged, read_manifest, record_of
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile

_BASE, _RECENT = "base", "recent"
_GONE_ROWS, _GONE_DOCUMENTS, _FILES = "gone_rows.npy", "gone_documents.npy", "files.jsonl"


def save(folder: Path, collection: Collection) -> None:
    """Write the collection into the empty folder, with a checksum of every file in a manifest."""
    if not isinstance(collection, JoinedCollection):
        serialization.save(folder, collection)
        return
    if collection.base.folder is None:
        raise ValueError("The base of a collection in two parts must lie in a folder.")
    _link(collection.base.folder, folder / _BASE)
    own = [_GONE_ROWS, _GONE_DOCUMENTS, _FILES, f"{_BASE}/{MANIFEST}"]
    if collection.recent is not None:
        (folder / _RECENT).mkdir()
        serialization.save(folder / _RECENT, collection.recent)
        own.append(f"{_RECENT}/{MANIFEST}")
    np.save(folder / _GONE_ROWS, collection.gone.rows, allow_pickle=False)
    np.save(folder / _GONE_DOCUMENTS, collection.gone.documents, allow_pickle=False)
    write_lines(folder / _FILES, collection.files)
    files = {name: record_of(folder / name) for name in own}
    manifest = collection.manifest.model_copy(update={"files": files})
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")


def load(folder: Path) -> Collection:
    """The collection that `save` wrote. Raises as `serialization.load` does."""
    manifest = read_manifest(folder)
    if not manifest.parts:
        return serialization.load(folder)
    check_files(folder, manifest)
    base = serialization.load(folder / _BASE, manifest.name)
    recent = serialization.load(folder / _RECENT, manifest.name) if manifest.parts > 1 else None
    gone = _gone(folder, manifest, len(base.passages), len(base.documents()))
    files = list(Lines.of_file(folder / _FILES, SourceFile))
    made = JoinedCollection(manifest, base, recent, gone, files)
    if (len(made.documents()), len(made.passages)) != (manifest.documents, manifest.passages):
        raise damaged(manifest.name, "its parts do not belong together")
    return made


def load_documents(folder: Path) -> tuple[Sequence[Document], Sequence[SourceFile]]:
    """The documents and their files alone, which may be had where an index is damaged. Raises as `load` does."""
    manifest = read_manifest(folder)
    if not manifest.parts:
        return serialization.load_documents(folder)
    check_files(folder, manifest)
    base, _ = serialization.load_documents(folder / _BASE, manifest.name)
    gone = set(_gone(folder, manifest, manifest.passages + len(base), len(base)).documents.tolist())
    documents = [document for place, document in enumerate(base) if place not in gone]
    if manifest.parts > 1:
        documents += serialization.load_documents(folder / _RECENT, manifest.name)[0]
    return documents, list(Lines.of_file(folder / _FILES, SourceFile))


def _gone(folder: Path, manifest: Manifest, rows: int, documents: int) -> Gone:
    gone = Gone(np.load(folder / _GONE_ROWS, allow_pickle=False), np.load(folder / _GONE_DOCUMENTS, allow_pickle=False))
    if gone.rows.max(initial=-1) >= rows or gone.documents.max(initial=-1) >= documents:
        raise damaged(manifest.name, "its parts do not belong together")
    return gone


def _link(source: Path, target: Path) -> None:
    """The same files in another folder. They are never written again, so both folders may have them."""
    target.mkdir()
    for path in source.iterdir():
        if path.is_dir():
            _link(path, target / path.name)
        else:
            try:
                os.link(path, target / path.name)
            except OSError:  # a file system without links: a copy is the same, and takes longer
                shutil.copy2(path, target / path.name)
