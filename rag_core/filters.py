"""Metadata filters, applied inside both searches, never after them.

A filter is a conjunction of conditions; each names a field of the chunk (`source`, `tenant`, `title`,
`document_id`, `updated_at`, or any metadata field).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from rag_core.types import Chunk, Frozen, Scalar

_OWN = ("source", "tenant", "title", "document_id", "updated_at")


def field_of(chunk: Chunk, field: str) -> Scalar | date | None:
    """The value of a field of the chunk or of its document's metadata; None where it has none."""
    value: Scalar | date | None = getattr(chunk, field) if field in _OWN else chunk.metadata.get(field)
    return value


def _plain(value: Scalar | date | None) -> Scalar | None:
    """A date as ISO text, so that it can be compared with what a filter holds."""
    return value.isoformat() if isinstance(value, date) else value


class Equal(Frozen):
    """The field has exactly this value; a date is compared as ISO text (`2026-03-14`)."""

    kind: Literal["equal"] = "equal"
    field: str
    value: Scalar

    def matches(self, chunk: Chunk) -> bool:
        """True where the chunk has the field with this value."""
        return _plain(field_of(chunk, self.field)) == self.value


class In(Frozen):
    """The field has one of these values."""

    kind: Literal["in"] = "in"
    field: str
    values: tuple[Scalar, ...]

    def matches(self, chunk: Chunk) -> bool:
        """True where the chunk's field is one of the values."""
        return _plain(field_of(chunk, self.field)) in self.values


class Dated(Frozen):
    """The date field lies on or after `after` and before `before`. A chunk without a date never matches."""

    kind: Literal["dated"] = "dated"
    field: str = "updated_at"
    after: date | None = None
    before: date | None = None

    def matches(self, chunk: Chunk) -> bool:
        """True where the chunk's date lies in the interval."""
        value = field_of(chunk, self.field)
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value[:10])
            except ValueError:
                return False
        if not isinstance(value, date):
            return False
        return (self.after is None or value >= self.after) and (self.before is None or value < self.before)


Condition = Annotated[Equal | In | Dated, Field(discriminator="kind")]


class Filter(Frozen):
    """All conditions must hold."""

    conditions: tuple[Condition, ...]

    def matches(self, chunk: Chunk) -> bool:
        """True where every condition holds."""
        return all(condition.matches(chunk) for condition in self.conditions)
