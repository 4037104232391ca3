"""How ranked lists become one: the weights of reciprocal rank fusion, or the engine's own fusion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rag_core.schema.base import Frozen

Weight = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]

FusedBy = Literal["here", "engine"]


class Fusion(Frozen):
    """Weighted reciprocal rank fusion: sum over lists of weight / (k + rank). Cormack et al. 2009 use k = 60.

    by  `engine`: the order is that of the engine's own hybrid search, and k and the weights change nothing
    """

    by: FusedBy = "here"
    k: Annotated[int, Field(ge=1, le=1000)] = 60
    dense_weight: Weight = 1.0
    lexical_weight: Weight = 1.0
