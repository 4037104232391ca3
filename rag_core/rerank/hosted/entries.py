"""Rerankers behind HTTP that the Rerankers page lists, and the entry of any other service's model or server.

Languages and context lengths are those of the vendors' pages; prices are in `prices`.
"""

from __future__ import annotations

from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted import prices
from rag_core.rerank.hosted.providers import OWN_SERVERS, PROVIDERS
from rag_core.schema.price import Price
from rag_core.schema.spaces import ScoreSpace

HOSTED, OWN_SERVER = "hosted", "own server"
"""The names of these kinds."""

MANY = "100 and more"


def describe(key: str) -> Entry:
    """The entry of any model of a service (`cohere:rerank-next`) or any server (`tei:http://localhost:8080`)."""
    name, _, rest = key.partition(":")
    row = PROVIDERS[name]
    if row.hosted:
        return _hosted(name, rest)
    address, _, model = rest.partition("#")
    return Entry(
        key=key,
        label=f"{row.label} {rest}",
        kind=OWN_SERVER,
        model=model,
        space=row.space,
        needs="address",
        note=f"Sends the question and the passages to {address}.",
    )


def _hosted(
    provider: str, model: str, languages: str = "", context: int | None = None, price: Price | None = None
) -> Entry:
    row = PROVIDERS[provider]
    return Entry(
        key=f"{provider}:{model}",
        label=f"{row.label} {model.rpartition('/')[2]}",
        kind=HOSTED,
        model=model,
        maker=row.label,
        licence="hosted",
        languages=languages,
        context=context,
        space=row.space,
        price=price,
        needs="key",
        note=f"Sends the question and the passages to {row.label}.",
    )


HOSTED_MODELS = (
    _hosted("cohere", "rerank-v4.0-fast", MANY, 32_000, prices.COHERE_RERANK_4_FAST),
    _hosted("cohere", "rerank-v4.0-pro", MANY, 32_000),
    _hosted("cohere", "rerank-v3.5", MANY, 4096),
    _hosted("voyage", "rerank-2.5", "multilingual", 32_000, prices.VOYAGE_RERANK_2_5),
    _hosted("voyage", "rerank-2.5-lite", "multilingual", 32_000, prices.VOYAGE_RERANK_2_5_LITE),
    _hosted("jina", "jina-reranker-v2-base-multilingual", MANY, 1024),
    _hosted("jina", "jina-reranker-m0", "29", 10240),
    _hosted("mixedbread", "mixedbread-ai/mxbai-rerank-large-v2", MANY, 8192, prices.MIXEDBREAD_LARGE_V2),
    _hosted("pinecone", "bge-reranker-v2-m3", MANY, 1024),
    _hosted("pinecone", "pinecone-rerank-v0", "English", 512),
    _hosted("zeroentropy", "zerank-2", price=prices.ZEROENTROPY),
    _hosted("zeroentropy", "zerank-1-small", price=prices.ZEROENTROPY),
)

OLLAMA_INSTEAD = (
    "Ollama has no rerank endpoint. Serve the same GGUF file with llama.cpp "
    "(llama-server --rerank --pooling rank) and name it llamacpp:<address>."
)

OLLAMA = Entry(
    key="ollama",
    label="Ollama",
    kind=OWN_SERVER,
    maker="Ollama",
    space=ScoreSpace.LOGIT,
    needs="another server",
)

SERVERS = (
    *(
        Entry(
            key=row.name,
            label=f"{row.label} (your server)",
            kind=OWN_SERVER,
            space=row.space,
            needs="address",
            note=f"The server at {row.address_env}. Its scores are read as {row.space}s.",
        )
        for row in OWN_SERVERS
    ),
    OLLAMA,
)
