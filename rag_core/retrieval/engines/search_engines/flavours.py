"""What Elasticsearch and OpenSearch say in different words: a row each.

Elasticsearch searches vectors beside the query (`knn`), and fuses by a tree of retrievers; OpenSearch has a query
`knn`, and fuses the scores of a query `hybrid` in a search pipeline, here `min_max` and the arithmetic mean unless the
index has a pipeline of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag_core.retrieval.engines.rest.client import Access
from rag_core.schema.spaces import ScoreSpace

Body = dict[str, Any]
MOST = 10_000
"""What a search returns at most, of either server (`index.max_result_window`, `num_candidates`, `k`)."""

PIPELINE = {
    "phase_results_processors": [
        {
            "normalization-processor": {
                "normalization": {"technique": "min_max"},
                "combination": {"technique": "arithmetic_mean"},
            }
        }
    ]
}


@dataclass(frozen=True)
class Flavour:
    """How one of both servers is asked.

    access     how its key is sent
    nearest    (field, vector, depth, filter) -> body of a dense search
    both       (words, field, vector, depth, filter, pipeline of the index) -> body of its hybrid search
    fused      what the scores of that are
    stored     (field) -> what a search for a stored vector says besides: newer Elasticsearch keeps it out of `_source`
    narrowed   libraries whose vectors cannot be filtered inside the search
    """

    access: Access
    nearest: Callable[[str, list[float], int, Body | None], Body]
    both: Callable[[Body, str, list[float], int, Body | None, str], Body]
    fused: ScoreSpace
    stored: Callable[[str], Body] = lambda _: {}
    narrowed: tuple[str, ...] = ()


def _elastic_knn(field: str, vector: list[float], depth: int, where: Body | None) -> Body:
    candidates = min(MOST, max(100, 2 * depth))
    inside = {"filter": where} if where else {}
    return {"field": field, "query_vector": vector, "k": depth, "num_candidates": candidates, **inside}


def _elastic_nearest(field: str, vector: list[float], depth: int, where: Body | None) -> Body:
    return {"knn": _elastic_knn(field, vector, depth, where)}


def _elastic_both(words: Body, field: str, vector: list[float], depth: int, where: Body | None, _: str) -> Body:
    window = min(MOST, 2 * depth)
    found = [{"standard": {"query": words}}, {"knn": _elastic_knn(field, vector, window, where)}]
    return {"retriever": {"rrf": {"retrievers": found, "rank_window_size": window, "rank_constant": 60}}}


def _open_knn(field: str, vector: list[float], depth: int, where: Body | None) -> Body:
    return {"knn": {field: {"vector": vector, "k": depth, **({"filter": where} if where else {})}}}


def _open_nearest(field: str, vector: list[float], depth: int, where: Body | None) -> Body:
    return {"query": _open_knn(field, vector, depth, where)}


def _open_both(words: Body, field: str, vector: list[float], depth: int, where: Body | None, default: str) -> Body:
    window = min(MOST, 2 * depth)
    hybrid = {"query": {"hybrid": {"queries": [words, _open_knn(field, vector, window, where)]}}}
    return hybrid if default else {**hybrid, "search_pipeline": PIPELINE}


ELASTICSEARCH = Flavour(
    Access(prefix="ApiKey "), _elastic_nearest, _elastic_both, ScoreSpace.RRF, stored=lambda field: {"fields": [field]}
)
OPENSEARCH = Flavour(Access(prefix="Bearer "), _open_nearest, _open_both, ScoreSpace.UNKNOWN, narrowed=("nmslib",))
