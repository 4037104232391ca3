"""Where the time of one run went, and of many: bars on the run's time line, percentiles per step. Times are read from
traces; nothing here measures. What a larger pool costs is in `rag_core.pool_time`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rag_core.trace import ExtraRun, RerankReport, Rewriting, Trace
from rag_core.types import Frozen, StageName, Timing

if TYPE_CHECKING:
    import pandas as pd

USUAL_BUDGET_MS = (230.0, 580.0)
"""The usual advice for everything before the language model: 230 to 580 ms."""

PASSES = {StageName.SCREENED: "First pass", StageName.RERANKED: "Rerank"}
WHO = {StageName.SCREENED: "first pass's reranker", StageName.RERANKED: "reranker"}

Warmth = Literal["cold", "warm", "cached"]


def duration(took_ms: float) -> str:
    """`0.4 ms`, `12 ms`, `1.3 s`."""
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
    steps.append(_bar("Dense search", trace[StageName.DENSE].timing, f"{len(trace[StageName.DENSE].hits)} found"))
    steps.append(_bar("Lexical search", trace[StageName.LEXICAL].timing, f"{len(trace[StageName.LEXICAL].hits)} found"))
    if trace.rewriting:
        steps.append(_bar("Rewrite the question", trace.rewriting.timing, _rewritten(trace.rewriting)))
    steps += [bar for run in trace.extras for bar in _extra(run)]
    steps.append(_bar("Fuse", trace[StageName.FUSED].timing, f"{len(trace[StageName.FUSED].hits)} candidates"))
    for stage, report in trace.passes:
        steps += _pass(PASSES[stage.name], stage.timing, report)
    signals = "" if trace.policy.signals.on else "off: order by relevance"
    steps.append(_bar("Signals", trace[StageName.ADJUSTED].timing, signals))
    steps.append(_bar("Threshold and top-k", trace[StageName.KEPT].timing, f"{len(trace[StageName.KEPT].hits)} kept"))
    if trace.answer:
        steps.append(_bar("Answer", trace.answer.timing, trace.answer.kind))
    return (*steps, *_loads(trace))


def _bar(step: str, timing: Timing, note: str) -> Bar:
    return Bar(step=step, started_ms=timing.started_ms, took_ms=timing.took_ms, note=note)


def _rewritten(one: Rewriting) -> str:
    """`2 queries by llama3.2, 84 + 20 tokens`"""
    counts = (one.prompt_tokens, one.completion_tokens)
    tokens = "" if None in counts else f", {counts[0]} + {counts[1]} tokens"
    queries = "query" if len(one.queries) == 1 else "queries"
    return "failed" if one.failure else f"{len(one.queries)} {queries} by {one.model}{tokens}"


def _extra(run: ExtraRun) -> list[Bar]:
    """One bar where its embedding and lists touch; two where a list waited, as for an embedding that it shares."""
    step = f"Extra search: {run.name}"
    found = f"{len({chunk_id for stage in run.stages for chunk_id in stage.by_chunk})} found"
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
    for bar in sorted((bar for run in trace.extras for bar in _extra(run)), key=lambda bar: bar.started_ms):
        worked += max(0.0, bar.ended_ms - max(bar.started_ms, until))
        until = max(until, bar.ended_ms)
    return worked


def _pass(step: str, timing: Timing, report: RerankReport) -> list[Bar]:
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
    loads |= {f"Load the {WHO[stage.name]}": report.load_ms for stage, report in trace.passes}
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
    names = {
        StageName.DENSE: "Dense search",
        StageName.LEXICAL: "Lexical search",
        StageName.FUSED: "Fuse",
        **PASSES,
        StageName.ADJUSTED: "Signals",
        StageName.KEPT: "Threshold and top-k",
    }
    spared = {stage.name for stage, report in trace.passes if not report.pairs_timed}
    times = {"Embed the query": trace.embed.took_ms}
    times |= {names[stage.name]: stage.timing.took_ms for stage in trace.stages if stage.name not in spared}
    if trace.rewriting:
        times["Rewrite the question"] = trace.rewriting.timing.took_ms
    if trace.extras:
        times["Extra searches"] = extras_ms(trace)
    if trace.answer:
        times["Answer"] = trace.answer.timing.took_ms
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
                "first_pass": trace.screening.name if trace.screening else "",
                "pool": trace.policy.pool,
                "kind": warmth(trace),
                "pairs_scored": trace.pairs_timed,
                "pairs_cached": sum(report.pairs_cached for _, report in trace.passes),
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
