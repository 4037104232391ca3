"""A run of Second Pass itself as the record of a run, so that what works on recorded runs works on it.

    trace_of(run_of_trace(Trace.read(text)))

Where the collection is not there any more, nothing can be searched or measured again: what the run recorded is all that
is known, as of any other pipeline's. The trace itself says more: its rules, its early stopping, what was cut and why.
"""

from __future__ import annotations

import hashlib
from typing import Any

from rag_core.runs.run import Run
from rag_core.runs.sent import run_from, unique_name
from rag_core.schema.once import once
from rag_core.schema.steps import Hit, Step, StepKind, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import title_of

SOURCE = "second-pass"


@once
def run_of_trace(trace: Trace) -> Run:
    """The record of a run of our own.

    The lists of the extra searches are searches beside the others, a step that did nothing (no reranker, no signals) is
    none, and a list ends where the next step stopped reading it, which it notes. Raises UnreadableRecord where that
    makes no run.
    """
    idle = {StepName.RERANKED: trace.rerank.status == "off", StepName.ADJUSTED: not trace.policy.signals.on}
    steps = [one for one in trace.steps if not idle.get(StepName(one.name))]
    extra = {
        unique_name(f"{run.name} {step.name}", {one.name for one in steps}): step
        for run in trace.extra_searches
        for step in run.steps
    }
    sent: list[dict[str, Any]] = []
    before = ""
    for step in steps:
        if step.kind is StepKind.FUSION:
            sent += [_sent(one, name, (), one.hits) for name, one in extra.items()]
            inputs = tuple(dict.fromkeys((*step.inputs, *extra)))
        else:
            inputs = (before,) if step.inputs else ()
        sent.append(_sent(step, step.name, inputs, _handed_on(step, trace)))
        before = step.name
    return run_from(
        {
            "id": hashlib.sha256(trace.to_json().encode()).hexdigest()[:32],
            "project": trace.collection.name[:200],
            "query": trace.query,
            "started_at": trace.measured_at,
            "steps": sent,
            "passages": [
                {
                    "id": one.id,
                    "text": one.text,
                    "title": title_of(one)[:2000],
                    "source": one.source[:2000],
                    "document_id": one.document_id[:1000],
                    "metadata": one.metadata,
                }
                for one in trace.passages.values()
            ],
            "answer": trace.recorded_answer.text if trace.recorded_answer else None,
            "source": SOURCE,
        }
    )


def _handed_on(step: Step, trace: Trace) -> tuple[Hit, ...]:
    """The hits that the next step read."""
    if step is trace.fused_step:
        return trace.head
    return trace.pool if step.name == StepName.FIRST_PASS else step.hits


def _sent(step: Step, name: str, inputs: tuple[str, ...], hits: tuple[Hit, ...]) -> dict[str, Any]:
    notes = [{"code": one.code, "message": one.message} for one in step.warnings]
    if len(hits) < len(step.hits):
        said = f"The first {len(hits)} of {len(step.hits)}: the next step read no others."
        notes.append({"code": "handed-on", "message": said})
    return {
        "name": name,
        "kind": step.kind,
        "inputs": inputs,
        "space": step.space,
        "hits": [{"passage_id": hit.passage_id, "score": hit.score} for hit in hits],
        "timing": {"started_ms": step.timing.started_ms, "took_ms": step.timing.took_ms} if step.timed else None,
        "model": step.model,
        "evidence": step.evidence,
        "warnings": notes,
    }
