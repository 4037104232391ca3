"""Which columns of a table are the text, the title and the id of its documents; the rest is metadata.

A person may choose; `guess_columns` proposes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag_core.schema.base import Frozen

_TITLES = ("title", "name", "subject", "heading", "headline", "question", "summary")
_TEXTS = (
    "text",
    "page_content",
    "body",
    "content",
    "passage",
    "answer",
    "description",
    "message",
    "article",
    "document",
    "abstract",
)
_CODES = ("code", "sku", "error_code", "product_code", "part_number")
_CODE = re.compile(r"(?=.*[A-Z])(?=.*\d)\S{3,40}")
"""What looks like a code: capitals and digits in one short word."""
_IDS = ("_id", "id", "doc_id", "document_id", "id_", "node_id", "key", *_CODES)
FIELDS = ("source", "updated_at", "tenant")
"""Columns that a document has a place for."""
_PROSE_WORDS = 5
"""Words in a cell, on average, from which on a column is prose."""


class CsvColumns(Frozen):
    """`text` columns make up the document (several: one `column: value` line each). `metadata` None: all others."""

    text: tuple[str, ...]
    title: str | None = None
    id: str | None = None
    metadata: tuple[str, ...] | None = None

    def titled(self, title: str, identifier: str) -> str:
        """The title of a row. An id that people search by (a code, by its column or its look) stands before it, since
        a title is searched and an id is not.

        >>> columns = CsvColumns(text=("text",), title="name", id="id")
        >>> columns.titled("Winch", "LM-7741-B"), columns.titled("Winch", "17")
        ('LM-7741-B: Winch', 'Winch')
        """
        code = _CODE.fullmatch(identifier) or (self.id or "").strip().lower() in _CODES
        if code and identifier and title and identifier.casefold() not in title.casefold():
            return f"{identifier}: {title}"
        return title or identifier

    def metadata_of(self, header: Sequence[str]) -> tuple[str, ...]:
        """The columns that travel as metadata, in the table's order."""
        used = {*self.text, self.title, self.id}
        rest = tuple(name for name in header if name not in used)
        return rest if self.metadata is None else tuple(name for name in self.metadata if name in rest)

    def missing(self, header: Sequence[str]) -> tuple[str, ...]:
        """Chosen columns that the table does not have."""
        chosen = (*self.text, self.title, self.id, *(self.metadata or ()))
        return tuple(name for name in chosen if name is not None and name not in header)


def guess_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> CsvColumns:
    """A sensible choice from the names; where none says it, all columns, and the length of their cells. Columns of
    prose are text, whatever they are called.

    >>> guess_columns(["id", "question", "answer", "source"], [["1", "Why?", "Because it rains.", "faq"]])
    CsvColumns(text=('answer',), title='question', id='id', metadata=None)
    """
    if not header:
        return CsvColumns(text=())
    identifier = _named(header, _IDS)
    title = _named(header, _TITLES)
    text = _named(header, _TEXTS)
    if text is None and title is None:
        return _unnamed(header, rows, identifier)
    if text is None:
        taken = {identifier, title} if len(header) > 2 else {identifier}
        text = max(_free(header, taken), key=lambda name: _length(header, rows, name))
    title, identifier = title if title != text else None, identifier if identifier != text else None
    more = [name for name in _free(header, {title, identifier}) if name == text or _is_prose(header, rows, name)]
    return CsvColumns(text=tuple(name for name in header if name in (text, *more)), title=title, id=identifier)


def _unnamed(header: Sequence[str], rows: Sequence[Sequence[str]], identifier: str | None) -> CsvColumns:
    """Where no name says it, every column is text, so that none is lost to search. The first is the title instead,
    where it is words and another holds more."""
    free = _free(header, {identifier})
    longest = max(free, key=lambda name: _length(header, rows, name))
    title = free[0] if free[0] != longest and _is_words(header, rows, free[0]) else None
    text = tuple(name for name in free if name != title)
    return CsvColumns(text=text, title=title, id=identifier if identifier not in text else None)


def _free(header: Sequence[str], taken: Collection[str | None]) -> list[str]:
    """The columns that may be text: neither taken nor a known field; all, where that leaves none."""
    return [name for name in header if name not in taken and name.strip().lower() not in FIELDS] or list(header)


def _named(header: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column with the best of these names, whatever its case."""
    lower = {name.strip().lower(): name for name in reversed(header)}
    return next((lower[name] for name in names if name in lower), None)


def _is_words(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> bool:
    """Whether the column's cells hold letters in all of the first hundred rows: no count, price or date."""
    cells = _cells(header, rows, name)
    return bool(cells) and all(any(character.isalpha() for character in cell) for cell in cells)


def _is_prose(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> bool:
    """Whether the cells of the column that hold anything are sentences rather than values."""
    cells = [cell.split() for cell in _cells(header, rows, name) if cell.strip()]
    return bool(cells) and sum(map(len, cells)) >= _PROSE_WORDS * len(cells)


def _length(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> int:
    """How many characters the column has in the first hundred rows."""
    return sum(map(len, _cells(header, rows, name)))


def _cells(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> list[str]:
    """The column in the first hundred rows, as far as they have it."""
    place = list(header).index(name)
    return [row[place] for row in rows[:100] if place < len(row)]
