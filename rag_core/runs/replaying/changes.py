"""What a replay of a recorded run changes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rag_core.schema.base import Frozen
from rag_core.schema.fusion import Fusion, Weight
from rag_core.schema.policy import MOST_KEPT
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold


class RunChange(Frozen):
    """The settings that differ from the recorded run; None, or what it is without a value, is as recorded.

    reranker   a key of the catalogue, which takes the place of the run's last reranker
    pool       how many of the recorded candidates are reranked, from the first
    weights    weight of each recorded search by name (1 for those without), for a fusion by reciprocal ranks
    k          the constant of that fusion; alone, it fuses with all weights 1
    threshold  the lowest relevance that is kept, in the space of the reranker
    top_k      how many are kept
    """

    reranker: Annotated[str | None, Field(min_length=1, max_length=180)] = None
    pool: Annotated[int | None, Field(ge=1)] = None
    weights: dict[str, Weight] | None = None
    k: Annotated[int | None, Field(ge=1, le=1000)] = None
    threshold: Threshold = Threshold()
    top_k: Annotated[int | None, Field(ge=1, le=MOST_KEPT)] = None

    def fusion(self) -> Fusion:
        """The fusion as a policy has it, which weighs the lists `dense` and `lexical` alone."""
        weights = self.weights or {}
        return Fusion(
            k=self.k or Fusion().k,
            dense_weight=weights.get(StepName.DENSE, 1.0),
            lexical_weight=weights.get(StepName.LEXICAL, 1.0),
        )

    @property
    def fuses(self) -> bool:
        """True where the recorded searches are fused again."""
        return self.weights is not None or self.k is not None

    @property
    def reorders(self) -> bool:
        """True where it changes what is reranked, or by what."""
        return bool(self.reranker or self.pool or self.fuses)
