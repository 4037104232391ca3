"""What the commands share: a folder's documents, saved collections, and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag_core.analysis.paid_calls import calls_by_service
from rag_core.corpus.loading.load import Loaded, load_folder
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.visible import shared_library
from rag_core.errors import BadInput
from rag_core.rerank.metering import metered
from rag_core.settings import Settings
from rag_core.wording.paid_calls import paid_text

EMBEDDER_HELP = (
    "the embedding model: packaged, a folder, a hub name, or one behind HTTP, such as openai:text-embedding-3-small, "
    "to which the texts are sent (docs/embedders.md; default: SECOND_PASS_EMBEDDING_MODEL, packaged)"
)
OWN_MODEL = "A saved collection is asked with its own embedding model. Leave --embedder out."


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


@contextmanager
def told_what_was_sent() -> Iterator[None]:
    """Say on stderr how many requests the work inside sent to services, also where it is stopped or fails."""
    with metered() as meter:
        try:
            yield
        finally:
            if said := paid_text(calls_by_service(meter.spent)):
                sys.stderr.write(f"\n{said}\n")
