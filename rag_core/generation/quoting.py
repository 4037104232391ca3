"""The extractive answer: which reranker chooses its sentences, and what choosing them cost.

The run's own reranker chooses where it is local and free; a hosted one or a chat model is never asked unless somebody
names it, for each sentence is a pair that costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from rag_core.errors import BadInput, ModelError
from rag_core.generation.extractive import Part, answer_extractively
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import LATE_INTERACTION, NONE, entry_of, get_reranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.scoring import PairCache, score_pairs
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.trace import Trace

FREE_CHOOSER = LATE_INTERACTION
"""What chooses sentences where the run's reranker is not asked: it costs nothing and is always there."""

LOCAL_AND_FREE = frozenset({"nothing", "download", "code"})
"""What a reranker may need, at most, to choose sentences unasked: its weights, and no key, server or chat model."""


def chooser_for(trace: Trace) -> str:
    """The key of what chooses the sentences of this trace's answer: its reranker where that ran, is local and free."""
    ran = trace.rerank.status in ("ran", "cached")
    return trace.policy.reranker if ran and _is_local_and_free(trace.policy.reranker) else FREE_CHOOSER


def _is_local_and_free(reranker: str) -> bool:
    """False for the name of a reranker that only another installation knows."""
    try:
        return reranker != NONE and entry_of(reranker).needs in LOCAL_AND_FREE
    except BadInput:
        return False


def quoted_from(
    trace: Trace,
    chooser: str | None = None,
    rerankers: Callable[[str], Reranker] = get_reranker,
    cache: PairCache | None = None,
    reading_tokens: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Answer:
    """Sentences of a trace's kept passages, chosen by what `chooser_for` says, or by the reranker of that key.

    It scores those that late interaction finds closest to the question, by the token vectors of their passages, which
    are read within `reading_tokens`. `Answer.choosing` says how many sentences were scored and what that cost. Raises
    ModelError or MissingPackage where either cannot score, BadInput for a key that nobody knows.
    """
    key = chooser or chooser_for(trace)
    model = rerankers(key)
    made: list[RerankerScores] = []

    def choose(query: str, sentences: list[str]) -> list[float]:
        texts = [Passage(id=str(i), document_id="", start=0, end=len(s), text=s) for i, s in enumerate(sentences)]
        scored = score_pairs(model, query, texts, cache)
        if scored.failure:
            raise ModelError(scored.failure)
        made.append(scored)
        return [scored.pairs[one.id].score for one in texts]

    def near(query: str, passages: Sequence[Passage], parts: Sequence[Part]) -> list[float | None]:
        late = rerankers(LATE_INTERACTION)
        if not isinstance(late, LateInteractionReranker):  # the caller has put another one in its place
            return [None] * len(parts)
        with reading_tokens():
            return _nearness(late, query, passages, parts)

    answer = answer_extractively(trace.query, [one.passage for one in trace.kept], choose, near)
    return answer.with_(model=model.model, choosing=_summary(key, model.model, *made))


def _nearness(
    late: LateInteractionReranker, query: str, passages: Sequence[Passage], parts: Sequence[Part]
) -> list[float | None]:
    """MaxSim of the sentences, by the token vectors of their passages."""
    texts = [one.model_text for one in passages]
    heads = [len(text) - len(one.text) for text, one in zip(texts, passages, strict=True)]
    return late.part_scores(query, texts, [(at, heads[at] + start, heads[at] + end) for at, start, end in parts])


def _summary(name: str, model: str, scored: RerankerScores | None = None) -> RerankSummary:
    """What the choosing reranker did: nothing where there was no sentence."""
    if scored is None:
        return RerankSummary(name=name, model=model, status="idle")
    cached = sum(pair.cached for pair in scored.pairs.values())
    fresh = len(scored.pairs) - cached
    return RerankSummary(
        name=name,
        model=model,
        runs_on=scored.runs_on,
        status="ran" if fresh else "cached",
        pairs_scored=fresh,
        pairs_cached=cached,
        pairs_timed=fresh,
        load_ms=scored.load_ms,
        tokenise_ms=scored.tokenise_ms,
        tokens=scored.tokens,
        batches=scored.batches,
        units=scored.units,
        requests=scored.requests,
    )
