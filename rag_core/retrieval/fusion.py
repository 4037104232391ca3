"""Weighted reciprocal rank fusion of ranked lists. Knows ids and ranks only, never scores or passages.

Source: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009 (k = 60, all weights 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_core.errors import BadInput


@dataclass(frozen=True)
class FusedHit:
    """One fused candidate. `score` is the sum of `parts`, which hold what each list contributed (space: rrf)."""

    id: str
    score: float
    parts: dict[str, float]


def rrf(lists: Mapping[str, Sequence[str]], weights: Mapping[str, float], k: int = 60) -> list[FusedHit]:
    """Fuse ranked lists of ids: score = sum over lists of weight / (k + rank), the best rank being 1.

    A list of weight 0 contributes no candidates. An id that stands twice in one list counts at its better rank.
    Ties go to the better rank in any one list, then to the smaller id, so that the order is always the same.

        rrf({"dense": ["a", "b"], "lexical": ["b"]}, {"dense": 1, "lexical": 1})
        -> b: 1/(60+2) + 1/(60+1), a: 1/(60+1)

    Raises BadInput for a list without a weight, a negative or non-finite weight, or k below 1.
    """
    _check(lists, weights, k)
    parts: dict[str, dict[str, float]] = {}
    best: dict[str, int] = {}
    for name, ids in lists.items():
        if weights[name] == 0:
            continue
        for rank, id_ in enumerate(dict.fromkeys(ids), start=1):
            parts.setdefault(id_, {})[name] = weights[name] / (k + rank)
            best[id_] = min(rank, best.get(id_, rank))
    hits = [FusedHit(id_, math.fsum(of_id.values()), of_id) for id_, of_id in parts.items()]
    return sorted(hits, key=lambda hit: (-hit.score, best[hit.id], hit.id))


def _check(lists: Mapping[str, Sequence[str]], weights: Mapping[str, float], k: int) -> None:
    if k < 1:
        raise BadInput(f"RRF needs k of at least 1, not {k}.")
    for name in lists:
        if name not in weights:
            raise BadInput(f"RRF has no weight for the list {name!r}. Give one (0 leaves the list out).")
        if not math.isfinite(weights[name]) or weights[name] < 0:
            raise BadInput(f"The RRF weight of {name!r} must be 0 or more, not {weights[name]}.")
