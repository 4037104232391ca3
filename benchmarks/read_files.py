"""What every file of a folder reads as, a line each: python -m benchmarks.read_files FOLDER

Reads as an upload does, without the limits of time. Writes nothing. `docs/read-files.md` holds what came of files from
the public tests of other readers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rag_core.corpus.loading.load import Loaded, load_bytes


def outcome(loaded: Loaded) -> str:
    """One file's result in a line: documents and letters, what was left out or is in doubt, or why it was refused.

    >>> outcome(load_bytes("a.txt", b"Lamps cost 40."))
    '1 document, 14 letters'
    >>> outcome(load_bytes("a.odt", b"x"))
    'refused: Files ending in .odt cannot be read. Save it as .docx.'
    """
    if not loaded.documents:
        return f"refused: {' '.join(problem.reason for problem in loaded.problems)}"
    letters = sum(len(document.text) for document in loaded.documents)
    count = len(loaded.documents)
    parts = [f"{count:,} document{'s' * (count > 1)}, {letters:,} letters"]
    for kind in ("left out", "in doubt"):
        places = Counter(note.where for file in loaded.files for note in file.notes if note.kind == kind)
        if places:
            named = [f"{place}{f' ({times} times)' if times > 1 else ''}" for place, times in places.items()]
            parts.append(f"{kind}: {', '.join(named)}")
    return "; ".join(parts)


def lines(folder: Path) -> Iterator[str]:
    """A line for each file below the folder."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield f"{path.relative_to(folder)}: {outcome(load_bytes(path.name, path.read_bytes()))}"


if __name__ == "__main__":
    for line in lines(Path(sys.argv[1])):
        print(line)
