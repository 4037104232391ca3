"""Where the time of one run went, and of many: bars on the run's time line, percentiles per step. Times are read from
traces; nothing here measures. What a larger pool costs is in `rag_core.analysis.latency_model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rag_core.schema.base import Frozen
from rag_core.schema.measurement import Rewriting
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import StepName, Timing
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import ExtraSearchRun

if TYPE_CHECKING:
    import pandas as pd

USUAL_BUDGET_MS = (230.0, 580.0)
"""The usual advice for everything before the language model: 230 to 580 ms."""

PASSES: dict[str, str] = {StepName.FIRST_PASS: "First pass", StepName.RERANKED: "Rerank"}
WHO: dict[str, str] = {StepName.FIRST_PASS: "first pass's reranker", StepName.RERANKED: "reranker"}

Warmth = Literal["cold", "warm", "cached"]


def duration(took_ms: float | None) -> str:
    """`0.4 ms`, `12 ms`, `1.3 s`; `no time` where none was recorded."""
    if took_ms is None:
        return "no time"
    if took_ms >= 1000:
        return f"{took_ms / 1000:.1f} s"
    return f"{took_ms:.1f} ms" if took_ms < 10 else f"{took_ms:.0f} ms"


class Bar(Frozen):
    """One step on the run's time line, in milliseconds from its start. `note` says what was done or spared.

    `kind` "load" is model loading: paid once per process, kept off the time line, so it starts at 0.
    """

    step: str
    started_ms: float
    took_ms: float
    note: str = ""
    kind: Literal["inference", "load"] = "inference"

    @property
    def ended_ms(self) -> float:
        """Start plus duration."""
        return self.started_ms + self.took_ms


def bars(trace: Trace) -> tuple[Bar, ...]:
    """The run's steps in order; searches overlap where they ran side by side. Model loads come last.

    An extra search with a pause in it is two bars of the same step.
    """
    steps = [_bar("Embed the query", trace.embed, trace.collection.embedding_model)]
    steps.append(_bar("Dense search", trace[StepName.DENSE].timing, f"{len(trace[StepName.DENSE].hits)} found"))
    steps.append(_bar("Lexical search", trace[StepName.LEXICAL].timing, f"{len(trace[StepName.LEXICAL].hits)} found"))
    if trace.rewriting:
        steps.append(_bar("Rewrite the question", trace.rewriting.timing, _rewritten(trace.rewriting)))
    steps += [bar for run in trace.extra_searches for bar in _extra(run)]
    steps.append(_bar("Fuse", trace.fused_step.timing, f"{len(trace.fused_step.hits)} candidates"))
    for step, report in trace.rerank_passes:
        steps += _pass(PASSES[step.name], step.timing, report)
    signals = "" if trace.policy.signals.on else "off: order by relevance"
    steps.append(_bar("Signals", trace.final_step.timing, signals))
    steps.append(_bar("Threshold and top-k", trace.kept_step.timing, f"{len(trace.kept_step.hits)} kept"))
    if trace.recorded_answer:
        steps.append(_bar("Answer", trace.recorded_answer.timing, trace.recorded_answer.kind))
    return (*steps, *_loads(trace))


def _bar(step: str, timing: Timing, note: str) -> Bar:
    return Bar(step=step, started_ms=timing.started_ms, took_ms=timing.took_ms, note=note)


def _rewritten(one: Rewriting) -> str:
    """`2 queries by llama3.2, 84 + 20 tokens`"""
    counts = (one.prompt_tokens, one.completion_tokens)
    tokens = "" if None in counts else f", {counts[0]} + {counts[1]} tokens"
    queries = "query" if len(one.queries) == 1 else "queries"
    return "failed" if one.failure else f"{len(one.queries)} {queries} by {one.model}{tokens}"


def _extra(run: ExtraSearchRun) -> list[Bar]:
    """One bar where its embedding and lists touch; two where a list waited, as for an embedding that it shares."""
    step = f"Extra search: {run.name}"
    found = f"{len({passage_id for step in run.steps for passage_id in step.by_passage})} found"
    dense, lexical = run.dense.timing, run.lexical.timing
    if run.embed.took_ms:
        dense = _span(run.embed, dense)
    else:
        found += "; shares an embedding"
    first, second = sorted([("dense", dense), ("lexical", lexical)], key=lambda part: part[1].started_ms)
    if first[1].ended_ms >= second[1].started_ms:
        return [_bar(step, _span(dense, lexical), found)]
    return [_bar(step, first[1], f"{first[0]} list"), _bar(step, second[1], f"{second[0]} list; {found}")]


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


def _pass(step: str, timing: Timing, report: RerankSummary) -> list[Bar]:
    """Tokenising and the model apart where the reranker told them apart; they alternate batch by batch, and are
    drawn one after the other."""
    if report.status in ("off", "failed", "idle"):
        return [_bar(step, timing, {"off": "off", "failed": "did not run", "idle": "nothing to score"}[report.status])]
    spared = f"{report.pairs_cached} of {report.pairs_cached + report.pairs_scored} pairs from the cache"
    if not report.pairs_timed:
        return [_bar(step, timing, spared)]
    note = f"{_count(report.pairs_timed, 'pair')}, {_count(report.batches, 'batch')}, {_count(report.tokens, 'token')}"
    note = f"{note}; {spared}" if report.pairs_cached else note
    tokenising = min(report.tokenise_ms, timing.took_ms)
    if not tokenising:
        return [_bar(step, timing, note)]
    rest = Timing(started_ms=timing.started_ms + tokenising, took_ms=timing.took_ms - tokenising)
    share = f"{tokenising / timing.took_ms:.0%} of {'reranking' if step == 'Rerank' else 'the first pass'}"
    first = _bar(f"{step}: tokenise", Timing(started_ms=timing.started_ms, took_ms=tokenising), share)
    return [first, _bar(f"{step}: score", rest, note)]


def _count(number: int, word: str) -> str:
    plural = {"batch": "batches"}.get(word, f"{word}s")
    return f"{number:,} {word if number == 1 else plural}"


def _loads(trace: Trace) -> list[Bar]:
    loads = {"Load the bi-encoder": trace.model_load_ms}
    loads |= {f"Load the {WHO[step.name]}": report.load_ms for step, report in trace.rerank_passes}
    return [
        Bar(step=step, started_ms=0.0, took_ms=took, note="once per process, not in the run's time", kind="load")
        for step, took in loads.items()
        if took > 0
    ]


def warmth(trace: Trace) -> Warmth:
    """`cold`: a model was loaded for this run. `cached`: no pair was scored by a model. Else `warm`."""
    if trace.loading_ms > 0:
        return "cold"
    return "warm" if trace.pairs_timed else "cached"


def waiting_ms(trace: Trace) -> float:
    """What the asker waited for before the answer: the run, and model loading where this run had to load."""
    return trace.took_ms + trace.loading_ms


def percentiles(traces: Sequence[Trace]) -> pd.DataFrame:
    """A row per step over many runs: step, runs, p50, p95, max in milliseconds; last row: all before the answer.

    Percentiles are interpolated linearly between runs; with fewer than 20 runs the 95th is close to the slowest.
    """
    import numpy as np
    import pandas as pd

    times: dict[str, list[float]] = {}
    for trace in traces:
        for step, took in _step_times(trace).items():
            times.setdefault(step, []).append(took)
    rows = [
        {
            "step": step,
            "runs": len(took),
            "p50": float(np.percentile(took, 50)),
            "p95": float(np.percentile(took, 95)),
            "max": max(took),
        }
        for step, took in times.items()
    ]
    return pd.DataFrame(rows, columns=["step", "runs", "p50", "p95", "max"])


def _step_times(trace: Trace) -> dict[str, float]:
    """Milliseconds by step; a pass of reranking counts only where a model scored."""
    names: dict[str, str] = {
        StepName.DENSE: "Dense search",
        StepName.LEXICAL: "Lexical search",
        StepName.FUSED: "Fuse",
        **PASSES,
        StepName.ADJUSTED: "Signals",
        StepName.KEPT: "Threshold and top-k",
    }
    spared = {step.name for step, report in trace.rerank_passes if not report.pairs_timed}
    times = {"Embed the query": trace.embed.took_ms}
    times |= {names[step.name]: step.timing.took_ms for step in trace.steps if step.name not in spared}
    if trace.rewriting:
        times["Rewrite the question"] = trace.rewriting.timing.took_ms
    if trace.extra_searches:
        times["Extra searches"] = extras_ms(trace)
    if trace.recorded_answer:
        times["Answer"] = trace.recorded_answer.timing.took_ms
    times["All before the answer"] = trace.took_ms
    return times


def runs_table(traces: Sequence[Trace]) -> pd.DataFrame:
    """A row per run: what was asked, how, and how long it took."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "measured_at": trace.measured_at,
                "query": trace.query,
                "reranker": trace.policy.reranker,
                "first_pass": trace.first_pass_summary.name if trace.first_pass_summary else "",
                "pool": trace.policy.pool,
                "kind": warmth(trace),
                "pairs_scored": trace.pairs_timed,
                "pairs_cached": sum(report.pairs_cached for _, report in trace.rerank_passes),
                "before_answer_ms": trace.took_ms,
                "waited_ms": waiting_ms(trace),
            }
            for trace in traces
        ]
    )


def standing(took_ms: float, budget: tuple[float, float] = USUAL_BUDGET_MS) -> Literal["under", "within", "over"]:
    """Where a run stands against a budget from..to."""
    low, high = budget
    return "under" if took_ms < low else "within" if took_ms <= high else "over"
