"""Hosted embedding models that are offered by name: how long their vectors are, what they read, what they cost.

Any other model of a service can be named by its key. Prices are left out where the vendor publishes none, or where
two sources contradict each other.
"""

from __future__ import annotations

from rag_core.rerank.hosted.prices import per_million_tokens
from rag_core.schema.base import Frozen
from rag_core.schema.price import Price

_QUOTED = "embeddingcost.com, which quotes the vendors' pages"
_READ = "May 2026"


class KnownModel(Frozen):
    """One model. `dimensions`: of its whole vectors; `shorter`: lengths that it can be asked for instead."""

    key: str
    dimensions: int
    shorter: tuple[int, ...] = ()
    longest: int
    price: Price | None = None


def _price(dollars: float) -> Price:
    return per_million_tokens(dollars, _QUOTED, _READ).with_(what="1 million tokens")


KNOWN_MODELS = (
    KnownModel(
        key="openai:text-embedding-3-small", dimensions=1536, shorter=(1024, 512), longest=8191, price=_price(0.02)
    ),
    KnownModel(
        key="openai:text-embedding-3-large", dimensions=3072, shorter=(1024, 256), longest=8191, price=_price(0.13)
    ),
    KnownModel(key="cohere:embed-v4.0", dimensions=1536, shorter=(1024, 512, 256), longest=128_000),
    KnownModel(key="cohere:embed-multilingual-v3.0", dimensions=1024, longest=512),
    KnownModel(key="voyage:voyage-3.5", dimensions=1024, shorter=(2048, 512, 256), longest=32_000, price=_price(0.06)),
    KnownModel(
        key="voyage:voyage-3-large", dimensions=1024, shorter=(2048, 512, 256), longest=32_000, price=_price(0.18)
    ),
    KnownModel(key="jina:jina-embeddings-v3", dimensions=1024, shorter=(512, 256), longest=8192),
    KnownModel(
        key="gemini:gemini-embedding-001", dimensions=3072, shorter=(1536, 768), longest=2048, price=_price(0.15)
    ),
)

_BY_KEY = {model.key: model for model in KNOWN_MODELS}


def known_model(key: str) -> KnownModel | None:
    """The model of that key (options left out of account), or None."""
    return _BY_KEY.get(key.partition("?")[0])
