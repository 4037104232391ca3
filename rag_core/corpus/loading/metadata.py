"""From what a reader found to a `Document`: clean text, a title always, dates as dates, metadata as scalars."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath

from rag_core.corpus.headings import first_heading
from rag_core.corpus.loading.dates import DATE_FIELDS, field_name, is_ambiguous, parse_date
from rag_core.corpus.readers.base import Record, in_doubt
from rag_core.schema.base import Scalar
from rag_core.schema.documents import Document
from rag_core.schema.files import FileNote

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile(r"\r\n?|[\x0c\x85\u2028\u2029]")
_MANY_BREAKS = re.compile(r"\n{4,}")
_MANY_BLANKS = re.compile(r"[ \t\u00a0]{17,}")
_SHOWN = 5
_BETWEEN = re.compile(r"[\W_]+")
_MADE_UP = re.compile(
    r"untitled.*|\(?anonymous\)?|no title|title|unbenannt.*|sans titre|sin título|senza titolo|sem título|bez názvu"
    r"|без названия|无标题|無標題|無題|제목 없음|microsoft word|word document|about:blank|new tab"
    r"|(?:document|presentation|dokument|book|slide|layout|sheet|blank|scan)\s?\d*"
    r"|(?:microsoft )?powerpoint.presentation"
    r"|microsoft (?:office )?(?:word|powerpoint|excel|publisher) ?- .*"
    r"|.*\.(?:docx?|dotx?|pptx?|xlsx?|indd|qxd|pdf|tex|dvi|ps|rtf|odt|ott|wpd|md|html?|tiff?|jpe?g|png|ai|psd|pub)",
    re.IGNORECASE,
)
"""Titles that programs give a file that has none."""


def to_document(
    name: str, record: Record, extra: dict[str, object] | None = None, date_field: str | None = None
) -> Document:
    """The document of one record of the file `name`; `extra` (from a metadata table) wins over the file's own.

    The id is the name, and for a row `name#key`. Without a title, or with one that a program made up: the first
    heading, or the file's stem. The date is `date_field`; for a record without that field `updated_at`, else another of
    `DATE_FIELDS`. One that cannot be read stays in the metadata as it was written.
    """
    given = {**record.metadata, **{key: value for key, value in (extra or {}).items() if value not in (None, "")}}
    values = {clean_text(str(key)).strip(): scalar(value) for key, value in given.items()}
    text = clean_text(record.text)
    updated_at = _dated(values, date_field)
    title, source, tenant = (_line(_taken(values, key)) for key in ("title", "source", "tenant"))
    if not record.key and not (extra or {}).get("title") and _MADE_UP.fullmatch(title):
        title = ""
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
    """A metadata value as text, number or truth value; a list as `a, b`; nested ones as JSON text; None for nothing."""
    if isinstance(value, str):
        return clean_text(value).strip() or None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list) and value and all(isinstance(one, str | int | float | date) for one in value):
        return clean_text(", ".join(str(scalar(one)) for one in value))
    return clean_text(json.dumps(value, ensure_ascii=False, default=str))


def date_choices(values: Mapping[str, Scalar]) -> list[str]:
    """The metadata that can be chosen as the date: the fields whose values are dates."""
    return [name for name, value in values.items() if parse_date(value)]


def date_notes(documents: Sequence[Document], date_field: str | None = None) -> list[FileNote]:
    """A note of the dates of a file that were not read, each as it is written."""
    unread: dict[bool, list[str]] = {}
    for document in documents:
        written = None if document.updated_at else _written_date(document.metadata, date_field)
        if written is not None:
            unread.setdefault(is_ambiguous(written), []).append(str(written))
    notes = []
    for ambiguous, values in unread.items():
        different = list(dict.fromkeys(values))
        them = "It" if len(different) == 1 else "Each of them"
        why = f"{them} could be two days" if ambiguous else f"{them} is no date that can be read"
        why += ", so the document has no date. Write it as 2026-03-14."
        notes.append(in_doubt("date", why, ", ".join(different[:_SHOWN]) + (", …" if len(different) > _SHOWN else "")))
    return notes


def _chosen_key(values: Mapping[str, Scalar | None], chosen: str | None) -> str | None:
    """The key of the field that was chosen as the date, where it has a value: this very name before one like it."""
    filled = [key for key, value in values.items() if value not in (None, "")]
    alike = [key for key in filled if chosen and _compared(key) == _compared(chosen)]
    return chosen if chosen in filled else next(iter(alike), None)


def _compared(name: str) -> str:
    """A name in small letters, whatever stands between its words."""
    return _BETWEEN.sub("_", name.casefold()).strip("_")


def _written_date(values: Mapping[str, Scalar], chosen: str | None) -> Scalar | None:
    """What stands where a date is expected."""
    if key := _chosen_key(values, chosen):
        return values[key]
    by_name = {field_name(key): value for key, value in reversed(list(values.items()))}
    return next((by_name[name] for name in DATE_FIELDS if name in by_name), None)


def _dated(values: dict[str, Scalar | None], chosen: str | None) -> date | None:
    """The date of the field that was chosen; without that field, the first date among the usual ones. `updated_at` is
    taken out, the others stay."""
    key = _chosen_key(values, chosen)
    by_name = {field_name(one): one for one in reversed(values)}
    for one in [key] if key else [by_name[name] for name in DATE_FIELDS if name in by_name]:
        if found := parse_date(values[one]):
            if field_name(one) == DATE_FIELDS[0]:
                del values[one]
            return found
    return None


def _taken(values: dict[str, Scalar | None], name: str) -> Scalar | None:
    """The value of this name, whatever its case, taken out of the metadata."""
    key = name if name in values else next((key for key in values if key.lower() == name), name)
    return values.pop(key, None)


def _line(value: Scalar | None) -> str:
    """A value as one line of text."""
    return "" if value is None else " ".join(str(value).split())
