"""What was asked of services and servers that may bill for it: `PaidCalls`, and `EmbeddingCalls` of a run's texts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from rag_core.schema.base import Frozen


class PaidCalls(Frozen):
    """What one service or server was asked. Requests that it refused or that failed count too.

    tokens, units  what it says it billed; 0 where it does not say
    dollars        what that costs; None without a known price
    """

    requests: Annotated[int, Field(ge=0)] = 0
    tokens: Annotated[int, Field(ge=0)] = 0
    units: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    dollars: Annotated[FiniteFloat, Field(ge=0)] | None = None

    def __add__(self, other: PaidCalls) -> PaidCalls:
        """Both together.

        >>> PaidCalls(requests=1, tokens=5) + PaidCalls(requests=2, dollars=0.5)
        PaidCalls(requests=3, tokens=5, units=0.0, dollars=0.5)
        """
        known = [one.dollars for one in (self, other) if one.dollars is not None]
        return PaidCalls(
            requests=self.requests + other.requests,
            tokens=self.tokens + other.tokens,
            units=self.units + other.units,
            dollars=sum(known) if known else None,
        )


class EmbeddingCalls(Frozen):
    """What embedding the texts of a question's searches took. `model`: the key of the embedding model."""

    model: str
    calls: PaidCalls

    def __add__(self, other: EmbeddingCalls | None) -> EmbeddingCalls:
        """Both together; they are of one model."""
        return self.with_(calls=self.calls + other.calls) if other else self
