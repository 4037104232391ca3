"""Score the recorded candidates of a run with a reranker: the one part of a replay that runs a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag_core.errors import BadInput, ModelError
from rag_core.rerank.base import Reranker
from rag_core.rerank.scoring import PairCache, score_pairs
from rag_core.runs.replaying.changes import RunChange
from rag_core.runs.replaying.obstacles import Control, candidates_of, obstacles
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.progress import Progress
from rag_core.schema.trace import Trace
from rag_core.wording.run_replays import why_not


def score_run(
    trace: Trace, reranker: Reranker, cache: PairCache | None = None, progress: Progress | None = None
) -> RerankerScores:
    """The reranker's scores of every candidate that has a text. Raises BadInput where there is none; a model that fails
    does not raise: `failure` says why."""
    if reason := obstacles(trace).get(Control.RERANKER):
        raise BadInput(why_not(reason, trace))
    return score_pairs(reranker, trace.query, readable(trace), cache, progress)


def readable(trace: Trace) -> list[Passage]:
    """The candidates that have a text, in their order."""
    passages = (trace.passages[hit.passage_id] for hit in candidates_of(trace).hits)
    return [one for one in passages if one.text]


@dataclass(frozen=True)
class RunScorer:
    """What scores the recorded candidates.

    rerankers  the reranker of a key; raises SecondPassError where it cannot be used
    cache      pair scores that are known
    progress   is told how many candidates are scored
    """

    rerankers: Callable[[str], Reranker]
    cache: PairCache | None = None
    progress: Progress | None = None

    def __call__(self, trace: Trace, change: RunChange) -> RerankerScores | None:
        """The scores that the change needs; None where it needs none. Raises ModelError where the model fails."""
        if not change.reranker or change.reranker == NO_RERANKER:
            return None
        made = score_run(trace, self.rerankers(change.reranker), self.cache, self.progress)
        if made.failure:
            raise ModelError(made.failure)
        return made
