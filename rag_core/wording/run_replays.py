"""What is said of a recorded run under other settings: why a setting cannot be replayed, and what became different."""

from __future__ import annotations

from rag_core.runs.replaying.obstacles import Obstacle, candidates_of
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, title_of

NAMED = 3
"""Passages that are named."""


def why_not(obstacle: Obstacle, trace: Trace) -> str:
    """Why a setting cannot be replayed, in a sentence."""
    return _WHY[obstacle].format(
        pipeline=trace.collection.name,
        last=trace.reranked_step.name,
        final=trace.final_step.name,
        kept=trace.kept_step.name,
        returned=len(trace.reranked_step.hits),
        read=len(candidates_of(trace).hits),
        space=trace.relevance_space,
    )


def what_changed(recorded: Trace, replayed: Trace) -> str:
    """Which kept passages are new, which are gone, and how many stay."""
    before, after = recorded.kept_step.by_passage, replayed.kept_step.by_passage
    same = sum(one in before for one in after)
    parts = [f"{same} of the {count_of(len(before), 'passage')} that the recorded run kept {_is(same)} kept"]
    parts += _named(replayed, "new", [one for one in after if one not in before])
    parts += _named(recorded, "no longer kept", [one for one in before if one not in after])
    return f"{'; '.join(parts)}."


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _named(trace: Trace, word: str, ids: list[str]) -> list[str]:
    if not ids:
        return []
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return [f"{word}: {', '.join(f'“{title_of(trace.passages[one])}”' for one in ids[:NAMED])}{more}"]


_WHY: dict[Obstacle, str] = {
    Obstacle.ELSEWHERE: "{pipeline} searched, and cannot be asked again from here.",
    Obstacle.TEXTS: "The texts of the candidates were not recorded, so no reranker can read them.",
    Obstacle.CANDIDATES: "The run recorded no candidates.",
    Obstacle.SCORES: "{last} returned {returned} of the {read} passages that it read, so the scores of the others are "
    "not known. Choose a reranker to score them.",
    Obstacle.RULES: "{final} reorders by rules that were not recorded.",
    Obstacle.SPACE: "A threshold needs scores that say how relevant a passage is. Those of this run are of the kind "
    "“{space}”. Choose a reranker to get such scores.",
    Obstacle.RANKS: "A threshold needs scores that say how relevant a passage is, and the chosen reranker gives none.",
    Obstacle.KIND: "It is for scores of another kind than those that the replay cuts.",
    Obstacle.ORDER: "What {kept} selected is not known to be the first of {final}, so its rule is not known. Choose "
    "a reranker to select by its order.",
    Obstacle.INCOMING: "The order in which the candidates came was not recorded, so the first of them are not known.",
    Obstacle.LISTS: "It needs at least two recorded searches, and all that the fusion reads.",
    Obstacle.BETWEEN: "Another reranker read the fused list first, and its other scores were not recorded.",
}
