"""One span: a piece of work of a traced program, with its place in the trace and the attributes that matter here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from rag_core.runs.recorder.shapes import encodable
from rag_core.runs.spans import names
from rag_core.runs.values import MAX_TEXT
from rag_core.schema.base import Frozen
from rag_core.schema.records import RecordFormat

MAX_ATTRIBUTES = 50_000


class Span(Frozen):
    """Ids are hexadecimal, times nanoseconds since 1970; an end of 0 is not known. `error` says how it failed."""

    trace_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    span_id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    parent_id: Annotated[str, Field(pattern="^([0-9a-f]{16})?$")] = ""
    name: Annotated[str, Field(max_length=2000)] = ""
    started_ns: Annotated[int, Field(ge=0)] = 0
    ended_ns: Annotated[int, Field(ge=0)] = 0
    project: Annotated[str, Field(max_length=200)] = "default"
    attributes: dict[str, Any] = {}
    error: str | None = None

    @cached_property
    def kind(self) -> str:
        """OpenInference's kind in capitals; empty for spans of other conventions."""
        return str(self.attributes.get(names.KIND, "")).upper()

    @property
    def took_ms(self) -> float:
        """Milliseconds; 0 where the end is not known."""
        return max(0, self.ended_ns - self.started_ns) / 1e6

    def text(self, name: str) -> str:
        """An attribute that is a text; empty where it is not there."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else ""


SPAN = RecordFormat(noun="span", model=Span, version=1, accepts="Send it again.")


def kept_attributes(given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The attributes that matter here, texts cut to their limit and as every store takes them. Raises ValueError
    where one is nested too deep."""
    kept: dict[str, Any] = {}
    for name, value in given:
        if name.startswith(names.KEPT) and len(kept) < MAX_ATTRIBUTES:
            kept[encodable(name)] = encodable(value[:MAX_TEXT] if isinstance(value, str) else value)
    return kept


def project_of(resource: dict[str, Any], attributes: dict[str, Any], unsaid: str = "default") -> str:
    """The project that a span belongs to: OpenInference's name for it, else the service's, else `unsaid`."""
    given = attributes.get(names.PROJECT) or resource.get(names.PROJECT) or resource.get(names.SERVICE)
    return str(given or unsaid).replace("\x00", "")[:200] or unsaid
