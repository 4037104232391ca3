"""Whether a reranker ran, and what that cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    Field,
    FiniteFloat,
)

from rag_core.schema.base import Frozen

StopReason = Literal["asked", "certain", "patience"]

RerankStatus = Literal["ran", "cached", "off", "failed", "idle"]


class RerankSummary(Frozen):
    """Whether a reranker ran, in words that leave no doubt. In a run with a first pass each of the two has its own.

    status: `ran` (at least one pair was scored by the model), `cached` (every score came from the cache),
    `off` (no reranker chosen), `failed` (`reason` says why; the order before is shown as what it is),
    `idle` (there was nothing to score).

    `pairs_unread`: how many candidates at the end of the pool it did not read, because it was `stopped`: when `asked`,
    when nothing unread could enter the first k (`certain`), or when these had not changed for long (`patience`).
    `pairs_timed`: how many pairs the step's time, `tokens`, `batches` and `units` paid for. Where more were scored than
    this run reads, these are the share of its own pairs, and the step's timing is marked as estimated.
    `requests`: how many were sent to a service, a server or a chat model, those that failed included.
    `runs_on`: what computes its scores, in words; empty where the reranker does not say.
    """

    name: str
    model: str
    runs_on: str = ""
    status: RerankStatus
    reason: str = ""
    pairs_scored: int = 0
    pairs_cached: int = 0
    pairs_timed: int = 0
    pairs_unread: Annotated[int, Field(ge=0)] = 0
    stopped: StopReason | None = None
    order_changed: bool = False
    passages_cut: int = 0
    unseen_tokens: int = 0
    load_ms: FiniteFloat = 0.0
    tokenise_ms: FiniteFloat = 0.0
    tokens: int = 0
    batches: int = 0
    units: FiniteFloat = 0.0
    requests: int = 0
