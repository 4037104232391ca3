"""The embedding model of a key, for one caller: in this process, or behind HTTP with that caller's secret.

embedder_for("packaged")
embedder_for("openai:text-embedding-3-small?dimensions=512")
embedder_for("vllm:http://gpu:8000#BAAI/bge-m3", settings, access)
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from rag_core.rerank.access import Credentials
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.hosted.service import HostedEmbedder
from rag_core.retrieval.embedders.naming import EmbedderKey, parse_key
from rag_core.retrieval.embedders.sentence_embedder import embedder_of_key
from rag_core.retrieval.embedders.vector_book import VectorBook
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.retrieval.embedders.protocol import Embedder

_sharing = threading.Lock()
_shared: dict[tuple[str, VectorBook | None], HostedEmbedder] = {}


def embedder_for(key: str, settings: Settings | None = None, access: Credentials | None = None) -> Embedder:
    """The model of that key; one a process, unless the caller brings a secret of its own. Asks nobody yet.

    Raises BadInput for a key that names no model.
    """
    settings, access = settings or Settings(), access or Credentials()
    named = parse_key(key, access.environ)
    if not named.remote:
        return embedder_of_key(named, settings.device)
    book = kept_vectors(settings)
    secret = access.key_for(str(named))
    if secret:
        return access.own(f"embed {named}", str(book), partial(HostedEmbedder, named, secret, book))
    with _sharing:
        return _shared.setdefault((str(named), book), HostedEmbedder(named, None, book))


def kept_vectors(settings: Settings) -> VectorBook | None:
    """Where vectors of services are kept; None where nothing shall be."""
    most = settings.keep_vectors_mb * 2**20
    return VectorBook(settings.data_dir, most) if most else None


def missing_for(named: EmbedderKey, access: Credentials) -> str:
    """What this caller lacks to use the model, as a sentence; empty where nothing seems to be. Sends nothing."""
    api = APIS.get(named.api)
    if api is None or not api.hosted or access.key_for(str(named)) or access.environ.get(api.env, "").strip():
        return ""
    return f"{api.label} needs a key: set the environment variable {api.env}, or enter one for this session."
