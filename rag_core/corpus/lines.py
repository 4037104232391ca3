"""Values as JSON lines that are read one by one, when they are asked for.

The file is mapped into memory, so that a million lines cost as much as those that are looked at. `LineWriter` writes
one; a list that is still growing may lie in a temporary file.
"""

from __future__ import annotations

import mmap
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from rag_core.corpus.read_sequence import ReadSequence
from rag_core.errors import CollectionError
from rag_core.schema.base import Frozen
from rag_core.storage.files import close_quietly

if TYPE_CHECKING:
    import numpy.typing as npt

    Starts = npt.NDArray[np.int64]

KEPT = 4096
"""Values of one file that are kept as they were last read."""

_COPIED = 2**24

Value = TypeVar("Value", bound=Frozen)


class Lines(ReadSequence[Value]):
    """The values of a file of JSON lines. Read-only, and safe to read from several threads.

    starts: where each line begins, and where the last one ends, shape (lines + 1,). A line that cannot be read raises
    pydantic's ValidationError when it is asked for.
    """

    def __init__(self, data: mmap.mmap | bytes, starts: Starts, kind: type[Value]) -> None:
        self._data = data
        self.starts = starts
        self._kind = kind
        self._one = lru_cache(KEPT)(self._read)

    @classmethod
    def of_file(cls, path: Path, kind: type[Value], starts: Starts | None = None) -> Lines[Value]:
        """Map the file. Where `starts` is not known, they are looked for."""
        with path.open("rb") as file:
            return cls.of_open_file(file, kind, starts)

    @classmethod
    def of_open_file(cls, file: IO[bytes], kind: type[Value], starts: Starts | None = None) -> Lines[Value]:
        """Map what the file holds now."""
        size = file.seek(0, 2)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        return cls(data, _line_starts(data) if starts is None else starts, kind)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def at(self, place: int) -> Value:
        """The value of one line."""
        return self._one(place)

    def __iter__(self) -> Iterator[Value]:
        """Each value once. What goes by is not kept: reading all of a file must not drive out what is in use."""
        return map(self._read, range(len(self)))

    def write_to(self, path: Path) -> None:
        """Copy the lines into a file, without reading them."""
        end = int(self.starts[-1])
        with path.open("wb") as file:
            for start in range(0, end, _COPIED):
                file.write(self._data[start : min(end, start + _COPIED)])

    def _read(self, place: int) -> Value:
        return self._kind.model_validate_json(self._data[int(self.starts[place]) : int(self.starts[place + 1])])


class LineWriter(Generic[Value]):
    """Takes values one by one, into a temporary file that goes with the last who reads it. Raises CollectionError where
    the folder of temporary files takes no more."""

    def __init__(self, kind: type[Value]) -> None:
        self._kind = kind
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by `done`
        except OSError as exc:
            raise _no_room(exc) from exc
        self._close = weakref.finalize(self, close_quietly, self._file)  # also where nobody gets as far as `done`
        self._starts = array("q", [0])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(self, value: Value) -> None:
        """Write one more line."""
        line = line_of(value)
        try:
            self._starts.append(self._starts[-1] + self._file.write(line))
        except OSError as exc:
            self._close()
            raise _no_room(exc) from exc

    def done(self) -> Lines[Value]:
        """The lines that were written; nothing can be added any more."""
        try:
            self._file.flush()
            return Lines.of_open_file(self._file, self._kind, np.array(self._starts, np.int64))
        except OSError as exc:
            raise _no_room(exc) from exc
        finally:
            self._close()


def _no_room(exc: OSError) -> CollectionError:
    return CollectionError(
        f"The passages cannot be written to the folder of temporary files ({exc.strerror or exc}). Free some space "
        "there, or set TMPDIR to a folder that has it, and index again."
    )


def write_lines(path: Path, values: Iterable[Frozen]) -> Starts:
    """Write the values as JSON lines; where each begins, and where the last one ends."""
    if isinstance(values, Lines):
        values.write_to(path)
        starts: Starts = values.starts
        return starts
    found = array("q", [0])
    with path.open("wb") as file:
        for value in values:
            found.append(found[-1] + file.write(line_of(value)))
    return np.array(found, np.int64)


def line_of(value: Frozen) -> bytes:
    """A value as a line."""
    return value.model_dump_json().encode() + b"\n"


def _line_starts(data: Any) -> Starts:
    """Where lines begin in the file, and where the last one ends. A last line needs no line break."""
    found = [0]
    for start in range(0, len(data), _COPIED):
        ends = np.flatnonzero(np.frombuffer(data[start : start + _COPIED], np.uint8) == ord("\n"))
        found.extend((ends + start + 1).tolist())
    if found[-1] != len(data):
        found.append(len(data))
    return np.array(found, np.int64)
