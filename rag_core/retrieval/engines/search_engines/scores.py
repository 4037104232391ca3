"""`_score` of a nearest-neighbour search back to what the vectors' distance says, and in which space that is.

Lucene wants scores over 0, so both servers turn each distance into one (their documentation of `similarity` and of
`space_type` gives the formulas): cosine is (1 + cos) / 2, l2 is 1 / (1 + d²), an inner product is i + 1 or 1 / (1 - i).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rag_core.retrieval.engines.index_config import Distance
from rag_core.schema.spaces import ScoreSpace

Back = Callable[[float], float]


def _product(score: float) -> float:
    return score - 1 if score >= 1 else 1 - 1 / score


def _same(score: float) -> float:
    return score


BACK: dict[str, tuple[ScoreSpace, Back]] = {
    "cosine": (ScoreSpace.COSINE, lambda score: 2 * score - 1),
    "cosinesimil": (ScoreSpace.COSINE, lambda score: 2 * score - 1),
    "nmslib cosinesimil": (ScoreSpace.COSINE, lambda score: 2 - 1 / score),
    "dot_product": (ScoreSpace.DOT, lambda score: 2 * score - 1),
    "max_inner_product": (ScoreSpace.DOT, _product),
    "innerproduct": (ScoreSpace.DOT, _product),
    "l2_norm": (ScoreSpace.DISTANCE, lambda score: math.sqrt(max(0.0, 1 / score - 1))),
    "l2": (ScoreSpace.DISTANCE, lambda score: math.sqrt(max(0.0, 1 / score - 1))),
}
"""By similarity (Elasticsearch) or space type (OpenSearch)."""

DISTANCES: dict[str, Distance] = {
    "cosine": "cosine", "cosinesimil": "cosine", "dot_product": "dot", "max_inner_product": "dot",
    "innerproduct": "dot", "l2_norm": "l2", "l2": "l2",
}  # fmt: skip


def similarity(given: Mapping[str, Any]) -> str:
    """How the vectors of a field are compared, by its definition: cosine in Elasticsearch and l2 in OpenSearch, if it
    says nothing."""
    method = given.get("method") or {}
    if given.get("type") == "knn_vector":
        return str(given.get("space_type") or method.get("space_type") or "l2")
    return str(given.get("similarity") or "cosine")


def library(given: Mapping[str, Any]) -> str:
    """The library that searches a field of OpenSearch."""
    return str((given.get("method") or {}).get("engine") or given.get("engine") or "")


def meaning(given: Mapping[str, Any]) -> tuple[ScoreSpace, Back]:
    """The space of a field's scores, and the way there from `_score`."""
    compared = similarity(given)
    if library(given) == "nmslib" and f"nmslib {compared}" in BACK:
        compared = f"nmslib {compared}"
    return BACK.get(compared, (ScoreSpace.UNKNOWN, _same))
