"""Scores of Langfuse as feedback: in the `scores` of a trace, or rows of their own, as its API and exports have them.

A row has `name`, `value` (or `stringValue`), `dataType`, `source`, `comment`, and `traceId` and `observationId` or a
`subject` with `kind` and `id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rag_core.runs.importers.foreign_spans import hex_id
from rag_core.runs.importers.source import Problems
from rag_core.runs.run import Run
from rag_core.runs.spans.feedback import PARTS, feedback
from rag_core.runs.spans.span import Span
from rag_core.runs.values import Feedback

Raw = dict[str, Any]

JUDGES = {"EVAL": "CODE"}
"""Whose score it is, by Langfuse's source: an evaluator's; of what an API sent that is not known."""


def is_score(row: Raw) -> bool:
    """True for a score that is a row of its own."""
    return "dataType" in row and "name" in row and ("value" in row or "stringValue" in row)


class Scores:
    """Collects scores, and gives them to the runs that they are about."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._found: list[tuple[str, str, str, Raw]] = []

    def row(self, place: str, row: Raw) -> None:
        """A score that is a row of its own. Raises ValueError where its id is missing."""
        subject = row["subject"] if isinstance(row.get("subject"), dict) else {}
        kind, one = subject.get("kind"), subject.get("id")
        trace = one if kind == "trace" else subject.get("traceId") or row.get("traceId")
        observation = one if kind == "observation" else row.get("observationId")
        if not trace and not observation:
            self._problems.add(place, "it is about a session or an experiment of several runs, so it is left out.")
        else:
            self._add(place, trace, observation, row)

    def of_trace(self, place: str, trace: Any, scores: Any) -> None:
        """The list of scores of a trace."""
        if not isinstance(scores, list):
            self._problems.add(place, "its scores are no list.")
            return
        for number, one in enumerate(scores, start=1):
            row = one if isinstance(one, dict) else {}
            try:
                self._add(f"{place}, score {number}", trace, row.get("observationId"), row)
            except ValueError as exc:
                self._problems.add(f"{place}, score {number}", f"{exc}.")

    def on(self, runs: Iterable[Run], spans: Sequence[Span]) -> list[Run]:
        """The runs with their scores. One of a trace that is not there is a problem."""
        by_span = {span.span_id: span for span in spans}
        traces = {span.trace_id for span in spans}
        said: dict[str, list[Feedback]] = {}
        for place, trace, observation, row in self._found:
            span = by_span.get(observation)
            of = trace or (span.trace_id if span else "")
            if of not in traces:
                self._problems.add(place, "the trace that it is about is not there. Open both together.")
            part = f" of {span.name}" if span is not None and span.kind in PARTS else ""
            said.setdefault(of, []).extend(feedback(_said(row), part))
        return [
            run.model_copy(update={"feedback": tuple(dict.fromkeys((*run.feedback, *said.get(run.id, ()))))})
            for run in runs
        ]

    def _add(self, place: str, trace: Any, observation: Any, row: Raw) -> None:
        if not feedback(_said(row)):
            self._problems.add(place, "it has no name or no value.")
            return
        span = hex_id(observation, 16) if observation else ""
        self._found.append((place, hex_id(trace, 32) if trace else "", span, row))


def _said(row: Raw) -> Raw:
    """A score as an annotation: its text or truth value is the label."""
    text, value = row.get("stringValue"), row.get("value")
    label = text if isinstance(text, str) and text else value if isinstance(value, (str, bool)) else None
    return {
        "name": row.get("name"),
        "label": label,
        "score": value if label is None else None,
        "explanation": row.get("comment"),
        "annotator_kind": JUDGES.get(str(row.get("source"))),
    }
