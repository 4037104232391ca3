"""A first pass before the reranker: which reranker reads how many candidates, and what the searches add."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rag_core.schema.base import Frozen

FULL_DEPTH = 200
"""How deep both searches are measured, so that every smaller depth is a replay."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class FirstPass(Frozen):
    """A first pass: a cheap reranker reads the first `pool` fused candidates, and its best `Policy.pool` go on.

        Policy(first_pass=FirstPass(reranker="late-interaction", pool=100), pool=20, reranker="second-pass-minilm-v3")

    Its order is by the reranker's score + dense * cosine + lexical * share, the share being the lexical score (BM25 or
    ts_rank_cd) over the question's best. At 0 and 0 it is the reranker's own.
    """

    reranker: Annotated[str, Field(min_length=1, max_length=300)]
    pool: Annotated[int, Field(ge=1, le=2 * FULL_DEPTH)] = 100
    dense: Share = 0.0
    lexical: Share = 0.0

    @property
    def adds_searches(self) -> bool:
        """Whether the searches' own scores count beside the reranker's."""
        return self.dense > 0 or self.lexical > 0

    def total(self, score: float, dense: float, lexical: float) -> float:
        """What the first pass orders by: FirstPass(reranker="x", dense=0.3, lexical=0.1).total(0.5, 0.6, 1) -> 0.78."""
        return score + self.dense * dense + self.lexical * lexical


DEFAULT_FIRST_PASS = FirstPass(reranker="late-interaction", pool=100, dense=0.3, lexical=0.1)
"""The first pass of a policy that names neither a reranker nor a first pass."""
