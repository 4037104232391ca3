"""The settings of the app on a recorded run: what of a policy can be replayed, and what stays as it was recorded."""

from __future__ import annotations

from rag_core.rerank.catalogue import entry_of
from rag_core.runs.replaying import Control, Obstacle, RunChange, candidates_of, obstacles
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, relevance_space
from rag_core.schema.trace import Trace

REPLAYED = (Control.RERANKER, Control.POOL, Control.THRESHOLD, Control.TOP_K)
"""The settings of a policy that a recorded run is replayed with."""


def change_for(trace: Trace, policy: Policy) -> RunChange:
    """The policy's reranker, pool, threshold and top-k, each as far as the run can be replayed with it.

    No first pass can be: the reranker reads what the policy's first pass would have read.
    """
    reranker = policy.reranker if Control.RERANKER not in obstacles(trace, policy.reranker) else None
    off = obstacles(trace, reranker)
    return RunChange(
        reranker=reranker,
        pool=policy.reads if Control.POOL not in off and policy.reads < len(candidates_of(trace).hits) else None,
        threshold=_threshold(trace, policy, reranker, off),
        top_k=None if Control.TOP_K in off else policy.top_k,
    )


def not_replayed(trace: Trace, policy: Policy) -> dict[Control, Obstacle]:
    """Which of `REPLAYED` stay as they were recorded, and why."""
    reranker = policy.reranker if Control.RERANKER not in obstacles(trace, policy.reranker) else None
    off = obstacles(trace, policy.reranker) | obstacles(trace, reranker)
    if not _fits(trace, policy, reranker):
        off = {Control.THRESHOLD: Obstacle.KIND} | off
    asked = [one for one in REPLAYED if one is not Control.THRESHOLD or policy.threshold.minimum is not None]
    return {control: off[control] for control in asked if control in off}


def _threshold(trace: Trace, policy: Policy, reranker: str | None, off: dict[Control, Obstacle]) -> Threshold:
    """The policy's threshold where it is for the scores that are cut; else none."""
    return policy.threshold if _fits(trace, policy, reranker) and Control.THRESHOLD not in off else Threshold()


def _fits(trace: Trace, policy: Policy, reranker: str | None) -> bool:
    """False for a threshold of another space than that of the scores that are cut."""
    return policy.threshold.minimum is None or policy.threshold.space is _space(trace, reranker)


def _space(trace: Trace, reranker: str | None) -> ScoreSpace:
    """The space of the scores that a threshold would cut."""
    if reranker is None:
        return trace.relevance_space
    if reranker == NO_RERANKER:
        return candidates_of(trace).space
    return relevance_space(entry_of(reranker).space)
