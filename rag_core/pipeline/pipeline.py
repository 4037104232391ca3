"""Measure a query, score its pool, answer it. `replay.py` does all deciding; this module pays for the facts.

    trace = Pipeline(collection, embedder).run("How long do refunds take?", Policy())

`measure` embeds and searches, in parallel, to full depth; `score` runs the policy's extra searches and its rerankers on
pairs that no one has scored; `run` does both and replays. `session.QuerySession` is one question of several people.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from rag_core.errors import BadInput, EngineError, SecondPassError
from rag_core.generation.grounding import check_sentences
from rag_core.generation.quoting import quoted_from
from rag_core.pipeline.cascade import pending_passes
from rag_core.pipeline.embedding_models import for_sentences, own_model
from rag_core.pipeline.engine_fusion import asked_engine, lacks_fusion
from rag_core.pipeline.extra_searches import asked_of, missing_searches
from rag_core.pipeline.replay import replay
from rag_core.pipeline.reranker_scores import drop_outdated, with_scores
from rag_core.pipeline.search_round import search_round
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.scoring import PairCache, score_pairs
from rag_core.rerank.stored_tokens import KeepsTokens, reading_from
from rag_core.retrieval.embedders.cutoffs import cutoffs_of
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.protocol import Engine, ManyPassages
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement, RerankerScores, Rewriting, SearchRun
from rag_core.schema.policy import FULL_DEPTH, ExtraSearch, Policy
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepWarning, Timing
from rag_core.schema.trace import Trace
from rag_core.wording import step_warnings as words

MAX_QUERY_CHARS = 4000
Listed = tuple[Filter | None, Sequence[str]]  # the filter that a search kept to, and the ids that it found


class Pipeline:
    """The production shape of retrieval over one collection. Safe to share between threads.

    embedder: what embeds questions; None: the model that made the collection's vectors, else the packaged one.
    """

    def __init__(
        self,
        engine: Engine,
        embedder: Embedder | None = None,
        cache: PairCache | None = None,
        rerankers: Callable[[str], Reranker] = get_reranker,
        rewriter: Callable[[str], Rewriting] | None = None,
    ) -> None:
        self.engine = engine
        self.embedder = embedder or own_model(engine)
        self._cache = cache
        self._rerankers = rerankers
        self._rewriter = rewriter

    def measure(
        self, query: str, where: Filter | None = None, extra_searches: Sequence[ExtraSearch] = ()
    ) -> Measurement:
        """Embed the query and search twice, in parallel, to full depth; the extra searches in parallel with both.

        No reranker runs. Raises BadInput for an empty or over-long query.
        """
        query = checked_query(query)
        beside = [asked_of(query, where, one) for one in extra_searches]
        together = search_round(self.engine, self.embedder, [(query, where), *beside], known={})
        found = together.found[query, where]
        return Measurement(
            query=query,
            where=where,
            collection=self.engine.ref,
            measured_at=datetime.now(UTC),
            depth=FULL_DEPTH,
            embed=found.embed,
            embedding=found.embedding,
            model_load_ms=together.load_ms,
            dense=found.dense,
            lexical=found.lexical,
            passages=self._passages(_lists(together.found.values())),
            vectors=together.vectors,
            extra_searches=tuple(together.found[asked] for asked in dict.fromkeys(beside)),
        )

    def search(self, measurement: Measurement, policy: Policy) -> Measurement:
        """The measurement with every extra search of the policy run, all in parallel; the same one if none was missing.

        Drops scores of the policy's rerankers if these run another model by now (`drop_outdated`). A text that was
        embedded for an earlier search is not embedded again. Where the policy asks for rewriting, the chat model is
        asked first, once. A failure of it does not raise: `Rewriting.failure` says why. Raises BadInput where the
        policy wants the engine's own fusion, and it has none.
        """
        measurement = drop_outdated(measurement, policy, self._rerankers)
        if policy.rewrite.on and measurement.rewriting is None:
            measurement = measurement.model_copy(update={"rewriting": self._rewritten(measurement.query)})
        if lacks_fusion(measurement, policy):
            fused = asked_engine(self.engine, measurement)
            fresh = self._passages([(measurement.where, [one for one, _ in fused.found])])
            measurement = measurement.with_(hybrid=fused, passages={**measurement.passages, **fresh})
        asked = [asked_of(measurement.query, measurement.where, one) for one in missing_searches(measurement, policy)]
        if not asked:
            return measurement
        number = 1 + max((one.round for one in measurement.extra_searches), default=0)
        together = search_round(self.engine, self.embedder, asked, measurement.vectors, number)
        found = together.found.values()
        update = {
            "passages": {**measurement.passages, **self._passages(_lists(found))},
            "vectors": together.vectors,
            "extra_searches": (*measurement.extra_searches, *found),
        }
        return measurement.model_copy(update=update)

    def _rewritten(self, query: str) -> Rewriting:
        if self._rewriter is None:
            return Rewriting(model="", requests=0, failure="No chat model is set up here.")
        return self._rewriter(query)

    def _passages(self, found: Iterable[Listed]) -> dict[str, Passage]:
        """The passages of every list, together. Raises EngineError where the engine did not keep to a filter."""
        found = list(found)
        ids = list(dict.fromkeys(passage_id for _, listed in found for passage_id in listed))
        if isinstance(self.engine, ManyPassages):
            passages = self.engine.passages_by_id(ids)
        else:
            passages = {passage_id: self.engine.passage(passage_id) for passage_id in ids}
        for where, listed in found:
            if where and (strange := [one for one in listed if not where.matches(passages[one])]):
                raise EngineError(
                    f"{self.engine.ref.name} found {strange[0]!r}, which the filter ({where}) excludes. Its fields "
                    "are read otherwise here than there: correct them in its connection."
                )
        return passages

    def score(self, measurement: Measurement, policy: Policy, progress: Progress | None = None) -> Measurement:
        """The measurement with every extra search of the policy run and every pair scored that it needs; the same one
        if nothing was missing. A reranker that cannot load or fails half-way does not raise: `RerankerScores.failure`
        says why. Where the policy has a first pass, it scores first, and the policy's reranker only the pairs of its
        best.
        """
        measurement, failed = self.search(measurement, policy), set[str]()
        while passes := [one for one in pending_passes(measurement, policy) if one.reranker not in failed]:
            reranker, passages = passes[0]
            measurement = self.score_passages(measurement, reranker, passages, progress)
            if measurement.rerankings[reranker].failure:
                failed.add(reranker)
        return measurement

    def score_passages(
        self, measurement: Measurement, reranker: str, passages: Sequence[Passage], progress: Progress | None = None
    ) -> Measurement:
        """The measurement with these passages scored too, in one call: for questions that a wider pool answers. Never
        raises for a reranker, as `scores`."""
        return with_scores(measurement, reranker, self.scores(reranker, measurement.query, passages, progress))

    def scores(
        self, reranker: str, query: str, passages: Sequence[Passage], progress: Progress | None = None
    ) -> RerankerScores:
        """What one reranker says of these passages, asked for those alone that the cache does not know. Never raises
        for a reranker: `failure` says why."""
        try:
            model = self._rerankers(reranker)
        except SecondPassError as exc:
            return RerankerScores(model="", space=ScoreSpace.RRF, failure=str(exc))
        with self.reading_tokens():
            return score_pairs(model, query, passages, self._cache, progress)

    def reading_tokens(self) -> AbstractContextManager[None]:
        """Inside, rerankers of this thread use the token vectors that lie with the passages, where there are any."""
        return reading_from(self.engine.token_source() if isinstance(self.engine, KeepsTokens) else None)

    def without_outdated(self, measurement: Measurement, policy: Policy) -> Measurement:
        """The measurement without scores of a reranker of the policy that runs another model by now. May ask a server
        which model it runs."""
        return drop_outdated(measurement, policy, self._rerankers)

    def request_size(self, reranker: str) -> int:
        """How many pairs are scored in one request, which costs about as much for fewer; 1 where each costs its own."""
        try:
            with self.reading_tokens():
                return self._rerankers(reranker).slice_size
        except SecondPassError:
            return 1  # scoring meets the same error and carries it to the trace

    def run(self, query: str, policy: Policy | None = None, where: Filter | None = None, **changes: object) -> Trace:
        """Measure, score and replay: the whole way of one query, without the answer.

            pipeline.run("How long do refunds take?", pool=20, top_k=3)

        changes: fields of the policy that differ from `policy`, or from the default one. Where they name a reranker,
        the default first pass and pool go, as in `Policy(reranker=...)`. Raises BadInput where they do not fit.
        """
        policy = (policy or Policy()).having(**changes)
        return replay(self.score(self.measure(query, where, policy.extra_searches), policy), policy)

    async def arun(
        self, query: str, policy: Policy | None = None, where: Filter | None = None, **changes: object
    ) -> Trace:
        """`run` in a worker thread, so that a service can await it."""
        return await asyncio.to_thread(self.run, query, policy, where, **changes)

    def answer(self, trace: Trace, chooser: str | None = None) -> Answer:
        """The extractive answer to a trace: sentences of its kept passages, chosen by its reranker where that is local
        and free, else by late interaction.

        chooser: the key of a reranker that chooses instead, which may cost: `Answer.choosing` says how much. Raises
        ModelError where it cannot score, BadInput for a key that nobody knows.
        """
        begin = time.perf_counter()
        answer = quoted_from(trace, chooser, self._rerankers, self._cache, self.reading_tokens)
        timing = Timing(started_ms=trace.took_ms, took_ms=(time.perf_counter() - begin) * 1000)
        return answer.with_(timing=timing)

    def check(self, trace: Trace, answer: Answer) -> Answer:
        """A chat answer to this trace with each sentence checked against its passages: one call of the bi-encoder.

        Where the bi-encoder fails the answer stays as it is, and says that it was not checked.
        """
        kept = [trace.passages[hit.passage_id] for hit in trace.kept_step.hits]
        try:
            model = for_sentences(self.embedder)
            return check_sentences(answer, kept, model.embed, cutoffs_of(model.model))
        except SecondPassError as exc:
            said = StepWarning(code="not-checked", message=words.not_checked(exc))
            return answer.with_(warnings=(*answer.warnings, said))


def _lists(found: Iterable[SearchRun]) -> list[Listed]:
    return [(one.where, [name for name, _ in (*one.dense.found, *one.lexical.found)]) for one in found]


def checked_query(query: str) -> str:
    """The question as it is searched. Raises BadInput for one that is empty or too long."""
    query = query.replace("\x00", " ").strip()
    if not query:
        raise BadInput("Type a question first.")
    if len(query) > MAX_QUERY_CHARS:
        raise BadInput(f"This question has {len(query)} characters; {MAX_QUERY_CHARS} are read at most. Shorten it.")
    return query
