"""What is said of a file's notes: how many there are, and each as a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rag_core.schema.files import FileNote, SourceFile

_LONGEST = 200


def notes_summary(notes: Iterable[FileNote]) -> str:
    """`2 places left out, 1 in doubt`; "" where there is nothing to say."""
    counts = Counter(note.kind for note in notes)
    out, doubt = counts["left out"], counts["in doubt"]
    parts = [f"{out:,} place{'s' * (out != 1)} left out"] * bool(out) + [f"{doubt:,} in doubt"] * bool(doubt)
    return ", ".join(parts)


def note_line(file: SourceFile, note: FileNote) -> str:
    """`a.pdf, page 3, left out: It is a comment. “Ask legal first.”`; long words are cut."""
    words = " ".join(note.text.split())
    quoted = f" “{words if len(words) <= _LONGEST else words[:_LONGEST] + '…'}”" if words else ""
    return f"{file.name}, {note.where}, {note.kind}: {note.reason}{quoted}"
