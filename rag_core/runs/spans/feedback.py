"""What people, models or code said of a trace: OpenInference's annotations and evaluations in the attributes of spans.

https://arize-ai.github.io/openinference/spec/annotations.html: `annotations.0.annotation.name`, `.score`, `.label`,
`.explanation` and `.annotator_kind`, the same as `evaluations.0.evaluation.*`, and both with `trace.` before them. What
is said later comes in a span of its own, which links to the one that is meant. Feedback on a session is about several
runs and is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rag_core.runs.recorder.shapes import cleaned, finite
from rag_core.runs.spans import names
from rag_core.runs.spans.documents import rows_of
from rag_core.runs.spans.names import SpanKind
from rag_core.runs.spans.span import Span
from rag_core.runs.values import MAX_TEXT, Feedback

RESULT_EVENT = "gen_ai.evaluation.result"
OF_SPAN = {names.ANNOTATIONS: "annotation", names.EVALUATIONS: "evaluation", RESULT_EVENT: "evaluation"}
OF_TRACE = {names.TRACE_ANNOTATIONS: "annotation", names.TRACE_EVALUATIONS: "evaluation"}
FORMS = OF_SPAN | OF_TRACE
"""Where feedback stands, and what stands before its fields. The third is made of OpenTelemetry's events (`results`)."""

JUDGES = {"LLM": " (LLM)", "CODE": " (code)"}
"""Added to the name of what no person said, by the kind of annotator."""

PARTS = (SpanKind.RETRIEVER, SpanKind.RERANKER, SpanKind.EMBEDDING)
"""Spans that are not the answer: feedback on one says so in its name."""

RESULT = {
    "gen_ai.evaluation.name": "name",
    "gen_ai.evaluation.score.value": "score",
    "gen_ai.evaluation.score.label": "label",
    "gen_ai.evaluation.explanation": "explanation",
}
"""The fields of OpenTelemetry's event for an evaluation, and what OpenInference calls them."""

SHORT = 200
"""Characters of a text that may be a value; what people wrote is a comment."""

Said = Mapping[str, Any]
"""The fields of one annotation: name, score, label, explanation, annotator_kind."""


def feedback_of(spans: Iterable[Span]) -> tuple[Feedback, ...]:
    """The feedback in these spans, each once. One without a name, or without anything said, is left out (`faults`)."""
    found: list[Feedback] = []
    for span in spans:
        part = f" of {span.name}" if span.kind in PARTS else ""
        for form, before in FORMS.items():
            for said in _said(span.attributes, form, before):
                found += feedback(said or {}, part if form in OF_SPAN else "")
    return tuple(dict.fromkeys(found))


def faults(attributes: Mapping[str, Any]) -> list[str]:
    """What of the feedback in a span cannot be read, in words."""
    return [
        f"{form} has an entry without a name, or without a label, score and explanation."
        for form, before in FORMS.items()
        if any(said is None or not feedback(said) for said in _said(attributes, form, before))
    ]


def feedback(said: Said, part: str = "") -> list[Feedback]:
    """One annotation as feedback: its label, its score, or both under names of their own; none where it says nothing.

    >>> [(one.name, one.value) for one in feedback({"name": "correct", "label": "no", "score": 0.0})]
    [('correct', 'no'), ('correct score', 0.0)]
    """
    if not isinstance(name := said.get("name"), str) or not name:
        return []
    about = f"{part}{JUDGES.get(str(said.get('annotator_kind') or '').upper(), '')}"
    named, scored = (cleaned(f"{name}{what}{about}", SHORT) for what in ("", " score"))
    label, score, why = said.get("label"), said.get("score"), said.get("explanation")
    comment = cleaned(why, MAX_TEXT) if isinstance(why, str) else ""
    found: list[Feedback] = []
    if isinstance(label, (str, bool)) and label != "":
        found.append(
            Feedback(name=named, value=cleaned(label, SHORT) if isinstance(label, str) else label, comment=comment)
        )
    if (number := finite(score)) is not None:
        score = score if isinstance(score, int) else number
        found.append(Feedback(name=scored if found else named, value=score, comment=comment))
    return found or ([Feedback(name=named, value="commented", comment=comment)] if comment else [])


def attributes_of(said: Sequence[Said], form: str = names.ANNOTATIONS) -> dict[str, Any]:
    """Annotations as the attribute of a span that `feedback_of` reads."""
    before = FORMS[form]
    rows = [{f"{before}.{field}": value for field, value in one.items()} for one in said]
    return {form: rows} if rows else {}


def results(events: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The evaluations among a span's events, as an attribute."""
    said = [
        {ours: fields.get(theirs) for theirs, ours in RESULT.items()} for name, fields in events if name == RESULT_EVENT
    ]
    return attributes_of(said, RESULT_EVENT)


def at_target(span: Span, links: Sequence[tuple[str, str]]) -> Span:
    """A span that is there to say something of another, which it links to, as a part of that one's trace, with nothing
    but the feedback; any other as it is."""
    given = {name: value for name, value in span.attributes.items() if name.startswith(tuple(FORMS))}
    if len(links) != 1 or not given or _is_a_step(span):
        return span
    trace_id, parent_id = links[0]
    kept = {**given, names.KIND: SpanKind.EVALUATOR.value}
    fields = {name: getattr(span, name) for name in Span.model_fields}
    return Span.model_validate(fields | {"trace_id": trace_id, "parent_id": parent_id, "attributes": kept})


def _is_a_step(span: Span) -> bool:
    """Whether a span did something of the run itself, whatever else it says."""
    found = any(name.startswith((names.RETRIEVED, names.RERANK_OUTPUT)) for name in span.attributes)
    return found or span.kind in set(SpanKind) - {SpanKind.EVALUATOR}


def _said(attributes: Mapping[str, Any], form: str, before: str) -> Iterator[Said | None]:
    """The annotations of one form; None for what is none."""
    rows = rows_of(attributes, form)
    for row in [None] if rows is None else rows:
        if isinstance(row, dict):
            yield {name.removeprefix(f"{before}."): value for name, value in row.items() if value == value}
        else:
            yield None
