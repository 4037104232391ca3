"""Rerankers that do not come with the project, as data: local models of the hub, hosted ones, own servers.

Sizes, licences, languages and context are those of the model cards and vendors' pages. A price stands here only with
the place and the month it was read; what a vendor does not publish is left out.
"""

from __future__ import annotations

from rag_core.rerank.entry import Entry, Kind, Requirement
from rag_core.rerank.hosted import prices
from rag_core.rerank.hosted.providers import OWN_SERVERS, PROVIDERS
from rag_core.schema.price import Price
from rag_core.schema.spaces import ScoreSpace

CROSS_ENCODER, COLBERT, PACKAGED = "cross-encoder:", "colbert:", "rerankers:"
KEYS: dict[Kind, str] = {"cross-encoder": CROSS_ENCODER, "ColBERT": COLBERT}
SPACES: dict[Kind, ScoreSpace] = {"cross-encoder": ScoreSpace.LOGIT, "ColBERT": ScoreSpace.MAXSIM}
"""Of the kinds that run on this machine: how a key begins, what a score is."""

ENGLISH, MANY = "English", "100 and more"
APACHE, NON_COMMERCIAL = "Apache-2.0", "CC-BY-NC-4.0"


def _local(
    name: str,
    maker: str,
    licence: str,
    size: str,
    languages: str,
    context: int,
    needs: Requirement = "download",
    note: str = "",
    kind: Kind = "cross-encoder",
) -> Entry:
    return Entry(
        key=f"{KEYS[kind]}{name}",
        label=name.partition("/")[2],
        kind=kind,
        model=name,
        maker=maker,
        licence=licence,
        size=f"{size} parameters",
        languages=languages,
        context=context,
        space=SPACES[kind],
        needs=needs,
        note=note,
    )


_ST, _BAAI, _MXBAI, _JINA = "sentence-transformers", "BAAI", "Mixedbread", "Jina AI"
_SHORTER = "Takes 8,192 tokens; its makers fine-tuned it with 1,024 and advise that."
_LONGER = "Reads 300 tokens of a passage unless its configuration says more."
_LISTWISE = "Listwise: a score depends on the passages beside it, so scores of different pools do not compare."

LOCAL = (
    _local("cross-encoder/ms-marco-TinyBERT-L2-v2", _ST, APACHE, "4.4M", ENGLISH, 512),
    _local("cross-encoder/ms-marco-MiniLM-L6-v2", _ST, APACHE, "23M", ENGLISH, 512),
    _local("cross-encoder/ms-marco-MiniLM-L12-v2", _ST, APACHE, "33M", ENGLISH, 512),
    _local("BAAI/bge-reranker-base", _BAAI, "MIT", "278M", "English, Chinese", 512),
    _local("BAAI/bge-reranker-large", _BAAI, "MIT", "560M", "English, Chinese", 512),
    _local("BAAI/bge-reranker-v2-m3", _BAAI, APACHE, "568M", "multilingual", 8192, note=_SHORTER),
    _local("mixedbread-ai/mxbai-rerank-xsmall-v1", _MXBAI, APACHE, "71M", ENGLISH, 512),
    _local("mixedbread-ai/mxbai-rerank-base-v1", _MXBAI, APACHE, "184M", ENGLISH, 512),
    _local("mixedbread-ai/mxbai-rerank-large-v1", _MXBAI, APACHE, "435M", ENGLISH, 512),
    _local("mixedbread-ai/mxbai-rerank-base-v2", _MXBAI, APACHE, "0.5B", MANY, 8192, "serving"),
    _local("mixedbread-ai/mxbai-rerank-large-v2", _MXBAI, APACHE, "1.5B", MANY, 8192, "serving"),
    _local("jinaai/jina-reranker-v1-tiny-en", _JINA, APACHE, "33M", ENGLISH, 8192, "code"),
    _local("jinaai/jina-reranker-v1-turbo-en", _JINA, APACHE, "37.8M", ENGLISH, 8192, "code"),
    _local("jinaai/jina-reranker-v2-base-multilingual", _JINA, NON_COMMERCIAL, "278M", MANY, 1024, "code"),
    _local("jinaai/jina-reranker-m0", _JINA, NON_COMMERCIAL, "2.4B", "29", 10240, "serving"),
    _local("answerdotai/answerai-colbert-small-v1", "Answer.AI", APACHE, "33M", ENGLISH, 512, kind="ColBERT"),
    _local("lightonai/GTE-ModernColBERT-v1", "LightOn", APACHE, "149M", ENGLISH, 300, note=_LONGER, kind="ColBERT"),
    _local("colbert-ir/colbertv2.0", "Stanford", "MIT", "110M", ENGLISH, 512, kind="ColBERT"),
    _local("jinaai/jina-reranker-v3", _JINA, NON_COMMERCIAL, "0.6B", "93", 131_072, "serving", _LISTWISE),
)


def _hosted(
    provider: str, model: str, languages: str = "", context: int | None = None, price: Price | None = None
) -> Entry:
    row = PROVIDERS[provider]
    return Entry(
        key=f"{provider}:{model}",
        label=f"{row.label} {model.rpartition('/')[2]}",
        kind="hosted",
        model=model,
        maker=row.label,
        licence="hosted",
        languages=languages,
        context=context,
        space=row.space,
        price=price,
        needs="key",
        note=f"Question and passages are sent to {row.label}.",
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
    _hosted("pinecone", "pinecone-rerank-v0", ENGLISH, 512),
    _hosted("zeroentropy", "zerank-2", price=prices.ZEROENTROPY),
    _hosted("zeroentropy", "zerank-1-small", price=prices.ZEROENTROPY),
)

OLLAMA = Entry(
    key="ollama",
    label="Ollama",
    kind="own server",
    maker="Ollama",
    space=ScoreSpace.LOGIT,
    needs="another server",
)

SERVERS = (
    *(
        Entry(
            key=row.name,
            label=f"{row.label} (your server)",
            kind="own server",
            space=row.space,
            needs="address",
            note=f"The server that {row.address_env} names. Its scores are taken as {row.space}s.",
        )
        for row in OWN_SERVERS
    ),
    OLLAMA,
)

KNOWN = {entry.key: entry for entry in (*LOCAL, *HOSTED_MODELS, *SERVERS)}
"""Every reranker of this file, by key."""
