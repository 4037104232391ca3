"""What every reader takes and gives. A reader knows its format only; ids, dates and titles are made in
`rag_core.corpus.loading.metadata`, limits of time and memory are kept by `rag_core.corpus.loading.sandbox`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.errors import DocumentError
from rag_core.schema.base import Frozen
from rag_core.schema.files import FileNote

Positive = Annotated[int, Field(ge=1)]

_MOST_TOLD = 5
_LONGEST_QUOTE = 100


class Limits(Frozen):
    """What one file may cost. The first three hold where parsing runs in a subprocess of its own.

    `cpu_seconds` of processor time; `seconds` on the clock, more, so that a busy machine refuses no good file.
    `check_seconds` of processor time are spent on the pages of a PDF with looking for what may be read wrongly; later
    pages are read without that, which is noted.
    """

    cpu_seconds: Positive = 20
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0
    check_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    memory_mb: Positive = 1024
    file_mb: Positive = 50
    unzipped_mb: Positive = 200
    output_mb: Positive = 100
    pages: Positive = 2000
    rows: Positive = 100_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Source:
    """One file as a reader gets it. `name` is a label for messages, never a path."""

    name: str
    data: bytes
    limits: Limits = DEFAULT_LIMITS
    columns: CsvColumns | None = None

    def error(self, reason: str) -> DocumentError:
        """The error to raise when this file cannot be read."""
        return DocumentError(self.name, reason)


@dataclass(frozen=True)
class Record:
    """Text and metadata of one document to be. `key` tells the rows of one file apart ("" for a whole file)."""

    text: str
    metadata: dict[str, object] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class Parsed:
    """The records of a file, the rows of it that could not be read, as (place, reason), and what else to know.

    Whatever a person sees in the file is in a record or in a note. `encoding` is how its bytes were read as text.
    """

    records: list[Record]
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    encoding: str = ""


def left_out(where: str, reason: str, text: str = "") -> FileNote:
    """A note of words that no document holds."""
    return FileNote(kind="left out", where=where, reason=reason, text=text)


def in_doubt(where: str, reason: str, text: str = "") -> FileNote:
    """A note of a reading that may be wrong."""
    return FileNote(kind="in doubt", where=where, reason=reason, text=text)


def told(notes: Sequence[FileNote]) -> str:
    """What a file holds beside text, to stand behind a sentence that says why it is refused; "" for nothing.

    >>> told([left_out("page 1", "It is a comment.", "Ask Ann"), left_out("2 pictures", "Pictures are not read.")])
    ' Not read: page 1 (It is a comment: “Ask Ann”); 2 pictures (Pictures are not read).'
    """
    if not notes:
        return ""
    shown = [f"{note.where} ({note.reason.rstrip('.')}{_quoted(note.text)})" for note in notes[:_MOST_TOLD]]
    more = len(notes) - len(shown)
    return f" Not read: {'; '.join([*shown, *([f'and {more:,} more'] if more else [])])}."


def _quoted(words: str) -> str:
    flat = " ".join(words.split())
    return f": “{flat[:_LONGEST_QUOTE]}{'…' if len(flat) > _LONGEST_QUOTE else ''}”" if flat else ""


Reader = Callable[[Source], Parsed]
"""Raises DocumentError where nothing of the file can be read."""


@dataclass(frozen=True)
class TableHead:
    """The columns of a table and its first rows, for a person to choose by; and how the file was read so far."""

    columns: list[str]
    rows: list[list[str]]
    encoding: str = ""
    notes: tuple[FileNote, ...] = ()


Preview = Callable[[Source], TableHead]
"""Raises DocumentError for no table."""


@dataclass(frozen=True)
class Format:
    """One kind of files. `endings` are in lower case, with the dot; `looks_like`: what its first bytes may look like,
    by `sniff`, beside text; `preview`: for formats whose documents are rows of a table."""

    name: str
    endings: tuple[str, ...]
    read: Reader
    looks_like: tuple[str, ...] = ()
    preview: Preview | None = None
