"""What importers read and give: a file's bytes, its JSON values with their places, and the runs that were opened."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag_core.corpus.readers import base as readers
from rag_core.corpus.readers.text import decode
from rag_core.errors import BadInput, SecondPassError
from rag_core.runs.run import Run
from rag_core.runs.spans import feedback
from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.spans.documents import faults
from rag_core.runs.spans.span import Span

MAX_BYTES = 512 * 2**20
WHOLE = "the file"
"""The place of the one value of a file."""

SHOWN = 200
"""Problems that are kept; the rest is counted."""

PAGE = {"data", "meta", "next_cursor"}
"""What stands around the entries in a page that an API of Phoenix or Langfuse returned."""

_GAP = re.compile(r"[\s,]*")
"""What stands between the entries of a list."""

ParsedValue = tuple[str, Any]
"""A place in the file ("line 3") and what stands there."""


@dataclass(frozen=True)
class OpenedRuns:
    """The runs of a file, in its order, and what of it could not be read: each with its place and why.

    notes: how a part was read that could be meant otherwise.
    """

    runs: tuple[Run, ...]
    problems: tuple[str, ...] = ()
    format: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Problems:
    """Collects what cannot be read. `file`: the file that is read now, where there are several."""

    found: list[str] = field(default_factory=list)
    more: int = 0
    file: str = ""

    def add(self, place: str, reason: object) -> None:
        """One thing at a place."""
        if len(self.found) < SHOWN:
            self.found.append(f"{place[:1].upper()}{place[1:]}{f' of {self.file}' if self.file else ''}: {reason}")
        else:
            self.more += 1

    def all(self) -> tuple[str, ...]:
        """Those that were kept, and how many more there are."""
        return (*self.found, *([f"{self.more} more could not be read."] if self.more else []))


@dataclass(frozen=True)
class Source:
    """A file: its name, and its bytes."""

    name: str
    data: bytes

    @classmethod
    def at(cls, path: Path) -> Source:
        """A file on disk. Raises BadInput where it cannot be read or is too large."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise BadInput(f"{path.name} is larger than {MAX_BYTES // 2**20} MB. Split it.")
            return cls(path.name, path.read_bytes())
        except OSError as exc:
            raise BadInput(f"{path} cannot be read ({exc.strerror}).") from exc

    @property
    def content_hash(self) -> str:
        """A hash of its bytes: the runs of a file with other bytes are other runs."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        """The end of its name in small letters: ".csv"."""
        return Path(self.name).suffix.lower()

    def text(self, problems: Problems) -> str:
        """Its text, in whatever encoding; a doubt about that is a problem. Raises BadInput for what is no text."""
        if not self.data:
            return ""
        found = decode(readers.Source(self.name, self.data))
        for note in found.notes:
            problems.add("encoding", note.reason)
        return found.text

    def values(self, problems: Problems) -> list[ParsedValue]:
        """Its JSON values: the entries of a list or of an API's page (`{"data": [...]}`), one object, or a value a
        line. A line that is none is a problem."""
        text = self.text(problems)
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            a_list = text.lstrip().startswith("[") and not _is_whole(text.strip().partition("\n")[0])
            return _of_array(text, problems) if a_list else _of_lines(text, problems)
        if isinstance(whole, dict) and isinstance(whole.get("data"), list) and whole.keys() <= PAGE:
            whole = whole["data"]
        if isinstance(whole, list):
            return [(f"entry {number}", one) for number, one in enumerate(whole, start=1)]
        return [(WHOLE, whole)]


def say_faults(place: str, span: Span, problems: Problems) -> None:
    """Say which documents of a span, and what of the feedback in it, cannot be read."""
    for fault in (*faults(span.attributes), *feedback.faults(span.attributes)):
        problems.add(place, fault)


def _of_array(text: str, problems: Problems) -> list[ParsedValue]:
    """The entries of a list that is damaged or cut off. After one that cannot be read, the next is looked for where
    one begins as the first did: on a line of its own, or with the same name of its first field."""
    start = text.index("[") + 1
    begin = _GAP.match(text, start).end()  # type: ignore[union-attr]
    before = text[start:begin]
    opening = f"\n{before.rpartition(chr(10))[2]}{{" if "\n" in before else text[begin : text.find(":", begin) + 1]
    values: list[ParsedValue] = []
    number, at, decoder = 1, begin, json.JSONDecoder()
    while at < len(text) and text[at] != "]":
        try:
            value, at = decoder.raw_decode(text, at)
            values.append((f"entry {number}", value))
        except (ValueError, RecursionError):
            problems.add(f"entry {number}", f"it is not complete JSON (line {text.count(chr(10), 0, at) + 1}).")
            found = text.find(opening, at + 1) if opening.strip() else -1
            at = len(text) if found < 0 else found
        at = _GAP.match(text, at).end()  # type: ignore[union-attr]
        number += 1
    return values


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _of_lines(text: str, problems: Problems) -> list[ParsedValue]:
    """A value a line. Where no line is one, the text is one value that is damaged."""
    values: list[ParsedValue] = []
    broken: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                values.append((f"line {number}", json.loads(line)))
            except (ValueError, RecursionError):
                broken.append(number)
    if len(broken) > 1 and not values:
        problems.add(WHOLE, f"it is not complete JSON ({_fault(text)}).")
        return []
    for number in broken:
        problems.add(f"line {number}", "it is not complete JSON.")
    return values


def _fault(text: str) -> str:
    """Where a JSON text is damaged."""
    try:
        json.loads(text)
    except json.JSONDecodeError as exc:
        return f"line {exc.lineno}, column {exc.colno}"
    except RecursionError:
        pass
    return "it is nested too deep"


def runs_of_traces(spans: Iterable[Span], problems: Problems, source: str) -> list[Run]:
    """A run of each trace among the spans, in the order in which the traces come."""
    traces: dict[str, list[Span]] = {}
    for span in spans:
        traces.setdefault(span.trace_id, []).append(span)
    runs: list[Run] = []
    for trace_id, some in traces.items():
        try:
            run = run_of_spans(some, source)
        except (SecondPassError, ValueError, OverflowError) as exc:
            problems.add(f"trace {trace_id}", exc)
        else:
            runs += [run] if run else []
    return runs
