"""Which settings of a recorded run cannot be replayed, each with the reason as data.

What was not recorded is never made up: a pool can only shrink, and only lists that are there can be fused. The reasons
are put in words by `rag_core.wording.run_replays`.
"""

from __future__ import annotations

from enum import StrEnum

from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.steps import Evidence, Step, StepKind
from rag_core.schema.threshold import can_cut_recorded
from rag_core.schema.trace import Trace
from rag_core.schema.trace_steps import complete, first_of


class Control(StrEnum):
    """The settings of a run, as a policy calls them."""

    RERANKER = "reranker"
    POOL = "pool"
    THRESHOLD = "threshold"
    TOP_K = "top_k"
    FUSION = "fusion"
    DEPTH = "depth"
    FIRST_PASS = "first_pass"
    STOPPING = "stopping"
    SIGNALS = "signals"
    EXTRA_SEARCHES = "extra_searches"
    REWRITE = "rewrite"
    WHERE = "where"


class Obstacle(StrEnum):
    """Why a setting cannot be replayed.

    ELSEWHERE   it would have to be searched or read again, by a pipeline that is elsewhere
    TEXTS       no candidate has a text that a reranker could read
    CANDIDATES  there are no candidates
    SCORES      the reranker did not return all that it read, so scores are missing
    RULES       rules reordered the list after the reranker, and are not recorded
    SPACE       the scores are of a kind of which none is known to say more of relevance than another
    RANKS       the chosen reranker gives no scores that do
    KIND        the threshold is for scores of another kind than those that are cut
    ORDER       what was kept is not the first of one list, or nothing was kept
    INCOMING    the order in which the candidates came was not recorded
    LISTS       fewer than two searches were recorded that the fusion reads, or not all of them
    BETWEEN     another reranker stands between the fusion and the last one
    """

    ELSEWHERE = "elsewhere"
    TEXTS = "texts"
    CANDIDATES = "candidates"
    SCORES = "scores"
    RULES = "rules"
    SPACE = "space"
    RANKS = "ranks"
    KIND = "kind"
    ORDER = "order"
    INCOMING = "incoming"
    LISTS = "lists"
    BETWEEN = "between"


ALWAYS: dict[Control, Obstacle] = {
    **dict.fromkeys(
        (
            Control.DEPTH,
            Control.FIRST_PASS,
            Control.STOPPING,
            Control.EXTRA_SEARCHES,
            Control.REWRITE,
            Control.WHERE,
        ),
        Obstacle.ELSEWHERE,
    ),
    Control.SIGNALS: Obstacle.RULES,
}
"""What no recorded run can be replayed with."""


def obstacles(trace: Trace, reranker: str | None = None) -> dict[Control, Obstacle]:
    """What cannot be replayed of a recorded run, and why. reranker: the one that takes the last one's place, or None
    for the recorded scores; `none` for the order in which the candidates came."""
    candidates = candidates_of(trace)
    if not candidates.hits:
        return ALWAYS | dict.fromkeys(
            (Control.RERANKER, Control.POOL, Control.THRESHOLD, Control.TOP_K, Control.FUSION), Obstacle.CANDIDATES
        )
    found = dict(ALWAYS)
    if reranker != NO_RERANKER and not any(trace.passages[hit.passage_id].text for hit in candidates.hits):
        found[Control.RERANKER] = Obstacle.TEXTS
    if reason := _unfusable(trace, candidates):
        found[Control.FUSION] = reason
    itself = candidates is trace.reranked_step and candidates.kind is StepKind.RERANK
    if itself or candidates.evidence is not Evidence.RECORDED:
        found[Control.POOL] = Obstacle.INCOMING
    if reranker == NO_RERANKER and not can_cut_recorded(candidates.space):
        found[Control.THRESHOLD] = Obstacle.RANKS
    if reranker is None:
        found = _by_recorded_scores(trace, candidates) | found
    return found


def _by_recorded_scores(trace: Trace, candidates: Step) -> dict[Control, Obstacle]:
    """What the recorded scores do not allow."""
    if not _first_of_the_list(trace):
        return dict.fromkeys((Control.POOL, Control.THRESHOLD, Control.TOP_K, Control.FUSION), Obstacle.ORDER)
    found: dict[Control, Obstacle] = {}
    if not can_cut_recorded(trace.relevance_space):
        found[Control.THRESHOLD] = Obstacle.SPACE
    reason = None
    if trace.final_step.kind is StepKind.ADJUST:
        reason = Obstacle.RULES
    elif trace.reranked_step is not candidates and not set(candidates.by_passage) <= set(
        trace.reranked_step.by_passage
    ):
        reason = Obstacle.SCORES
    return found | (dict.fromkeys((Control.POOL, Control.FUSION), reason) if reason else {})


def _first_of_the_list(trace: Trace) -> bool:
    """True where what was kept is known to be the first of the one list that is cut."""
    kept, listed = trace.kept_step, trace.final_step
    return bool(kept.hits) and first_of(kept, listed) and trace.reads(kept) == (listed,)


def candidates_of(trace: Trace) -> Step:
    """The list that the last reranker read, as far as it was recorded; the list that was cut where there is none.

    Where what it read is not known, that is the list that it gave back.
    """
    last = trace.reranked_step
    if last.kind is not StepKind.RERANK:
        return last
    reads = trace.reads(last)
    return reads[0] if len(reads) == 1 else last


def lists_of(trace: Trace) -> tuple[Step, ...]:
    """The recorded searches that the fusion reads."""
    fused = trace.fused_step
    return trace.reads(fused) if fused.kind is StepKind.FUSION else ()


def _unfusable(trace: Trace, candidates: Step) -> Obstacle | None:
    lists = lists_of(trace)
    recorded = [one for one in lists if one.kind is StepKind.SEARCH and one.evidence is Evidence.RECORDED]
    if len(recorded) < 2 or len(recorded) < len(lists) or not complete(trace.fused_step, lists):
        return Obstacle.LISTS
    return None if candidates is trace.fused_step else Obstacle.BETWEEN
