"""What the commands share: a folder's documents, saved collections, and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rag_core.corpus.loading.load import load_folder
from rag_core.corpus.storage.library import Library
from rag_core.errors import BadInput
from rag_core.schema.documents import Document
from rag_core.settings import Settings


def read_documents(folder: Path) -> Sequence[Document]:
    """Every document below a folder; the files that cannot be read are named on stderr. Raises BadInput for none."""
    loaded = load_folder(folder)
    for problem in loaded.problems:
        sys.stderr.write(f"Left out: {problem}\n")
    if not loaded.documents:
        raise BadInput(f"No file below {folder} could be read. Give a folder of documents.")
    return loaded.documents


def library(settings: Settings) -> Library:
    """The collections that the app shows to everybody."""
    return Library(settings.data_dir / "collections", settings.exact_limit)


def progress(step: str, done: int, total: int) -> None:
    """Say on stderr that a step is done."""
    if done == total:
        sys.stderr.write(f"{step}: {done} of {total}\n")
