"""From what a reader found to a `Document`: clean text, a title always, dates as dates, metadata as scalars."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime
from pathlib import PurePosixPath

from rag_core.corpus.headings import first_heading
from rag_core.corpus.readers.base import Record
from rag_core.schema.base import Scalar
from rag_core.schema.documents import Document

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")
_MANY_BREAKS = re.compile(r"\n{4,}")
_MANY_BLANKS = re.compile(r"[ \t\u00a0]{17,}")
_DATE_FORMATS = ("%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")


def to_document(name: str, record: Record, extra: dict[str, object] | None = None) -> Document:
    """The document of one record of the file `name`; `extra` (from a metadata table) wins over the file's own.

    The id is the name, and for a row `name#key`. Without a title: the first heading, or the file's stem. An
    `updated_at` that is no date stays in the metadata as it was written.
    """
    given = {**record.metadata, **{key: value for key, value in (extra or {}).items() if value not in (None, "")}}
    values = {clean_text(str(key)).strip(): scalar(value) for key, value in given.items()}
    text = clean_text(record.text)
    written = values.pop("updated_at", None)
    updated_at = parse_date(written)
    if updated_at is None and written is not None:
        values["updated_at"] = written
    title, source, tenant = (_line(values.pop(key, None)) for key in ("title", "source", "tenant"))
    return Document(
        id=f"{name}#{record.key}" if record.key else name,
        text=text,
        title=title or first_heading(text) or PurePosixPath(name).stem,
        source=source,
        updated_at=updated_at,
        tenant=tenant or None,
        metadata={key: value for key, value in values.items() if key and value is not None},
    )


def clean_text(text: str) -> str:
    """Text without NULs, control characters and lone surrogates; line breaks are `\\n`; long gaps are shortened."""
    text = _CONTROL.sub("", _BREAK.sub("\n", text)).removeprefix("\ufeff")
    return _MANY_BLANKS.sub(" " * 16, _MANY_BREAKS.sub("\n\n\n", text))


def scalar(value: object) -> Scalar | None:
    """A metadata value as text, number or truth value; nested ones as JSON text; None for nothing."""
    if isinstance(value, str):
        return clean_text(value).strip() or None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return clean_text(json.dumps(value, ensure_ascii=False, default=str))


def parse_date(value: Scalar | None) -> date | None:
    """The day that is written there, or None. `03/04/2026` could be two days, so it is none."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _line(value: Scalar | None) -> str:
    """A value as one line of text."""
    return "" if value is None else " ".join(str(value).split())
