"""The sample corpus: indexed on first use, again only when its files have changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.corpus.indexing import StepProgress, ignore
from rag_core.corpus.loading.load import load_folder
from rag_core.corpus.readers.registry import READERS_VERSION
from rag_core.corpus.storage.library import Library
from rag_core.errors import CollectionError
from rag_core.retrieval.embedders.protocol import ReadsTokens
from rag_core.schema.chunking import Chunking
from rag_core.storage.files import replace_text

if TYPE_CHECKING:
    from rag_core.retrieval.embedders.protocol import Embedder

SAMPLE = "Sample corpus"
STAMP = "sample.sha256"


def is_current(library: Library, folder: Path, embedder: Embedder) -> bool:
    """Whether the library has the sample corpus as its files are now, with the vectors of that embedder."""
    known = library.root / STAMP
    if SAMPLE not in library.names() or not known.exists():
        return False
    return known.read_text() == _stamp(folder / "documents", embedder)


def ensure_sample(library: Library, folder: Path, embedder: Embedder, progress: StepProgress = ignore) -> None:
    """Have the sample corpus in the library as its files are now. Quick where nothing has changed.

    Raises CollectionError where the folder has no documents or one of them cannot be read.
    """
    if is_current(library, folder, embedder):
        return
    documents = folder / "documents"
    stamp = _stamp(documents, embedder)
    loaded = load_folder(documents)
    if loaded.problems or not loaded.documents:
        first = str(loaded.problems[0]) if loaded.problems else "it is empty"
        raise CollectionError(f"The sample corpus in {folder} cannot be read: {first}.")
    library.build(SAMPLE, loaded.documents, Chunking(), embedder, progress, replace=True, files=loaded.files)
    replace_text(library.root / STAMP, stamp)


def read_examples(folder: Path, count: int) -> list[dict[str, str]]:
    """The queries that `examples.json` names, up to `count`: {"text", "shows"}, where `shows` says what to look for.

    Without that file the first query of each kind; empty where there is no query file.
    """
    path = folder / "queries.jsonl"
    if not path.exists():
        return []
    queries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = folder / "examples.json"
    if not chosen.exists():
        by_kind = {query["kind"]: {"text": query["text"], "shows": query["kind"]} for query in reversed(queries)}
        return list(by_kind.values())[::-1][:count]
    texts = {query["_id"]: query["text"] for query in queries}
    examples = json.loads(chosen.read_text(encoding="utf-8"))
    return [{"text": texts[one["id"]], "shows": one["shows"]} for one in examples][:count]


def _stamp(folder: Path, embedder: Embedder) -> str:
    """A hash of every file below the folder, with its name, of the readers, and of what makes vectors and token vectors
    of them."""
    tokens = embedder.token_model() if isinstance(embedder, ReadsTokens) else ""
    digest = hashlib.sha256(f"{embedder.model}\0{READERS_VERSION}\0{tokens}".encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
