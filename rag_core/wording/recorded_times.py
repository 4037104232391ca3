"""What is said of the times that a recorded run has, and of those that it has not."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rag_core.analysis.latency import duration, step_time
from rag_core.schema.steps import Evidence, Step
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of


def untimed(trace: Trace) -> tuple[Step, ...]:
    """The recorded steps without a time. What was worked out, or is not there, took none of its own."""
    return tuple(one for one in trace.steps if not one.timed and one.evidence is Evidence.RECORDED)


def whole_time(trace: Trace) -> str:
    """`370 ms`; `at least 370 ms` where a step has no time, `not recorded` where none has."""
    if not any(one.timed for one in trace.steps):
        return "not recorded"
    return duration(trace.took_ms) if trace.timed else f"at least {duration(trace.took_ms)}"


def times_sentence(trace: Trace) -> str:
    """How long the run took and which step took most of it."""
    timed = [one for one in trace.steps if one.timed]
    if not timed:
        return "This run records no times."
    slowest = max(timed, key=lambda one: one.timing.took_ms)
    whole = whole_time(trace)
    share = f"{slowest.timing.took_ms / max(trace.took_ms, 1e-9):.0%} of it" if trace.timed else step_time(slowest)
    return f"{whole[0].upper()}{whole[1:]} before the answer; {slowest.name} took {share}."


def missing_sentence(trace: Trace) -> str:
    """Which steps have no time, and how to record it; empty where all have."""
    names = [one.name for one in untimed(trace)]
    if not names:
        return ""
    return f"No time was recorded for {_listed(names)}. Record it with `took_ms=...` or `run.timed(...)`."


def many_sentence(traces: Sequence[Trace]) -> str:
    """How many runs the percentiles are of, and how many of them record no time."""
    without = sum(not any(step.timed for step in one.steps) for one in traces)
    told = f"The newest {count_of(len(traces), 'run')} of {traces[0].collection.name}."
    missing = f" {without} of them {'records' if without == 1 else 'record'} no times." if without else ""
    return f"{told}{missing} A step counts in those runs only that record its time."


def repeats_sentence(traces: Sequence[Trace]) -> str:
    """How long the same question took when it was asked again and again: the first time, then the others."""
    timed = [one for one in traces if any(step.timed for step in one.steps)]
    told = count_of(len(traces), "answer")
    if not timed:
        return f"{told}. None records its times."
    first, *others = timed
    if not others:
        return f"{told}. The first took {whole_time(first)}."
    rest = duration(median(one.took_ms for one in others))
    return f"{told}. The first took {whole_time(first)}; half of the others took at most {rest}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
