"""How two rankings of the same frozen pool agree: what both keep, Kendall's tau, rank-biased overlap, and one
sentence on what differs. Which of the two is better needs labels and is left to `rag_core.evaluation`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rag_core.errors import BadInput
from rag_core.schema.base import Frozen
from rag_core.schema.once import once
from rag_core.schema.trace import Trace

PERSISTENCE = 0.9
"""RBO's p: with 0.9 the first ten places carry 86 % of the weight (Webber et al. 2010)."""


class Agreement(Frozen):
    """Two traces over one pool. Ids are passage ids, in the order of the side that keeps them.

    tau: Kendall's tau over the whole pool before the cut, None for fewer than two candidates.
    rbo: extrapolated rank-biased overlap over the whole pool before the cut, 0..1, p = `PERSISTENCE`.
    """

    common: tuple[str, ...]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    tau: float | None
    rbo: float
    moved: int
    pool: int


@once
def compare_rankings(left: Trace, right: Trace) -> Agreement:
    """How the two rankings agree. Raises BadInput unless query, collection and pool are the same."""
    a, b = (_order(trace) for trace in (left, right))
    if left.query != right.query or left.collection.fingerprint != right.collection.fingerprint:
        raise BadInput(
            "These two runs ask different questions, or search different collections. Compare like with like."
        )
    if set(a) != set(b):
        raise BadInput(
            "These two runs rerank different pools. Give both the same depth, fusion and pool; against a first "
            "pass, a pool of as many as it reads."
        )
    kept = [[hit.passage_id for hit in trace.kept_step.hits] for trace in (left, right)]
    return Agreement(
        common=tuple(one for one in kept[0] if one in kept[1]),
        only_left=tuple(one for one in kept[0] if one not in kept[1]),
        only_right=tuple(one for one in kept[1] if one not in kept[0]),
        tau=kendall_tau(a, b),
        rbo=rbo(a, b),
        moved=sum(x != y for x, y in zip(a, b, strict=True)),
        pool=len(a),
    )


def kendall_tau(a: Sequence[str], b: Sequence[str]) -> float | None:
    """Kendall's tau of two orders of the same items: 1 the same, -1 reversed; None for fewer than two.

    (pairs in the same order - pairs in the other) / all pairs. Ranks have no ties, so tau-a and tau-b are one.
    """
    if len(a) < 2:
        return None
    place = {item: rank for rank, item in enumerate(b)}
    ranks = [place[item] for item in a]
    same = sum(x < y for x, y in itertools.combinations(ranks, 2))
    pairs = len(a) * (len(a) - 1) // 2
    return (2 * same - pairs) / pairs


def rbo(a: Sequence[str], b: Sequence[str], p: float = PERSISTENCE) -> float:
    """Extrapolated rank-biased overlap of two rankings, 0..1 (Webber, Moffat and Zobel 2010, equation 32).

    The lists may differ in length and content; neither holds an item twice. Two empty lists agree wholly.
    """
    short, long = sorted((list(a), list(b)), key=len)
    s, length = len(short), len(long)
    if not length:
        return 1.0
    if not s:
        return 0.0
    overlap = list(itertools.accumulate(_new_in_common(short, long)))
    seen = sum(overlap[d - 1] / d * p**d for d in range(1, length + 1))
    beyond = sum(overlap[s - 1] * (d - s) / (s * d) * p**d for d in range(s + 1, length + 1))
    last = (overlap[-1] - overlap[s - 1]) / length + overlap[s - 1] / s
    return min(1.0, (1 - p) / p * (seen + beyond) + last * p**length)


def _new_in_common(short: Sequence[str], long: Sequence[str]) -> list[int]:
    """How many items join the overlap of the two heads at each depth 1..len(long)."""
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    joined = []
    for depth, item in enumerate(long):
        before = len(seen_short & seen_long)
        seen_long.add(item)
        if depth < len(short):
            seen_short.add(short[depth])
        joined.append(len(seen_short & seen_long) - before)
    return joined


def _order(trace: Trace) -> list[str]:
    """All that was read, best first; what a first pass did not hand on stands behind what was reranked."""
    return list(trace.places)
