"""Everything that the sweep page draws, in one call: what a redraw costs is what this takes.

Arithmetic on arrays only. Settings that nobody may sweep here are left out, not faked: signals need dates and sources,
fusion needs two lists.
"""

from __future__ import annotations

from rag_core.evaluation import sweeps
from rag_core.evaluation.cuts import Cut, Cuts
from rag_core.evaluation.headroom import Headroom, headroom
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.sweeps import Sweep
from rag_core.schema.base import Frozen
from rag_core.schema.policy import Policy

SIGNALS = ("search", "freshness", "authority", "diversity")


class Board(Frozen):
    """Curves by setting, both cuts, and the split of the loss (None where it is not known)."""

    curves: dict[str, Sweep]
    by_threshold: tuple[Cut, ...]
    by_top_k: tuple[Cut, ...]
    headroom: Headroom | None

    @property
    def unscored(self) -> int:
        """Pairs that must be scored to know every point of every curve."""
        return max((curve.unscored for curve in self.curves.values()), default=0)


def asked_by(policy: Policy, pool: int) -> list[Policy]:
    """The policies whose pools must be scored to know every point of the curves, pools up to `pool`."""
    fusion = policy.fusion
    shares = [fusion.with_(dense_weight=1 - share, lexical_weight=share) for share in sweeps.LEXICAL_SHARES]
    ks = [fusion.with_(k=k) for k in sweeps.RRF_KS]
    widest = max(min(pool, policy.first_pass.pool) if policy.first_pass else pool, policy.pool)
    return [
        policy.with_(pool=widest),
        *(policy.with_(fusion=one) for one in (*shares, *ks)),
        *(policy.with_(depth=depth) for depth in sweeps.DEPTHS),
    ]


def board(
    pools: Pools, policy: Policy, metric: str, unanswerable: tuple[str, ...] = (), pool: int = sweeps.POOLS[-1]
) -> Board:
    """All curves around one policy, pools up to `pool`. Threshold and top-k are empty where pairs of the policy's own
    pools have no score."""
    sizes = [size for size in sweeps.POOLS if size <= max(pool, policy.pool)]
    curves = [sweeps.pool(pools, policy, metric, sizes), sweeps.depth(pools, policy, metric)]
    if len(pools.ranks) > 1:
        curves += [sweeps.lexical_share(pools, policy, metric), sweeps.rrf_k(pools, policy, metric)]
    if pools.facts is not None:
        curves += [sweeps.signal(pools, policy, metric, name) for name in SIGNALS]
    cuts = Cuts(pools, policy, unanswerable)
    return Board(
        curves={curve.setting: curve for curve in curves},
        by_threshold=() if cuts.unscored else tuple(cuts.by_threshold()),
        by_top_k=() if cuts.unscored else tuple(cuts.by_top_k()),
        headroom=headroom(pools, policy, metric),
    )
