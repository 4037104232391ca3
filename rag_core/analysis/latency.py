"""Where the time of one run went: bars on the run's time line. Times are read from traces; nothing here measures.

Many runs are in `rag_core.analysis.latency_of_runs`, what a larger pool costs in `rag_core.analysis.latency_model`.
"""

from __future__ import annotations

from typing import Literal

from rag_core.analysis.bar_notes import (
    BarNote,
    ByModel,
    Came,
    ExtraFound,
    Plain,
    Rewrote,
    Scored,
    ShareOf,
    Unscored,
)
from rag_core.schema.base import Frozen
from rag_core.schema.measurement import Rewriting
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import Evidence, Step, StepName, Timing
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import ExtraSearchRun

USUAL_BUDGET_MS = (230.0, 580.0)
"""The usual advice for everything before the language model: 230 to 580 ms."""

Lane = Literal[
    "embed", "dense", "lexical", "rewrite", "extra", "fuse", "first_pass", "rerank", "adjust", "select", "answer",
    "recorded", "bi-encoder", "first_pass reranker", "reranker",
]  # fmt: skip
"""What a bar is of: a step of the run, an extra search, a step of another pipeline, or a model that was loaded."""

PASSES: dict[str, Literal["first_pass", "rerank"]] = {StepName.FIRST_PASS: "first_pass", StepName.RERANKED: "rerank"}
STEP_LANES: dict[str, Lane] = {
    StepName.DENSE: "dense",
    StepName.LEXICAL: "lexical",
    StepName.FUSED: "fuse",
    **PASSES,
    StepName.ADJUSTED: "adjust",
    StepName.KEPT: "select",
}
LOADED: dict[str, Lane] = {StepName.FIRST_PASS: "first_pass reranker", StepName.RERANKED: "reranker"}

Warmth = Literal["cold", "warm", "cached"]

LOADED_FROM_MS = 1.0
"""From how many milliseconds on a load is one. Finding that a model is there already took 0.05 to 0.12 ms; this is
about ten times that."""


def duration(took_ms: float | None) -> str:
    """`0.4 ms`, `12 ms`, `1.3 s`; `no time` where no time was recorded."""
    if took_ms is None:
        return "no time"
    if took_ms >= 1000:
        return f"{took_ms / 1000:.1f} s"
    return f"{took_ms:.1f} ms" if took_ms < 10 else f"{took_ms:.0f} ms"


def time_text(timing: Timing) -> str:
    """`4.4 s`, and `about 4.4 s` where it is estimated."""
    return f"{'about ' * timing.estimated}{duration(timing.took_ms)}"


def step_time(step: Step) -> str:
    """The same of a step; `no time` where none was recorded."""
    return time_text(step.timing) if step.timed else duration(None)


class Bar(Frozen):
    """One step on the run's time line, in milliseconds from its start. `note` says what was done or spared.

    `name` is that of an extra search, or of a step of another pipeline. `part`: tokenising and scoring apart. `kind`
    "load" is model loading: paid once per process, kept off the time line, so it starts at 0. `estimated`: a share of a
    time that was measured for more.
    """

    lane: Lane
    name: str = ""
    part: Literal["", "tokenise", "score"] = ""
    started_ms: float
    took_ms: float
    note: BarNote = Plain()
    kind: Literal["inference", "load"] = "inference"
    estimated: bool = False

    @property
    def ended_ms(self) -> float:
        """Start plus duration."""
        return self.started_ms + self.took_ms


def bars(trace: Trace) -> tuple[Bar, ...]:
    """The run's steps in order; searches overlap where they ran side by side. Model loads come last.

    An extra search with a pause in it is two bars of the same step.
    """
    if trace.origin:
        return _recorded(trace)
    dense, lexical = trace[StepName.DENSE], trace[StepName.LEXICAL]
    steps = [_bar("embed", trace.embed, ByModel(model=trace.collection.embedding_model))]
    lists: tuple[tuple[Lane, Step], ...] = (("dense", dense), ("lexical", lexical))
    for lane, step in lists:
        if step.evidence is not Evidence.UNAVAILABLE:
            steps.append(_bar(lane, step.timing, Came(count=len(step.hits), called="found")))
    if trace.rewriting:
        steps.append(_bar("rewrite", trace.rewriting.timing, _rewrote(trace.rewriting)))
    steps += [bar for run in trace.extra_searches for bar in _extra(run)]
    fused, kept = trace.fused_step, trace.kept_step
    steps.append(_bar("fuse", fused.timing, Came(count=len(fused.hits), called="candidates")))
    for step, report in trace.rerank_passes:
        steps += _pass(PASSES[step.name], step.timing, report)
    steps.append(_bar("adjust", trace.final_step.timing, Plain(what="" if trace.policy.signals.on else "signals-off")))
    steps.append(_bar("select", kept.timing, Came(count=len(kept.hits), called="kept")))
    if trace.recorded_answer:
        steps.append(_bar("answer", trace.recorded_answer.timing, Plain(what=trace.recorded_answer.kind)))
    return (*steps, *_loads(trace))


def _recorded(trace: Trace) -> tuple[Bar, ...]:
    """The steps of another pipeline's run whose time was recorded, by their own names."""
    return tuple(
        _bar("recorded", step.timing, Came(count=len(step.hits), called="passages"), name=step.name)
        for step in trace.steps
        if step.timed
    )


