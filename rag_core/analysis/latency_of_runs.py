"""Where the time of many runs went: percentiles per step, and a row per run."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from rag_core.analysis.latency import STEP_LANES, extras_ms, waiting_ms, warmth
from rag_core.schema.once import once
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.latency_bars import ALL_BEFORE, EXTRA_SEARCHES, LANES

if TYPE_CHECKING:
    import pandas as pd


def measured_runs(traces: Sequence[Trace]) -> list[Trace]:
    """Those of the runs that were timed as they are; not those whose time is an estimate, as after a smaller pool."""
    return [trace for trace in traces if not trace.took.estimated]


def compared_runs(traces: Sequence[Trace]) -> list[Trace]:
    """Those of the runs whose time says something about this machine: measured as they are, and a model scored in them;
    where there are none of these, the best that there is."""
    measured = measured_runs(traces) or list(traces)
    return [trace for trace in measured if trace.rerank.pairs_timed] or measured


def expected_ms(traces: Sequence[Trace], policy: Policy, questions: int) -> float | None:
    """How long so many questions take under a policy before their answers, by the median of the runs that were timed
    with its reranker and pool; None where there is none."""
    alike = [
        trace.took_ms
        for trace in measured_runs(traces)
        if (trace.policy.reranker, trace.policy.pool, trace.policy.first_pass)
        == (policy.reranker, policy.pool, policy.first_pass)
        and not any(report.pairs_cached for _, report in trace.rerank_passes)
    ]
    return median(alike) * questions if alike else None


@once
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
    if trace.origin:
        return {step.name: step.timing.took_ms for step in trace.steps if step.timed}
    spared = {step.name for step, report in trace.rerank_passes if not report.pairs_timed}
    times = {LANES["embed"]: trace.embed.took_ms}
    times |= {LANES[STEP_LANES[step.name]]: step.timing.took_ms for step in trace.steps if step.name not in spared}
    if trace.rewriting:
        times[LANES["rewrite"]] = trace.rewriting.timing.took_ms
    if trace.extra_searches:
        times[EXTRA_SEARCHES] = extras_ms(trace)
    if trace.recorded_answer:
        times[LANES["answer"]] = trace.recorded_answer.timing.took_ms
    times[ALL_BEFORE] = trace.took_ms
    return times


@once
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
