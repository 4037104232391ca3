"""Which reranker runs of this installation begin with: the shipped default, or one that was made the default here.

`STANDARD` is what the app offers to download with one click. Nothing here asks a network.
"""

from __future__ import annotations

from pathlib import Path

from rag_core.errors import BadInput
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_FIRST_PASS, DEFAULT_POOL, DEFAULT_RERANKER, FirstPass
from rag_core.storage.files import replace_text

STANDARD = "cross-encoder:cross-encoder/ms-marco-MiniLM-L6-v2"
"""A cross-encoder that was trained on half a million queries of MS MARCO: small, and stronger than what ships."""
FILE = "default_reranker"
MOST_BYTES = 1000


def default_reranker(data_dir: Path) -> str:
    """The key of this installation's default. Raises BadInput where the file names no reranker."""
    file = data_dir / FILE
    try:
        with file.open("rb") as stream:
            key = stream.read(MOST_BYTES).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return DEFAULT_RERANKER
    except OSError as exc:
        raise BadInput(f"{file} cannot be read ({exc.strerror}). Remove it to use the shipped default.") from exc
    try:
        return entry_of(key).key
    except BadInput as exc:
        raise BadInput(f"{file} names a default reranker that is not known. Remove that file. ({exc})") from exc


def make_default(data_dir: Path, key: str) -> None:
    """Begin runs of this installation with that reranker; with the shipped default, forget any other."""
    entry_of(key)
    file = data_dir / FILE
    if key == DEFAULT_RERANKER:
        file.unlink(missing_ok=True)
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    replace_text(file, f"{key}\n")


def passes_of(key: str, top_k: int | None, pool: int | None) -> dict[str, FirstPass | int | str]:
    """The fields of a policy that begins with that reranker: behind the default first pass, on its best.

    The first pass itself reads the fused order.
    """
    if key == DEFAULT_FIRST_PASS.reranker:
        return {"reranker": key, **({"pool": pool} if pool else {})}
    reads = pool or max(DEFAULT_POOL, top_k or 0)
    first_pass = DEFAULT_FIRST_PASS.with_(pool=max(DEFAULT_FIRST_PASS.pool, reads))
    return {"reranker": key, "first_pass": first_pass, "pool": reads}