def _bar(
    lane: Lane, timing: Timing, note: BarNote, *, name: str = "", part: Literal["", "tokenise", "score"] = ""
) -> Bar:
    return Bar(
        lane=lane,
        name=name,
        part=part,
        started_ms=timing.started_ms,
        took_ms=timing.took_ms,
        note=note,
        estimated=timing.estimated,
    )


def _rewrote(one: Rewriting) -> Rewrote:
    return Rewrote(
        queries=len(one.queries),
        model=one.model,
        failed=bool(one.failure),
        prompt_tokens=one.prompt_tokens,
        completion_tokens=one.completion_tokens,
    )


def _extra(run: ExtraSearchRun) -> list[Bar]:
    """One bar where its embedding and lists touch; two where a list waited, as for an embedding that it shares."""
    found = len({passage_id for step in run.steps for passage_id in step.by_passage})
    shares = not run.embed.took_ms
    dense = run.dense.timing if shares else _span(run.embed, run.dense.timing)
    lexical = run.lexical.timing
    if Evidence.UNAVAILABLE in (run.dense.evidence, run.lexical.evidence):
        there = lexical if run.dense.evidence is Evidence.UNAVAILABLE else dense
        return [_bar("extra", there, ExtraFound(found=found, shares=shares), name=run.name)]
    if dense.started_ms < lexical.started_ms:
        return _lists(run.name, ("dense", dense), ("lexical", lexical), found, shares)
    return _lists(run.name, ("lexical", lexical), ("dense", dense), found, shares)


Listed = tuple[Literal["dense", "lexical"], Timing]


def _lists(name: str, first: Listed, second: Listed, found: int, shares: bool) -> list[Bar]:
    if first[1].ended_ms >= second[1].started_ms:
        return [_bar("extra", _span(first[1], second[1]), ExtraFound(found=found, shares=shares), name=name)]
    return [
        _bar("extra", first[1], ExtraFound(found=None, only=first[0]), name=name),
        _bar("extra", second[1], ExtraFound(found=found, only=second[0], shares=shares), name=name),
    ]


def _span(one: Timing, other: Timing) -> Timing:
    start = min(one.started_ms, other.started_ms)
    return Timing(started_ms=start, took_ms=max(one.ended_ms, other.ended_ms) - start)


def extras_ms(trace: Trace) -> float:
    """How long any extra search was at work, in milliseconds; what ran side by side counts once."""
    worked, until = 0.0, 0.0
    for bar in sorted((bar for run in trace.extra_searches for bar in _extra(run)), key=lambda bar: bar.started_ms):
        worked += max(0.0, bar.ended_ms - max(bar.started_ms, until))
        until = max(until, bar.ended_ms)
    return worked


def _pass(lane: Literal["first_pass", "rerank"], timing: Timing, report: RerankSummary) -> list[Bar]:
    """Tokenising and the model apart where the reranker told them apart; they alternate batch by batch, and are
    drawn one after the other."""
    if report.status == "off" or report.status == "failed" or report.status == "idle":
        return [_bar(lane, timing, Unscored(why=report.status))]
    note = Scored(
        pairs=report.pairs_timed,
        batches=report.batches,
        tokens=report.tokens,
        cached=report.pairs_cached,
        all=report.pairs_cached + report.pairs_scored,
    )
    tokenising = min(report.tokenise_ms, timing.took_ms)
    if not report.pairs_timed or not tokenising:
        return [_bar(lane, timing, note)]
    rest = timing.with_(started_ms=timing.started_ms + tokenising, took_ms=timing.took_ms - tokenising)
    share = ShareOf(share=tokenising / timing.took_ms)
    first = _bar(lane, timing.with_(took_ms=tokenising), share, part="tokenise")
    return [first, _bar(lane, rest, note, part="score")]


def _loads(trace: Trace) -> list[Bar]:
    loads: dict[Lane, float] = {"bi-encoder": trace.model_load_ms}
    loads |= {LOADED[step.name]: report.load_ms for step, report in trace.rerank_passes}
    return [
        Bar(lane=lane, started_ms=0.0, took_ms=took, note=Plain(what="once"), kind="load")
        for lane, took in loads.items()
        if took >= LOADED_FROM_MS
    ]


def loaded_ms(trace: Trace) -> float:
    """How long this run loaded models, in milliseconds; 0 where all were there already."""
    return sum(bar.took_ms for bar in _loads(trace))


def warmth(trace: Trace) -> Warmth:
    """`cold`: a model was loaded for this run. `cached`: no pair was scored by a model. Else `warm`."""
    if loaded_ms(trace):
        return "cold"
    return "warm" if trace.pairs_timed else "cached"


def waiting_ms(trace: Trace) -> float:
    """What the asker waited for before the answer: the run, and model loading where this run had to load."""
    return trace.took_ms + trace.loading_ms


def standing(took_ms: float, budget: tuple[float, float] = USUAL_BUDGET_MS) -> Literal["under", "within", "over"]:
    """Where a run stands against a budget from..to."""
    low, high = budget
    return "under" if took_ms < low else "within" if took_ms <= high else "over"
