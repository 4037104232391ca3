"""Where the time of one run went, and of many: bars on the run's time line, percentiles per stage, the line of time
against pool size and the pool that fits a budget. Times are read from traces; nothing here measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from rag_core.errors import BadInput
from rag_core.trace import Trace
from rag_core.types import Frozen, StageName, Timing

if TYPE_CHECKING:
    import pandas as pd

USUAL_BUDGET_MS = (230.0, 580.0)
"""The usual advice for everything before the language model: 230 to 580 ms."""

Warmth = Literal["cold", "warm", "cached"]


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
    """The run's steps in order; the two searches overlap where they ran side by side. Model loads come last."""
    steps = [_bar("Embed the query", trace.embed, trace.collection.embedding_model)]
    steps.append(_bar("Dense search", trace[StageName.DENSE].timing, f"{len(trace[StageName.DENSE].hits)} found"))
    steps.append(_bar("Lexical search", trace[StageName.LEXICAL].timing, f"{len(trace[StageName.LEXICAL].hits)} found"))
    steps.append(_bar("Fuse", trace[StageName.FUSED].timing, f"{len(trace[StageName.FUSED].hits)} candidates"))
    steps += _rerank(trace)
    signals = "" if trace.policy.signals.on else "off: order by relevance"
    steps.append(_bar("Signals", trace[StageName.ADJUSTED].timing, signals))
    steps.append(_bar("Threshold and top-k", trace[StageName.KEPT].timing, f"{len(trace[StageName.KEPT].hits)} kept"))
    if trace.answer:
        steps.append(_bar("Answer", trace.answer.timing, trace.answer.kind))
    return (*steps, *_loads(trace))


def _bar(step: str, timing: Timing, note: str) -> Bar:
    return Bar(step=step, started_ms=timing.started_ms, took_ms=timing.took_ms, note=note)


def _rerank(trace: Trace) -> list[Bar]:
    """Tokenising and the model apart where the reranker told them apart; they alternate batch by batch, and are
    drawn one after the other."""
    timing, report = trace[StageName.RERANKED].timing, trace.rerank
    if report.status in ("off", "failed", "idle"):
        return [
            _bar("Rerank", timing, {"off": "off", "failed": "did not run", "idle": "nothing to score"}[report.status])
        ]
    spared = f"{report.pairs_cached} of {report.pairs_cached + report.pairs_scored} pairs from the cache"
    if not report.pairs_timed:
        return [_bar("Rerank", timing, spared)]
    note = f"{_count(report.pairs_timed, 'pair')}, {_count(report.batches, 'batch')}, {_count(report.tokens, 'token')}"
    note = f"{note}; {spared}" if report.pairs_cached else note
    tokenising = min(report.tokenise_ms, timing.took_ms)
    if not tokenising:
        return [_bar("Rerank", timing, note)]
    rest = Timing(started_ms=timing.started_ms + tokenising, took_ms=timing.took_ms - tokenising)
    share = f"{tokenising / timing.took_ms:.0%} of reranking"
    first = _bar("Rerank: tokenise", Timing(started_ms=timing.started_ms, took_ms=tokenising), share)
    return [first, _bar("Rerank: score", rest, note)]


def _count(number: int, word: str) -> str:
    plural = {"batch": "batches"}.get(word, f"{word}s")
    return f"{number:,} {word if number == 1 else plural}"


def _loads(trace: Trace) -> list[Bar]:
    loads = {"Load the bi-encoder": trace.model_load_ms, "Load the reranker": trace.rerank.load_ms}
    return [
        Bar(step=step, started_ms=0.0, took_ms=took, note="once per process, not in the run's time", kind="load")
        for step, took in loads.items()
        if took > 0
    ]


def warmth(trace: Trace) -> Warmth:
    """`cold`: a model was loaded for this run. `cached`: no pair was scored by a model. Else `warm`."""
    if trace.model_load_ms > 0 or trace.rerank.load_ms > 0:
        return "cold"
    return "warm" if trace.rerank.pairs_timed else "cached"


def waiting_ms(trace: Trace) -> float:
    """What the asker waited for before the answer: the run, and model loading where this run had to load."""
    return trace.took_ms + trace.model_load_ms + trace.rerank.load_ms


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
    """Milliseconds by step; reranking counts only where a model scored."""
    names = {
        "Dense search": StageName.DENSE,
        "Lexical search": StageName.LEXICAL,
        "Fuse": StageName.FUSED,
        "Rerank": StageName.RERANKED,
        "Signals": StageName.ADJUSTED,
        "Threshold and top-k": StageName.KEPT,
    }
    times = {"Embed the query": trace.embed.took_ms}
    times |= {step: trace[name].timing.took_ms for step, name in names.items()}
    if not trace.rerank.pairs_timed:
        del times["Rerank"]
    if trace.answer:
        times["Answer"] = trace.answer.timing.took_ms
    times["All before the answer"] = trace.took_ms
    return times


class Point(Frozen):
    """Reranking measured once: how many pairs a model scored, and how long that took."""

    pairs: int
    took_ms: float
    tokens: int = 0


class Line(Frozen):
    """took_ms = fixed_ms + per_pair_ms * pairs, fitted to `points` measurements."""

    fixed_ms: float
    per_pair_ms: float
    points: int

    @property
    def pairs_per_second(self) -> float:
        """How many pairs a second, the fixed part left out."""
        return 1000.0 / self.per_pair_ms


def rerank_points(traces: Iterable[Trace]) -> list[Point]:
    """One point per run whose pairs were all scored by a model; runs helped by the cache say nothing of its speed."""
    return [
        Point(
            pairs=trace.rerank.pairs_timed, took_ms=trace[StageName.RERANKED].timing.took_ms, tokens=trace.rerank.tokens
        )
        for trace in traces
        if trace.rerank.status == "ran" and not trace.rerank.pairs_cached
    ]


def fit(points: Sequence[Point]) -> Line:
    """The least-squares line of time against pairs; through the origin where its fixed part would be negative.

    Raises BadInput where the points cannot carry a line: fewer than two sizes, or time that does not grow.
    """
    import numpy as np

    sizes = {point.pairs for point in points}
    if len(sizes) < 2:
        raise BadInput("Two runs with different pools are needed to fit a line. Run again with another pool.")
    x = np.array([point.pairs for point in points], dtype=float)
    y = np.array([point.took_ms for point in points], dtype=float)
    slope, fixed = np.polyfit(x, y, 1)
    if fixed < 0:
        slope, fixed = float(x @ y / (x @ x)), 0.0
    if slope <= 0:
        raise BadInput("These runs do not take longer with more pairs, so no line fits them. Measure a few more pools.")
    return Line(fixed_ms=float(fixed), per_pair_ms=float(slope), points=len(points))


def pool_for(line: Line, budget_ms: float, other_ms: float = 0.0) -> int:
    """The largest pool whose reranking fits `budget_ms` beside `other_ms` of everything else; 0 where none does.

    >>> pool_for(Line(fixed_ms=10, per_pair_ms=5, points=3), budget_ms=100, other_ms=20)
    14
    """
    left = budget_ms - other_ms - line.fixed_ms
    return max(0, int(left / line.per_pair_ms + 1e-9))


def standing(took_ms: float, budget: tuple[float, float] = USUAL_BUDGET_MS) -> Literal["under", "within", "over"]:
    """Where a run stands against a budget from..to."""
    low, high = budget
    return "under" if took_ms < low else "within" if took_ms <= high else "over"
