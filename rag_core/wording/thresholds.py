"""Why there is no threshold for some scores."""

from __future__ import annotations

from rag_core.schema.spaces import ScoreSpace

RANKS_ONLY = "There is no threshold without a reranker: fused ranks say nothing about relevance."


def why_no_threshold(space: ScoreSpace) -> str:
    """Why scores of this space cannot be cut."""
    return RANKS_ONLY if space is ScoreSpace.RRF else f"There is no threshold for scores of the kind “{space}”."
