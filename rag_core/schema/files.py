"""Files that documents were read from, and what to know of how they were read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rag_core.schema.base import Frozen

NoteKind = Literal["left out", "in doubt"]


class FileNote(Frozen):
    """Words of a file that are in no document (`left out`), or a reading that may be wrong (`in doubt`).

        FileNote(kind="left out", where="page 3", reason="It is a comment.", text="Ask legal first.")

    `where` is the place as a person finds it. `text` holds the words themselves, as far as there are any.
    """

    kind: NoteKind
    where: str
    reason: str
    text: str = ""


class SourceFile(Frozen):
    """One file that documents came from. `encoding` is how its bytes were read as text ("" for formats with no choice).

    Its documents have the id `name`, or `name#key` for rows of a table.
    """

    name: Annotated[str, Field(min_length=1)]
    encoding: str = ""
    notes: tuple[FileNote, ...] = ()
