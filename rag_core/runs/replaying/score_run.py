"""Score the recorded candidates of a run with a reranker: the one part of a replay that runs a model."""

from __future__ import annotations

from rag_core.errors import BadInput
from rag_core.rerank.base import Reranker
from rag_core.rerank.scoring import PairCache, score_pairs
from rag_core.runs.replaying.obstacles import Control, candidates_of, obstacles
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import RerankerScores
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
