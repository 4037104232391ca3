"""What a replay of a recorded run changes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rag_core.schema.base import Frozen
from rag_core.schema.threshold import Threshold


class RunChange(Frozen):
    """The settings that differ from the recorded run; None, or what it is without a value, is as recorded.

    reranker   a key of the catalogue, which takes the place of the run's last reranker
    pool       how many of the recorded candidates are reranked, from the first
    weights    weight of each recorded search by name, for a fusion by reciprocal ranks with the constant `k`
    threshold  the lowest relevance that is kept, in the space of the reranker
    top_k      how many are kept
    """

    reranker: Annotated[str | None, Field(min_length=1, max_length=180)] = None
    pool: Annotated[int | None, Field(ge=1)] = None
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | None = None
    k: Annotated[int, Field(ge=1)] = 60
    threshold: Threshold = Threshold()
    top_k: Annotated[int | None, Field(ge=1, le=100)] = None

    @property
    def reorders(self) -> bool:
        """True where it changes what is reranked, or by what."""
        return bool(self.reranker or self.pool or self.weights is not None)
