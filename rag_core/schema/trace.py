"""`Trace`: everything about one query's way through the pipeline, and all that a picture of it is drawn from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from rag_core.errors import BadTrace
from rag_core.schema.answers import Answer
from rag_core.schema.calibration import Calibration
from rag_core.schema.migrations import trace_from_version_1, trace_from_version_2
from rag_core.schema.ranked_passage import RankedPassage
from rag_core.schema.records import RecordFormat
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence, Hit, Step, StepKind, StepName, StepWarning, Timing
from rag_core.schema.threshold import clearing, lowest_kept, relevance_space, to_relevance
from rag_core.schema.trace_checks import check
from rag_core.schema.trace_frame import frame_of
from rag_core.schema.trace_pool import TracePool
from rag_core.schema.trace_record import Outcome, RankAtStep, not_rewritten

if TYPE_CHECKING:
    import pandas as pd

MAX_TRACE_BYTES = 64 * 2**20


class Trace(TracePool):
    """Everything about one query's way, and all that a picture of it is drawn from.

    `passages` holds every candidate, so that a trace can be read where the collection is not. `pairs` holds the
    reranker's verdicts on the pool. `extra_searches` are the searches beside the main one, which is the first two
    steps. Where the policy has a first pass, a step `from_first_pass` stands before `reranked`, with its report
    (`first_pass_summary`) and its verdicts (`first_pass_pairs`). `best_probability`: that the reranker's first passage
    answers, from its score and its margin over the next; None where nothing was fitted that says so.
    """

    @model_validator(mode="before")
    @classmethod
    def _of_this_version(cls, raw: Any) -> Any:
        """A trace inside another record, such as a case, is upgraded where it stands."""
        if not isinstance(raw, dict) or raw.get("version") not in TRACE.upgrades:
            return raw
        try:
            return TRACE.upgraded(raw)
        except BadTrace as exc:
            raise ValueError(str(exc)) from exc

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check(self)
        return self

    @property
    def rerank_passes(self) -> tuple[tuple[Step, RerankSummary], ...]:
        """The passes of reranking in order, each with its report: the first pass, where there is one, and the last."""
        if self.origin:
            return tuple((step, self._report_of(step)) for step in self.of_kind(StepKind.RERANK))
        last = (self.reranked_step, self.rerank)
        return ((self[StepName.FIRST_PASS], self.first_pass_summary), last) if self.first_pass_summary else (last,)

    def found_by(self, passage_id: str) -> tuple[str, ...]:
        """The names of the searches that brought this passage, the main one first."""
        return tuple(
            name for name, lists in self.searches.items() if any(passage_id in one.by_passage for one in lists)
        )

    @cached_property
    def places(self) -> dict[str, int]:
        """The final place of every candidate that was read, before the cut, by passage id; behind the reranked ones, in
        its order, stand those that the first pass did not hand on."""
        order = (*self.final_step.hits, *self.cut_by_first_pass, *self.not_returned)
        return {hit.passage_id: place for place, hit in enumerate(order, start=1)}

    @property
    def relevance_space(self) -> ScoreSpace:
        """The space that relevance is judged and cut in: probability for logits and for calibrated scores, except where
        another pipeline recorded them: nobody knows here what its model's logits mean."""
        reranked = self.reranked_step.space
        return reranked if self._scored_elsewhere else relevance_space(reranked, self.calibration)

    @property
    def calibration(self) -> Calibration | None:
        """What made the reranker's scores probabilities; None where they count as they are."""
        return self.policy.calibration_of(self.rerank.model)

    @cached_property
    def relevance(self) -> dict[str, float]:
        """Relevance by passage id of every reranked candidate, in `relevance_space`: what the threshold cuts."""
        reranked = self.reranked_step
        if self._scored_elsewhere:
            return {hit.passage_id: hit.score for hit in reranked.hits}
        return to_relevance(reranked.hits, reranked.space, self.calibration)

    @cached_property
    def over_threshold(self) -> frozenset[str]:
        """The reranked candidates that the threshold leaves; all of them where it cuts nothing."""
        return clearing(self.policy.threshold, self.relevance_space, self.relevance)

    @property
    def lowest_kept(self) -> float | None:
        """The lowest relevance that the threshold leaves; None where it cuts nothing."""
        return lowest_kept(self.policy.threshold, self.relevance_space, self.relevance)

    @property
    def best(self) -> Hit | None:
        """The first candidate before the threshold, or None if nothing was found."""
        return next(iter(self.final_step.hits), None)

    @property
    def unknown(self) -> bool:
        """True where nothing was kept: the honest answer is "I don't know"."""
        return not self.kept_step.hits

    @property
    def took_ms(self) -> float:
        """From the start to the end of the last step; model loading is not in it. Milliseconds."""
        return self.took.took_ms

    @property
    def took(self) -> Timing:
        """The whole run's time; an estimate where a step's is, since more pairs were scored than this run reads."""
        ended = max(step.timing.ended_ms for step in self.steps)
        return Timing(took_ms=ended, estimated=any(step.timing.estimated for step in self.steps))

    @property
    def timed(self) -> bool:
        """False where the time of a step was not recorded, so that `took_ms` says too little."""
        return all(step.timed for step in self.steps if step.evidence is Evidence.RECORDED)

    @property
    def loading_ms(self) -> float:
        """Loading the bi-encoder and the rerankers, where this run had to; not part of `took_ms`. Milliseconds."""
        return self.model_load_ms + sum(report.load_ms for _, report in self.rerank_passes)

    @property
    def pairs_timed(self) -> int:
        """How many pairs models scored for this run, in all passes."""
        return sum(report.pairs_timed for _, report in self.rerank_passes)

    @property
    def warnings(self) -> tuple[StepWarning, ...]:
        """The warnings of all steps in order, then those of the extra searches and of rewriting."""
        steps = (*self.steps, *(step for run in self.extra_searches for step in run.steps))
        failed = self.rewriting.failure if self.rewriting else None
        own = (StepWarning(code="rewrite-failed", message=not_rewritten(failed)),) if failed else ()
        return (*(warning for step in steps for warning in step.warnings), *own)

    def outcome(self, passage_id: str) -> Outcome:
        """Why this candidate was or was not kept. KeyError for a passage that is no candidate."""
        self.passages[passage_id]
        if passage_id in self.kept_step.by_passage:
            return "kept"
        if self.origin and passage_id in self.pool_step.by_passage and passage_id not in self.relevance:
            return "not returned by the reranker"
        if passage_id not in self.relevance:
            if any(hit.passage_id == passage_id for hit in self.cut_by_first_pass):
                return "cut by the first pass"
            return "not read" if any(hit.passage_id == passage_id for hit in self.pool_unread) else "outside the pool"
        return "cut by top-k" if passage_id in self.over_threshold else "under the threshold"

    def ranks_by_step(self, passage_id: str) -> tuple[RankAtStep, ...]:
        """The passage's rank and score at every step of this run, in order."""
        return tuple(RankAtStep.of_passage(step, passage_id) for step in self.steps)

    @cached_property
    def candidates(self) -> tuple[RankedPassage, ...]:
        """Every candidate that was read, best first: text, rank at each step, score, outcome."""
        return tuple(self._ranked(passage_id, rank) for passage_id, rank in self.places.items())

    @cached_property
    def kept(self) -> tuple[RankedPassage, ...]:
        """The passages kept for the answer, best first; none where the answer is "I don't know"."""
        return tuple(self._ranked(hit.passage_id, hit.rank) for hit in self.kept_step.hits)

    @property
    def _scored_elsewhere(self) -> bool:
        """True where the last reranker's scores are as another pipeline recorded them; a replay may score them here."""
        return self.origin is not None and not self.pairs

    def _report_of(self, step: Step) -> RerankSummary:
        """What is known of a recorded reranker."""
        if step is self.reranked_step:
            return self.rerank
        return RerankSummary(name=step.model or step.name, model=step.model, status="ran", pairs_scored=len(step.hits))

    def _ranked(self, passage_id: str, rank: int) -> RankedPassage:
        return RankedPassage(
            passage=self.passages[passage_id],
            rank=rank,
            ranks={at.step: at.rank for at in self.ranks_by_step(passage_id) if at.rank is not None},
            score=self.relevance.get(passage_id),
            space=self.relevance_space,
            outcome=self.outcome(passage_id),
        )

    def answer(self) -> Answer:
        """The answer that the run recorded, or else sentences of the kept passages, quoted with their citations.

        Without a recorded answer, the run's reranker chooses the sentences where it is local and free, else late
        interaction over the packaged bi-encoder: no key, no cost. Raises ModelError where that model cannot be loaded.
        """
        # Making an answer needs models, which this package knows nothing of; reading a trace never gets here.
        from rag_core.generation.quoting import quoted_from

        return self.recorded_answer or quoted_from(self)

    def __repr__(self) -> str:
        from rag_core.wording.run_summary import run_text

        return run_text(self)

    def _repr_html_(self) -> str:
        from rag_core.wording.run_summary import run_html

        return run_html(self)

    def frame(self) -> pd.DataFrame:
        """A row per candidate in fused order: `<step>_rank` and `<step>_score` (empty where it did not come
        out of the step), `found_by` (the searches that brought it, with its ranks in the extra ones), `outcome`,
        `unseen_tokens`, and the passage's title, heading, source, document and text."""
        return frame_of(self)

    def to_json(self) -> str:
        """The trace as JSON text; `Trace.read` gives it back without loss."""
        return self.model_dump_json()

    @classmethod
    def read(cls, text: str | bytes) -> Trace:
        """A trace from JSON that may come from anywhere, of this version or an older one. Raises BadTrace in words."""
        if len(text) > MAX_TRACE_BYTES:
            raise BadTrace(f"This file is larger than {MAX_TRACE_BYTES // 2**20} MB; no trace is.")
        return TRACE.read(text)


TRACE = RecordFormat(
    noun="trace",
    model=Trace,
    version=3,
    upgrades={1: trace_from_version_1, 2: trace_from_version_2},
    accepts="Open the JSON file that “Run (JSON)” saves under an answer on the Inspect page.",
    error=BadTrace,
)
