"""Read a text file line by line, collect what is wrong with it by file and line, and say all of it at once.

Knows nothing of formats: those are in `beir.py`, `table.py` and `runs.py`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rag_core.errors import BadInput

MAX_MB = 100
"""Query, qrels and run files over this are refused: each is held in memory. A corpus is streamed instead."""
MAX_LINE = 2**24
SHOWN = 20


@dataclass(frozen=True)
class File:
    """A file on disk or just uploaded. `name` is what its reader knows it by; `open` gives its bytes from the start."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def at(cls, path: Path) -> File:
        """A file on disk. Raises BadInput where there is none."""
        if not path.is_file():
            raise BadInput(f"There is no file {path}.")
        return cls(str(path), path.stat().st_size, lambda: path.open("rb"))

    @classmethod
    def uploaded(cls, name: str, content: bytes) -> File:
        """Bytes that came from a browser, under the name that they had there."""
        return cls(name, len(content), lambda: io.BytesIO(content))


@dataclass
class Faults:
    """What is wrong with one file, by line. `check` raises all of it as one BadInput; notices are for the reader."""

    file: str
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        """Something that makes the file unusable."""
        self.faults.append(f"{self.file}, line {line}: {reason}")

    def note(self, line: int, reason: str) -> None:
        """Something that a reader must know, but that loses nothing."""
        self.notices.append(f"{self.file}, line {line}: {reason}")

    def check(self) -> None:
        """Raise BadInput with the faults found so far, if there are any."""
        if self.faults:
            raise BadInput("\n".join(summary(self.faults)))


def summary(sentences: list[str], shown: int = SHOWN) -> list[str]:
    """The first sentences, and how many more there are."""
    more = len(sentences) - shown
    return [*sentences[:shown], f"… and {more} more like these."] if more > 0 else sentences


def lines(file: File, faults: Faults, max_mb: int | None = MAX_MB) -> Iterator[tuple[int, str]]:
    """(line number, text without its end) of every line that is not blank, streamed.

    Raises BadInput for a file over `max_mb` (None: any size, for files whose lines are not kept). A line that is
    not UTF-8 or absurdly long is a fault, and reading goes on.
    """
    if max_mb is not None and file.size > max_mb * 2**20:
        raise BadInput(
            f"{file.name} has {file.size / 2**20:,.0f} MB; at most {max_mb} MB are read. "
            "Keep fewer queries, or the first 100 documents of each."
        )
    with file.open() as stream:
        number = 0
        while raw := stream.readline(MAX_LINE):
            number += 1
            if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                faults.add(number, f"this line is longer than {MAX_LINE // 2**20} MB.")
                return
            text = _decoded(raw, number, faults)
            if text.strip():
                yield number, text.rstrip("\r\n")


def _decoded(raw: bytes, number: int, faults: Faults) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        faults.add(number, "this line is not UTF-8 text. Save the file as UTF-8.")
        return ""


def objects(file: File, faults: Faults, max_mb: int | None = MAX_MB) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON Lines file. A line that is not a JSON object is a fault."""
    for number, text in lines(file, faults, max_mb):
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as exc:
            reason = exc.msg if isinstance(exc, json.JSONDecodeError) else "nested too deeply"
            faults.add(number, f"not JSON ({reason}). Every line must be one JSON object.")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            faults.add(number, "this is JSON, but not an object like {…}.")
