"""What one query measured, and the trace that a policy makes of it.

A `Measurement` holds facts that models paid for: two ranked lists to full depth and pair scores by reranker.
`rag_core.replay.replay(measurement, policy)` turns it into a `Trace`: everything about one query's way.
Both go to JSON and back without loss. A trace file is untrusted input: `Trace.read` validates it.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from rag_core.config import MAIN, MOST_REWRITTEN, Policy, rewritten_name
from rag_core.errors import BadTrace
from rag_core.filters import Filter
from rag_core.stopping import StopReason
from rag_core.threshold import judged, judged_space, passes
from rag_core.types import (
    Answer,
    Chunk,
    CollectionRef,
    Frozen,
    Hit,
    Message,
    PairScore,
    ScoreSpace,
    Stage,
    StageName,
    StageWarning,
    Timing,
)

if TYPE_CHECKING:
    import pandas as pd


MAX_TRACE_BYTES = 64 * 2**20


Vector = tuple[FiniteFloat, ...]


class Search(Frozen):
    """One ranked list as measured, best first. `terms`: query terms that matched (lexical search only)."""

    found: tuple[tuple[str, FiniteFloat], ...]
    timing: Timing
    terms: tuple[str, ...] = ()
    warnings: tuple[StageWarning, ...] = ()


class Searched(Frozen):
    """An extra search as measured: both lists to full depth, for these words, under this filter (the run's included).

    Name, weight and depth are the policy's, so changing them is a replay. Its times count from the start of its round:
    searches of one `round` began together, those of round 0 with the main search. `embed` takes nothing where another
    search had embedded the same text; it then starts when that vector was there.
    """

    query: str
    where: Filter | None = None
    round: Annotated[int, Field(ge=0)] = 1
    embed: Timing
    dense: Search
    lexical: Search


class Rewriting(Frozen):
    """What a chat model made of the question, and what that took. Token counts are the server's, None without any.

    `queries` are searched beside the question; none where it only repeated it. `failure` is None, or says in words why
    there are none.
    """

    model: str
    queries: Annotated[tuple[str, ...], Field(max_length=MOST_REWRITTEN)] = ()
    prompt: tuple[Message, ...] = ()
    timing: Timing = Timing()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars: FiniteFloat | None = None
    failure: str | None = None


class Reranking(Frozen):
    """What one reranker measured for this query: pair scores by chunk id, and what that cost.

    `failure` is None, or says in words why there are no scores (or not for all); `notes` are lesser troubles, such
    as a cache that could not be read. Times in milliseconds, of the scoring calls of this measurement, added up;
    `load_ms` is model loading and not part of `timing`. `units` is what a hosted service billed, in units of its own.
    `runs_on`: what computes the scores, in words (`OpenVINO, bf16`); empty where the reranker does not say.
    """

    model: str
    space: ScoreSpace
    runs_on: str = ""
    pairs: dict[str, PairScore] = {}
    timing: Timing = Timing()
    load_ms: FiniteFloat = 0.0
    tokenise_ms: FiniteFloat = 0.0
    tokens: int = 0
    batches: int = 0
    units: FiniteFloat = 0.0
    failure: str | None = None
    notes: tuple[StageWarning, ...] = ()


class Measurement(Frozen):
    """Everything that was paid for once. `rerankings` is keyed by the policy's `reranker`, `vectors` by the text."""

    query: str
    where: Filter | None = None
    collection: CollectionRef
    measured_at: datetime
    depth: int
    embed: Timing
    model_load_ms: FiniteFloat = 0.0
    dense: Search
    lexical: Search
    chunks: dict[str, Chunk]
    rerankings: dict[str, Reranking] = {}
    vectors: dict[str, Vector] = {}
    extras: tuple[Searched, ...] = ()
    rewriting: Rewriting | None = None


RerankStatus = Literal["ran", "cached", "off", "failed", "idle"]


class RerankReport(Frozen):
    """Whether a reranker ran, in words that leave no doubt. In a run with a first pass each of the two has its own.

    status: `ran` (at least one pair was scored by the model), `cached` (every score came from the cache),
    `off` (no reranker chosen), `failed` (`reason` says why; the order before is shown as what it is),
    `idle` (there was nothing to score).

    `pairs_unread`: how many candidates at the end of the pool it did not read, because it was `stopped`: when `asked`,
    when nothing unread could enter the first k (`certain`), or when these had not changed for long (`patience`).
    `pairs_timed`: how many pairs the stage's time, `tokens`, `batches` and `units` paid for. Larger than
    `pairs_scored` where the policy's pool was made smaller after the measurement; in a run with a first pass never:
    there the cost is the share of its own pairs in what was scored together.
    `runs_on`: what computes its scores, in words; empty where the reranker does not say.
    """

    name: str
    model: str
    runs_on: str = ""
    status: RerankStatus
    reason: str = ""
    pairs_scored: int = 0
    pairs_cached: int = 0
    pairs_timed: int = 0
    pairs_unread: Annotated[int, Field(ge=0)] = 0
    stopped: StopReason | None = None
    order_changed: bool = False
    passages_cut: int = 0
    unseen_tokens: int = 0
    load_ms: FiniteFloat = 0.0
    tokenise_ms: FiniteFloat = 0.0
    tokens: int = 0
    batches: int = 0
    units: FiniteFloat = 0.0


class ExtraRun(Frozen):
    """An extra search in a run: its lists as stages, cut to its depth. `where` is the filter it was searched under."""

    name: str
    query: str
    where: Filter | None = None
    embed: Timing
    dense: Stage
    lexical: Stage
    terms: tuple[str, ...] = ()

    @property
    def stages(self) -> tuple[Stage, Stage]:
        """Both lists."""
        return self.dense, self.lexical


class Step(Frozen):
    """Where one chunk stood at one stage; rank and score are None where it did not come out of it."""

    stage: StageName
    space: ScoreSpace
    rank: int | None
    score: FiniteFloat | None
    of: int


Fate = Literal["kept", "cut by top-k", "under the threshold", "not read", "cut by the first pass", "outside the pool"]


def not_rewritten(failure: str) -> str:
    """The warning of a run whose question could not be rewritten."""
    return f"The question was not rewritten: {failure} The run went on with the question as it was asked."


class Trace(Frozen):
    """Everything about one query's way, and all that a picture of it is drawn from.

    `chunks` holds every candidate, so that a trace can be read where the collection is not. `pairs` holds the
    reranker's verdicts on the pool. `extras` are the searches beside the main one, which is the first two stages.
    Where the policy has a first pass, a stage `screened` stands before `reranked`, with its report (`screening`) and
    its verdicts (`screen_pairs`).
    """

    version: Literal[1] = 1
    query: str
    where: Filter | None = None
    policy: Policy
    collection: CollectionRef
    measured_at: datetime
    embed: Timing
    model_load_ms: FiniteFloat = 0.0
    stages: Annotated[tuple[Stage, ...], Field(min_length=6)]
    screening: RerankReport | None = None
    rerank: RerankReport
    terms: tuple[str, ...] = ()
    screen_pairs: dict[str, PairScore] = {}
    pairs: dict[str, PairScore] = {}
    chunks: dict[str, Chunk]
    extras: tuple[ExtraRun, ...] = ()
    rewriting: Rewriting | None = None
    answer: Answer | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [name for name in StageName if name is not StageName.SCREENED or self.policy.screen]
        if [stage.name for stage in self.stages] != names:
            raise ValueError(f"stages must be {', '.join(names)}, in this order")
        if (self.policy.screen is None) != (self.screening is None):
            raise ValueError("screening: there where the policy has no first pass, or missing where it has one")
        for stage in self.stages:
            self._check_hits(stage, f"stage {stage.name}")
        self._check_extras()
        self._check_flow()
        return self

    def _check_hits(self, stage: Stage, called: str) -> None:
        """Ranks count from 1, every hit has a text, none stands there twice."""
        for place, hit in enumerate(stage.hits, start=1):
            if hit.rank != place:
                raise ValueError(f"{called}: rank {hit.rank} stands at place {place}")
            if hit.chunk_id not in self.chunks:
                raise ValueError(f"{called}: {hit.chunk_id!r} has no text in the trace")
        if len(stage.by_chunk) != len(stage.hits):
            raise ValueError(f"{called}: a chunk stands there twice")

    def _check_extras(self) -> None:
        """The extra searches are the policy's, in its order, then those of the rewritten queries; each with two sound
        lists under its own filter."""
        if self.policy.rewrite.on != (self.rewriting is not None):
            raise ValueError("rewriting: there where the policy asks for none, or missing where it does")
        queries = self.rewriting.queries if self.rewriting else ()
        rewritten = [rewritten_name(number) for number in range(1, len(queries) + 1)]
        if [run.name for run in self.extras] != [*(one.name for one in self.policy.extras), *rewritten]:
            raise ValueError("extras: not the extra searches of the policy")
        if [run.query for run in self.extras[len(self.policy.extras) :]] != list(queries):
            raise ValueError("rewriting: its queries are not those that were searched")
        for run in self.extras:
            if [stage.name for stage in run.stages] != [StageName.DENSE, StageName.LEXICAL]:
                raise ValueError(f"extra search {run.name}: its stages must be dense, lexical, in this order")
            for stage in run.stages:
                self._check_hits(stage, f"extra search {run.name}, {stage.name}")
                if run.where and not all(run.where.matches(self.chunks[hit.chunk_id]) for hit in stage.hits):
                    raise ValueError(f"extra search {run.name}: a candidate that its filter excludes")

    def _check_flow(self) -> None:
        """What comes out of a stage went into it, and every text is under its own id."""
        if any(key != chunk.id for key, chunk in self.chunks.items()):
            raise ValueError("a text stands under the id of another")
        if self.where and not all(self.where.matches(chunk) for chunk in self.chunks.values()):
            raise ValueError("a candidate that the run's filter excludes")
        ids = {stage.name: set(stage.by_chunk) for stage in self.stages}
        found = {chunk_id for lists in self.searches.values() for stage in lists for chunk_id in stage.by_chunk}
        if not ids[StageName.FUSED] <= found:
            raise ValueError("stage fused: a chunk that no search found")
        if ids.get(StageName.SCREENED, set()) != {hit.chunk_id for hit in self.head if self.screening}:
            raise ValueError("stage screened: not the chunks that the first pass reads")
        if not set(self.screen_pairs) <= ids.get(StageName.SCREENED, set()):
            raise ValueError("screen_pairs: a chunk that the first pass did not read")
        read = {hit.chunk_id for hit in self.pool_read}
        if ids[StageName.RERANKED] != read or ids[StageName.ADJUSTED] != read:
            raise ValueError("stages reranked and adjusted: not the chunks of the pool that were read")
        if not ids[StageName.KEPT] <= read:
            raise ValueError("stage kept: a chunk that is not in the pool or was not read")
        if not set(self.pairs) <= read:
            raise ValueError("pairs: a chunk that is not in the pool or was not read")
        answer = self.answer or Answer(kind="unknown", text="")
        cited = {citation.chunk_id for citation in answer.citations}
        cited |= {one.chunk_id for one in answer.checks if one.chunk_id}
        if not cited <= ids[StageName.KEPT]:
            raise ValueError("answer: a citation of a chunk that was not kept")

    def __getitem__(self, name: StageName) -> Stage:
        """The stage of that name. KeyError for `screened` in a run without a first pass."""
        return {stage.name: stage for stage in self.stages}[name]

    def before(self, name: StageName) -> Stage:
        """The stage before that one in this run: before `reranked`, `screened` where there is a first pass."""
        return self.stages[self.stages.index(self[name]) - 1]

    @property
    def passes(self) -> tuple[tuple[Stage, RerankReport], ...]:
        """The passes of reranking in order, each with its report: the first pass, where there is one, and the last."""
        last = (self[StageName.RERANKED], self.rerank)
        return ((self[StageName.SCREENED], self.screening), last) if self.screening else (last,)

    @cached_property
    def searches(self) -> dict[str, tuple[Stage, Stage]]:
        """The dense and the lexical list of every search by its name, the main one first."""
        own = (self[StageName.DENSE], self[StageName.LEXICAL])
        return {MAIN: own, **{run.name: run.stages for run in self.extras}}

    def found_by(self, chunk_id: str) -> tuple[str, ...]:
        """The names of the searches that brought this chunk, the main one first."""
        return tuple(name for name, lists in self.searches.items() if any(chunk_id in one.by_chunk for one in lists))

    @cached_property
    def pool(self) -> tuple[Hit, ...]:
        """The candidates that went on to the reranker, with rank and score of the step before it: the first fused
        ones, or the first pass's best."""
        return self.before(StageName.RERANKED).hits[: self.policy.pool]

    @cached_property
    def head(self) -> tuple[Hit, ...]:
        """The fused candidates that were read at all: by the first pass where there is one, else the pool."""
        screen = self.policy.screen
        return self[StageName.FUSED].hits[: screen.pool if screen else self.policy.pool]

    @cached_property
    def screened_out(self) -> tuple[Hit, ...]:
        """The candidates that the first pass read and did not hand on, in its order; none without one."""
        return self[StageName.SCREENED].hits[self.policy.pool :] if self.screening else ()

    @cached_property
    def pool_read(self) -> tuple[Hit, ...]:
        """The part of the pool that came out of the reranker: all of it, unless the reranker was stopped."""
        return self.pool[: max(0, len(self.pool) - self.rerank.pairs_unread)]

    @cached_property
    def pool_unread(self) -> tuple[Hit, ...]:
        """The rest of the pool: without the reranker's score, in the order before behind all that was read."""
        return self.pool[len(self.pool_read) :]

    @cached_property
    def places(self) -> dict[str, int]:
        """The final place of every candidate that was read, before the cut, by chunk id; behind the reranked ones, in
        its order, stand those that the first pass did not hand on."""
        order = (*self[StageName.ADJUSTED].hits, *self.screened_out)
        return {hit.chunk_id: place for place, hit in enumerate(order, start=1)}

    @property
    def relevance_space(self) -> ScoreSpace:
        """The space that relevance is judged and cut in: probability for a cross-encoder's logits."""
        return judged_space(self[StageName.RERANKED].space)

    @cached_property
    def relevance(self) -> dict[str, float]:
        """Relevance by chunk id of every reranked candidate, in `relevance_space`: what the threshold cuts."""
        reranked = self[StageName.RERANKED]
        return judged(reranked.hits, reranked.space)

    @property
    def best(self) -> Hit | None:
        """The first candidate before the threshold, or None if nothing was found."""
        hits = self[StageName.ADJUSTED].hits
        return hits[0] if hits else None

    @property
    def unknown(self) -> bool:
        """True where nothing was kept: the honest answer is "I don't know"."""
        return not self[StageName.KEPT].hits

    @property
    def took_ms(self) -> float:
        """From the start to the end of the last stage; model loading is not in it. Milliseconds."""
        return max(stage.timing.ended_ms for stage in self.stages)

    @property
    def loading_ms(self) -> float:
        """Loading the bi-encoder and the rerankers, where this run had to; not part of `took_ms`. Milliseconds."""
        return self.model_load_ms + sum(report.load_ms for _, report in self.passes)

    @property
    def pairs_timed(self) -> int:
        """How many pairs models scored for this run, in all passes."""
        return sum(report.pairs_timed for _, report in self.passes)

    @property
    def warnings(self) -> tuple[StageWarning, ...]:
        """The warnings of all stages in order, then those of the extra searches and of rewriting."""
        stages = (*self.stages, *(stage for run in self.extras for stage in run.stages))
        failed = self.rewriting.failure if self.rewriting else None
        own = (StageWarning(code="rewrite-failed", message=not_rewritten(failed)),) if failed else ()
        return (*(warning for stage in stages for warning in stage.warnings), *own)

    def fate(self, chunk_id: str) -> Fate:
        """Why this candidate was or was not kept. KeyError for a chunk that is no candidate."""
        self[StageName.FUSED].by_chunk[chunk_id]
        if chunk_id in self[StageName.KEPT].by_chunk:
            return "kept"
        score = self.relevance.get(chunk_id)
        if score is None:
            if any(hit.chunk_id == chunk_id for hit in self.screened_out):
                return "cut by the first pass"
            return "not read" if any(hit.chunk_id == chunk_id for hit in self.pool_unread) else "outside the pool"
        over = passes(self.policy.threshold, self.relevance_space, score)
        return "cut by top-k" if over else "under the threshold"

    def way_of(self, chunk_id: str) -> tuple[Step, ...]:
        """The chunk's rank and score at every stage of this run, in order."""
        steps = []
        for stage in self.stages:
            hit = stage.by_chunk.get(chunk_id)
            steps.append(
                Step(
                    stage=stage.name,
                    space=stage.space,
                    rank=hit.rank if hit else None,
                    score=hit.score if hit else None,
                    of=len(stage.hits),
                )
            )
        return tuple(steps)

    def to_frame(self) -> pd.DataFrame:
        """A row per candidate in fused order: `<stage>_rank` and `<stage>_score` (empty where it did not come
        out of the stage), `found_by` (the searches that brought it, with its ranks in the extra ones), `fate`,
        `unseen_tokens`, and the chunk's title, heading, source, document and text."""
        import pandas as pd

        rows = []
        for hit in self[StageName.FUSED].hits:
            chunk = self.chunks[hit.chunk_id]
            row: dict[str, object] = {
                "chunk_id": chunk.id,
                "document_id": chunk.document_id,
                "title": chunk.title or chunk.document_id,
                "heading": chunk.heading,
                "source": chunk.source,
                "fate": self.fate(chunk.id),
                "found_by": ", ".join(self.found_by(chunk.id)),
            }
            for step in self.way_of(chunk.id):
                row[f"{step.stage}_rank"] = step.rank
                row[f"{step.stage}_score"] = step.score
            for run in self.extras:
                for stage in run.stages:
                    there = stage.by_chunk.get(chunk.id)
                    row[f"{run.name} {stage.name}_rank"] = there.rank if there else None
            pair = self.pairs.get(chunk.id)
            row["unseen_tokens"] = pair.unseen_tokens if pair else None
            row["text"] = chunk.text
            rows.append(row)
        columns = list(rows[0]) if rows else ["chunk_id"]
        frame = pd.DataFrame(rows, columns=columns)
        whole = [name for name in frame.columns if name.endswith("_rank") or name == "unseen_tokens"]
        return frame.astype(dict.fromkeys(whole, "Int64"))

    def to_json(self) -> str:
        """The trace as JSON text; `Trace.read` gives it back without loss."""
        return self.model_dump_json()

    @classmethod
    def read(cls, text: str | bytes) -> Trace:
        """A trace from JSON that may come from anywhere. Raises BadTrace with the first thing that is wrong."""
        if len(text) > MAX_TRACE_BYTES:
            raise BadTrace(f"This file is larger than {MAX_TRACE_BYTES // 2**20} MB; no trace is.")
        try:
            return cls.model_validate_json(text)
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise BadTrace(f"This is not a trace that can be read: {where}: {first['msg']}.") from exc
