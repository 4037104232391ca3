"""Annotations of Phoenix, which people, models or code gave to a span or a trace, as feedback on its run.

They stand in a frame of spans (`spans.join(client.spans.get_span_annotations_dataframe(...))`, or the columns
`eval.<name>.label` of older versions), in the spans that its command line writes (`annotations`, `notes`), or as rows
of their own, as its API returns them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from rag_core.runs.importers.foreign_spans import hex_id
from rag_core.runs.importers.source import Problems
from rag_core.runs.spans import names
from rag_core.runs.spans.feedback import Said, attributes_of, feedback
from rag_core.runs.spans.span import Span

Row = dict[str, Any]
"""Fields of a row, nested parts joined (`result.label`)."""

FIELDS = ("label", "score", "explanation")
COLUMN = re.compile(r"eval\.(?P<name>.+)\.(?P<field>label|score|explanation)")
SESSION, POSITION = "session_id", "document_position"


def is_annotation(row: Row) -> bool:
    """True for an annotation that is a row of its own."""
    named = "annotator_kind" in row and ("name" in row or "annotation_name" in row)
    return named and bool({"span_id", "trace_id", SESSION} & row.keys())


class Annotations:
    """Collects the annotations of a file, by the span or trace that they are about."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._of: dict[tuple[str, str], list[tuple[str, Said]]] = defaultdict(list)

    def row(self, place: str, row: Row) -> None:
        """An annotation that is a row of its own. Raises ValueError where its id is missing."""
        if row.get(POSITION) is not None:
            self._problems.add(place, "it is about one document, and feedback is about the answer, so it is left out.")
        elif row.get("span_id"):
            self._add(place, (names.ANNOTATIONS, hex_id(row["span_id"], 16)), _of_row(row))
        elif row.get("trace_id"):
            self._add(place, (names.TRACE_ANNOTATIONS, hex_id(row["trace_id"], 32)), _of_row(row))
        else:
            self._problems.add(place, "it is about a session of several runs, so it is left out.")

    def of_span(self, place: str, span_id: str, flat: Row) -> None:
        """Those that stand in the row of a span."""
        if flat.get("annotation_name") is not None:
            self._add(place, (names.ANNOTATIONS, span_id), _of_row(flat))
        of_columns: dict[str, Row] = defaultdict(dict)
        for column, value in flat.items():
            if (found := COLUMN.fullmatch(column)) and _is_there(value):
                of_columns[found["name"]][found["field"]] = value
        for name, said in of_columns.items():
            self._add(place, (names.ANNOTATIONS, span_id), {"name": name, **said})
        self.listed(place, (names.ANNOTATIONS, span_id), flat)

    def listed(self, place: str, of: tuple[str, str], row: Row) -> None:
        """The lists `annotations` and `notes` of a span or a trace."""
        for key in ("annotations", "notes"):
            for one in _rows(row.get(key)):
                self._add(place, of, _of_row(one) if isinstance(one, dict) else {})

    def on(self, spans: list[Span]) -> list[Span]:
        """The spans with what was said of them. What is about none of them is a problem."""
        missing = dict(self._of)
        first = {span.trace_id: span.span_id for span in reversed(spans)}  # says what is said of the trace
        done: list[Span] = []
        for span in spans:  # one may come several times, with an annotation each
            of_span, of_trace = (names.ANNOTATIONS, span.span_id), (names.TRACE_ANNOTATIONS, span.trace_id)
            more = attributes_of([said for _, said in self._of.get(of_span, ())])
            missing.pop(of_span, None)
            if first[span.trace_id] == span.span_id:
                more |= attributes_of([said for _, said in self._of.get(of_trace, ())], of_trace[0])
                missing.pop(of_trace, None)
            done.append(span.model_copy(update={"attributes": span.attributes | more}) if more else span)
        for (form, one), some in missing.items():
            noun = "span" if form == names.ANNOTATIONS else "trace"
            for place, _ in some:
                self._problems.add(place, f"the {noun} that it is about ({one}) is not there. Open both together.")
        return done

    def _add(self, place: str, of: tuple[str, str], said: Said) -> None:
        if feedback(said):
            self._of[of].append((place, said))
        else:
            self._problems.add(place, "an annotation has no name, or no label, score and explanation.")


def _of_row(row: Row) -> Said:
    """The fields of an annotation: what it says may stand in `result`."""
    inner = row.get("result")
    result = inner if isinstance(inner, dict) else {one: row.get(f"result.{one}", row.get(one)) for one in FIELDS}
    name = row.get("annotation_name", row.get("name"))
    return {"name": name, "annotator_kind": row.get("annotator_kind"), **{one: result.get(one) for one in FIELDS}}


def _rows(given: Any) -> Iterator[Any]:
    """A list of annotations, or lists of them by name, as examples of a data set have them."""
    if isinstance(given, dict):
        for name, some in given.items():
            for one in some if isinstance(some, list) else [some]:
                yield {"name": name, **one} if isinstance(one, dict) else one
    elif isinstance(given, (list, tuple)):
        yield from given
    elif _is_there(given):
        yield given


def _is_there(value: Any) -> bool:
    return value is not None and value == value
