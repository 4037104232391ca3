"""A change that keeps a document in a recorded run, and what of the settings was replayed, in words."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.runs.replaying import Control, Obstacle, RunChange, candidates_of
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.trace import Trace
from rag_core.triage.run_fixes import RunFix
from rag_core.wording.fixes import others_text
from rag_core.wording.numbers import count_of, ordinal
from rag_core.wording.run_replays import why_not

SETTINGS = {
    Control.RERANKER: "reranker",
    Control.POOL: "pool",
    Control.THRESHOLD: "threshold",
    Control.TOP_K: "top-k",
}


def fix_text(trace: Trace, fix: RunFix, label: Callable[[str], str]) -> str:
    """`Top-k 5 instead of 3 keeps it, 5th. It also brings in “A”.` label: the name of a reranker by its key."""
    changes = change_text(trace, fix.change, label)
    return f"{changes} keeps it, {ordinal(fix.rank)}. {others_text(fix.entered, fix.left)}"


def change_text(trace: Trace, change: RunChange, label: Callable[[str], str]) -> str:
    """`Top-k 5 instead of 3`; several changes one after the other."""
    kept, candidates, last = len(trace.kept_step.hits), candidates_of(trace), trace.reranked_step.name
    parts: list[str] = []
    if change.reranker:
        off = f"the order of {candidates.name} without {last}"
        parts.append(off if change.reranker == NO_RERANKER else f"reranker {label(change.reranker)} instead of {last}")
    if change.pool:
        parts.append(f"reranking the first {change.pool} of {candidates.name} instead of {len(candidates.hits)}")
    if change.fuses:
        weights = ", ".join(f"{name} {weight:.1f}" for name, weight in (change.weights or {}).items())
        parts.append(f"fusing by reciprocal ranks with weight {weights}")
    if change.threshold.minimum is not None:
        parts.append(f"threshold {change.threshold.minimum:.3f} ({change.threshold.space})")
    if change.top_k:
        parts.append(f"top-k {change.top_k} instead of {kept}")
    text = " and ".join(parts) or "nothing changed"
    return f"{text[0].upper()}{text[1:]}"


def not_replayed_text(trace: Trace, left: dict[Control, Obstacle]) -> str:
    """Which settings stay as they were recorded, and why; empty for none."""
    return " ".join(f"The {SETTINGS[one]} is as recorded: {_lower(why_not(why, trace))}" for one, why in left.items())


def no_first_pass_text(policy: Policy, left: dict[Control, Obstacle]) -> str:
    """That a replay has not the policy's first pass, and what the reranker reads then; empty where the policy has none.

    left: the settings that stay as they were recorded.
    """
    if policy.first_pass is None:
        return ""
    told = f"The first pass and its pool of {policy.pool} are not replayed"
    if {Control.RERANKER, Control.POOL} & left.keys():
        return f"{told}."
    return f"{told}: the reranker itself reads up to {count_of(policy.reads, 'candidate')}."


def _lower(text: str) -> str:
    return text[0].lower() + text[1:] if text.startswith(("The ", "A ", "It ", "What ")) else text
