"""The strip: a box for each step of a run, with how much went in and came out and what it took."""

from __future__ import annotations

import html

import streamlit as st

from rag_core.analysis.latency import duration, extras_ms, step_time
from rag_core.pipeline.step_warnings import warns
from rag_core.schema.answers import Answer
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import Evidence, Step, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of
from rag_core.wording.step_names import step_label


def strip(trace: Trace, answer: Answer | None) -> None:
    """How many candidates went into and came out of each step, and its time."""
    steps = [_step(trace, step) for step in trace.steps]
    steps[2:2] = [_extra_step(trace)] if trace.extra_searches else []
    if answer:
        if trace.origin:  # what made it was not recorded, nor how long that took
            steps.append(_cell("Answer", "recorded", "", "", bool(answer.warnings)))
        else:
            cited = count_of(len(answer.citations), "citation")
            steps.append(_cell("Answer", answer.kind, duration(answer.timing.took_ms), cited, bool(answer.warnings)))
    st.html(f'<div class="sp-strip" data-testid="step-strip">{"".join(steps)}</div>')


def _recorded(step: Step) -> str:
    """A step of another pipeline, by its own name."""
    number = "–" if step.evidence is Evidence.UNAVAILABLE else f"{len(step.hits):,}"
    if step.hits_in is not None:
        number = f"{step.hits_in:,} → {number}"
    detail = {Evidence.UNAVAILABLE: "not recorded", Evidence.INFERRED: "worked out, not recorded"}
    told = detail.get(step.evidence, step.model or step.kind)
    return _cell(step.name, number, duration(step.took_ms), told, warns(step))


def _step(trace: Trace, step: Step) -> str:
    if trace.origin:
        return _recorded(step)
    if step.evidence is Evidence.UNAVAILABLE:
        return _cell(step_label(step.name), "–", "", "not searched", warns(step))
    report = trace.rerank
    came_out: dict[str, int] = {StepName.FUSED: len(trace.head), StepName.FIRST_PASS: len(trace.pool)}
    details: dict[str, str] = {
        StepName.DENSE: f"+ {duration(trace.embed.took_ms)} embedding",
        StepName.LEXICAL: _matched(trace, step),
        StepName.FUSED: f"{len(step.hits):,} distinct",
        StepName.FIRST_PASS: _reranked(trace.first_pass_summary or report),
        StepName.RERANKED: _reranked(report) + (f", {report.pairs_unread} not read" if report.stopped else ""),
        StepName.ADJUSTED: "on" if trace.policy.signals.on else "off",
        StepName.KEPT: "nothing kept" if trace.unknown else "threshold, top-k",
    }
    took = step_time(step)
    number = f"{step.hits_in:,} → {came_out.get(step.name, len(step.hits)):,}"
    return _cell(step_label(step.name), number, took, details.get(step.name, ""), warns(step))


def _matched(trace: Trace, step: Step) -> str:
    """How many terms matched; nothing where passages were found by an index that does not tell which words."""
    return "" if step.hits and not trace.terms else f"{count_of(len(trace.terms), 'term')} matched"


def _extra_step(trace: Trace) -> str:
    """All extra searches as one step: how many distinct passages they found, how long they took together."""
    steps = [step for run in trace.extra_searches for step in run.steps]
    found = {passage_id for step in steps for passage_id in step.by_passage}
    rewriting = f", + {duration(trace.rewriting.timing.took_ms)} rewriting" if trace.rewriting else ""
    told = f"{len(trace.extra_searches)} {'search' if len(trace.extra_searches) == 1 else 'searches'}{rewriting}"
    warn = any(warns(step) for step in steps)
    return _cell("Extra searches", f"{steps[0].hits_in:,} → {len(found):,}", duration(extras_ms(trace)), told, warn)


def _reranked(report: RerankSummary) -> str:
    """What the reranker did, in few words."""
    scored, cached = report.pairs_scored, report.pairs_cached
    by = f" by {report.runs_on}" if report.runs_on else ""
    said = {
        "ran": f"{scored} scored{by}" + f", {cached} cached" * bool(cached),
        "cached": f"{cached} from the cache",
        "off": "off: fused order",
        "failed": "did not run",
        "idle": "nothing to score",
    }
    return said[report.status]


def _cell(label: str, number: str, took: str, detail: str, warn: bool) -> str:
    kind = "sp-step sp-warn" if warn else "sp-step"
    first, second, third, fourth = (html.escape(part) for part in (label, number, took, detail))
    return (
        f'<div class="{kind}"><b>{first}</b><span class="sp-n">{second}</span><small>{third}<br>{fourth}</small></div>'
    )
