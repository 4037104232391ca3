"""A row as a passage. The columns of a row are those of `COLUMNS`, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from rag_core.schema.base import Scalar
from rag_core.schema.documents import Passage

COLUMNS = ("id", "text", "title", "document", "source", "tenant", "language", "updated", "metadata", "columns",
           "headings")  # fmt: skip
"""What a row of passages holds: texts, a day as ISO text, the metadata object and the table's other columns as JSON,
and the headings above it."""


def passage_of(row: Sequence[Any]) -> Passage:
    """The passage of a row. Metadata that is no text, number or truth value is left out."""
    given = dict(zip(COLUMNS, row, strict=True))
    text = given["text"] or ""
    return Passage(
        id=given["id"],
        document_id=given["document"] or given["id"],
        start=0,
        end=len(text),
        text=text,
        heading_path=tuple(given["headings"] or ()),
        title=given["title"] or "",
        source=given["source"] or "",
        tenant=given["tenant"],
        updated_at=_day(given["updated"]),
        metadata=_metadata(given["metadata"], given["columns"], given["language"]),
    )


def _metadata(inside: Any, columns: dict[str, Any] | None, language: str | None) -> dict[str, Scalar]:
    """The metadata object, over it the table's own columns, over them the language."""
    merged = {**(inside if isinstance(inside, dict) else {}), **(columns or {})}
    if language is not None:
        merged["language"] = language
    return {name: value for name, value in merged.items() if isinstance(value, str | int | float | bool)}


def _day(text: str | None) -> date | None:
    """The day of ISO text; None for a day that there never was."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
