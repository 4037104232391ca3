"""Published prices of hosted rerankers, each with its source. What a vendor does not publish is left out."""

from __future__ import annotations

from rag_core.schema.price import Price

COHERE_RERANK_4_FAST = Price(
    dollars=2.00,
    what="1,000 searches of up to 100 passages (Cohere Rerank 4 Fast)",
    counts="search",
    per=1000,
    source="developer.puter.com/tutorials/cohere-api-pricing (the unit: cohere.com/pricing)",
    read="June 2026 (the unit: October 2026)",
)


def per_million_tokens(dollars: float, source: str, read: str) -> Price:
    """The price of a service that bills tokens."""
    return Price(
        dollars=dollars,
        what="1 million tokens (the question counts once for each passage)",
        counts="token",
        per=1_000_000,
        source=source,
        read=read,
    )


_VOYAGE = "usagepricing.com/blueprint/voyage-ai, which quotes docs.voyageai.com/docs/pricing"
VOYAGE_RERANK_2_5 = per_million_tokens(0.05, _VOYAGE, "November 2026")
VOYAGE_RERANK_2_5_LITE = per_million_tokens(0.02, _VOYAGE, "November 2026")
MIXEDBREAD_LARGE_V2 = per_million_tokens(
    0.15, "mixedbread.com/docs/reranking/models/mxbai-rerank-large-v2", "November 2026"
)
ZEROENTROPY = per_million_tokens(0.025, "docs.zeroentropy.dev/models", "November 2026")
