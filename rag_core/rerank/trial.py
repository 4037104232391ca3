"""One small scoring call: does this reranker work, how fast, and does it put the right passage first?

The question and the passages are invented, so nothing of anybody's collection is sent to a service. Nothing is cached.
"""

from __future__ import annotations

from rag_core.rerank.base import Reranker
from rag_core.rerank.scoring import score_pairs
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Passage
from rag_core.schema.spaces import ScoreSpace

QUERY = "How long does a refund take?"
PASSAGES = (
    "A refund takes five working days to arrive on your account.",
    "Parcels are delivered between nine and five on working days.",
    "The canteen serves soup on Fridays.",
)
"""The first one is the answer."""


class Trial(Frozen):
    """What came of it. `scores` stand in the order of `PASSAGES`; empty where `failure` says why there are none.

    Milliseconds; `tokens` and `units` are what the model read or the service billed, 0 where it does not say.
    """

    model: str
    space: ScoreSpace
    runs_on: str = ""
    scores: tuple[float, ...] = ()
    load_ms: float = 0.0
    took_ms: float = 0.0
    tokens: int = 0
    units: float = 0.0
    failure: str = ""

    @property
    def right_first(self) -> bool:
        """Whether the passage that answers the question has the highest score."""
        return bool(self.scores) and self.scores[0] == max(self.scores) and len(set(self.scores)) > 1


def try_out(reranker: Reranker) -> Trial:
    """Score the three passages. Never raises for a model's failure: `Trial.failure` says it in words."""
    passages = [
        Passage(id=str(i), document_id="", start=0, end=len(text), text=text) for i, text in enumerate(PASSAGES)
    ]
    scored = score_pairs(reranker, QUERY, passages, slice_size=len(passages))
    return Trial(
        model=scored.model,
        space=scored.space,
        runs_on=scored.runs_on,
        scores=() if scored.failure else tuple(scored.pairs[passage.id].score for passage in passages),
        load_ms=scored.load_ms,
        took_ms=scored.timing.took_ms,
        tokens=scored.tokens,
        units=scored.units,
        failure=scored.failure or "",
    )
