"""A case of a live retriever's run again: the retriever is asked the same question now."""

from __future__ import annotations

from rag_core.diagnosis import diagnose, locate_in_run
from rag_core.errors import SecondPassError
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever
from rag_core.schema.trace import Trace
from rag_core.triage.case import Case, Finding, Rerun, failed, redone


def ask_again(case: Case, retriever: LiveRetriever) -> Rerun:
    """Ask the case's question once more, and compare. It is asked for as many results as the case has, at least.

    Never raises for what the library can say in words: such a case has the outcome `not re-run` and an `error`.
    """
    try:
        trace = trace_of(retriever.ask(case.query, max(retriever.config.top_k, _longest(case.trace))))
    except SecondPassError as exc:
        return failed(case.id, str(exc), None)
    located = [locate_in_run(trace, one.location.expected) for one in case.findings]
    findings = tuple(Finding(location=one, diagnosis=diagnose(trace, one)) for one in located)
    return redone(case, trace, findings, None)


def _longest(trace: Trace) -> int:
    return max((len(one.hits) for one in trace.steps), default=0)
