"""Where the time of one run went: bars on the run's time line. Times are read from traces; nothing here measures.

Many runs are in `rag_core.analysis.latency_of_runs`, what a larger pool costs in `rag_core.analysis.latency_model`.
"""

from __future__ import annotations

from typing import Literal

from rag_core.schema.base import Frozen
from rag_core.schema.measurement import Rewriting
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import Step, StepName, Timing
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import ExtraSearchRun

USUAL_BUDGET_MS = (230.0, 580.0)
"""The usual advice for everything before the language model: 230 to 580 ms."""

PASSES: dict[str, str] = {StepName.FIRST_PASS: "First pass", StepName.RERANKED: "Rerank"}
WHO: dict[str, str] = {StepName.FIRST_PASS: "first pass's reranker", StepName.RERANKED: "reranker"}

Warmth = Literal["cold", "warm", "cached"]


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

    `kind` "load" is model loading: paid once per process, kept off the time line, so it starts at 0. `estimated`: a
    share of a time that was measured for more.
    """

    step: str
    started_ms: float
    took_ms: float
    note: str = ""
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


def _recorded(trace: Trace) -> tuple[Bar, ...]:
    """The steps of another pipeline's run whose time was recorded, by their own names."""
    return tuple(_bar(step.name, step.timing, f"{len(step.hits)} passages") for step in trace.steps if step.timed)


def _bar(step: str, timing: Timing, note: str) -> Bar:
    return Bar(step=step, started_ms=timing.started_ms, took_ms=timing.took_ms, note=note, estimated=timing.estimated)


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
    rest = timing.with_(started_ms=timing.started_ms + tokenising, took_ms=timing.took_ms - tokenising)
    share = f"{tokenising / timing.took_ms:.0%} of {'reranking' if step == 'Rerank' else 'the first pass'}"
    first = _bar(f"{step}: tokenise", timing.with_(took_ms=tokenising), share)
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


def standing(took_ms: float, budget: tuple[float, float] = USUAL_BUDGET_MS) -> Literal["under", "within", "over"]:
    """Where a run stands against a budget from..to."""
    low, high = budget
    return "under" if took_ms < low else "within" if took_ms <= high else "over"
