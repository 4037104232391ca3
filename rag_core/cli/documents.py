"""What the commands share: a folder's documents, saved collections, and progress on stderr."""

from __future__ import annotations

import sys
from pathlib import Path

from rag_core.corpus.loading.load import Loaded, load_folder
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.visible import shared_library
from rag_core.errors import BadInput
from rag_core.settings import Settings


def read_folder(folder: Path) -> Loaded:
    """Every document below a folder; what cannot be read is named on stderr. Raises BadInput for none."""
    loaded = load_folder(folder)
    for problem in loaded.problems:
        sys.stderr.write(f"Left out: {problem}\n")
    if not loaded.documents:
        raise BadInput(f"No file below {folder} could be read. Give a folder of documents.")
    return loaded


def library(settings: Settings) -> Library:
    """The collections that the app shows to everybody."""
    return shared_library(settings)


def progress(step: str, done: int, total: int) -> None:
    """Say on stderr that a step is done."""
    if done == total:
        sys.stderr.write(f"{step}: {done} of {total}\n")


def scoring_progress(done: int, total: int) -> None:
    """Say on stderr how many queries are scored."""
    sys.stderr.write(f"\rquery {done} of {total}{'' if done < total else chr(10)}")
    sys.stderr.flush()
