"""Read a text file line by line, collect what is wrong with it by file and line, and say all of it at once.

A file may be packed with gzip, and in any encoding that documents may be in. Formats are left to `beir.py`, `table.py`
and `runs.py`.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from rag_core.corpus.readers.base import Source
from rag_core.corpus.readers.text import decode
from rag_core.errors import BadInput

MAX_MB = 100
"""Query, qrels and run files over this are refused: each is held in memory. A corpus is streamed instead."""
MAX_LINE = 2**24
SHOWN = 20
_GZIP = b"\x1f\x8b"
_LINE_END = re.compile(r"\r*\n|\r")


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

    @classmethod
    def in_folder(cls, folder: Path, name: str) -> File | None:
        """The file of that name in a folder, or the same packed as `.gz`; None where there is neither."""
        return next((cls.at(path) for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)

    @property
    def ending(self) -> str:
        """The end of its name without the dot, in small letters, whether it is packed or not: `jsonl`."""
        return self.name.lower().removesuffix(".gz").rpartition(".")[2]

    @property
    def packed(self) -> bool:
        """Whether it is packed with gzip, by its first bytes."""
        with self.open() as stream:
            return stream.read(2) == _GZIP

    @contextmanager
    def unpacked(self) -> Iterator[BinaryIO]:
        """Its bytes from the start, unpacked where they are packed."""
        with self.open() as stream:
            packed = stream.read(2) == _GZIP
            stream.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if packed else stream


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

    def tell(self, reason: str) -> None:
        """The same of the file as a whole."""
        self.notices.append(f"{self.file}: {reason}")

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

    Raises BadInput for a file over `max_mb` (None: any size, for files whose lines are not kept), and for one that is
    no text. What is not UTF-8 is read as whatever it is, any doubt is a notice; only in a file of any size that is over
    100 MB or packed, and so not held, it is a fault, as is an absurdly long line.
    """
    if max_mb is None and (file.size > MAX_MB * 2**20 or file.packed):
        yield from _streamed(file, faults)
        return
    for number, text in enumerate(_LINE_END.split(text_of(file, faults, max_mb or MAX_MB)), start=1):
        if len(text) > MAX_LINE:
            faults.add(number, f"this line is longer than {MAX_LINE // 2**20} MB.")
        elif text.strip():
            yield number, text


def text_of(file: File, faults: Faults, max_mb: int = MAX_MB) -> str:
    """The whole text of a file, in whatever encoding; a doubt about that is a notice. Raises BadInput for one over
    `max_mb`, packed or unpacked, and for one that is no text."""
    data = b""
    if file.size <= max_mb * 2**20:
        try:
            with file.unpacked() as stream:
                data = stream.read(max_mb * 2**20 + 1)
        except (OSError, EOFError, zlib.error) as exc:
            raise BadInput(f"{file.name} cannot be unpacked; it may have been cut off.") from exc
    size = max(file.size, len(data))
    if size > max_mb * 2**20:
        raise BadInput(
            f"{file.name} has {size / 2**20:,.0f} MB; at most {max_mb} MB are read. "
            "Keep fewer queries, or the first 100 documents of each."
        )
    if not data:
        return ""
    found = decode(Source(file.name, data))
    for note in found.notes:
        faults.tell(note.reason)
    return found.text.replace("\r\n", "\n")


def _streamed(file: File, faults: Faults) -> Iterator[tuple[int, str]]:
    """The lines of a file that is not held as a whole."""
    with file.unpacked() as stream:
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


def _list_in(text: str) -> list[Any]:
    """The items of a JSON list; [] for another text."""
    if not text.lstrip().startswith("["):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def objects(file: File, faults: Faults, max_mb: int | None = MAX_MB) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON Lines file, or of a list in JSON, whose items are counted as lines. What is no
    JSON object is a fault."""
    if max_mb is not None and (items := _list_in(text_of(file, faults, max_mb))):
        for number, item in enumerate(items, start=1):
            if isinstance(item, dict):
                yield number, item
            else:
                faults.add(number, "this item of the list is not an object like {…}.")
        return
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
