"""Comma-separated text as a grid: which sign separates its cells, which line is the header, which rows are in doubt.

The separator is the one that cuts the rows most evenly (the pattern score of van den Burg et al., 2019, "Wrangling
messy CSV files by detecting row and type patterns"). What the columns are for is `rows`' matter.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rag_core.corpus.readers.base import Source, in_doubt, left_out
from rag_core.corpus.readers.places import numbered
from rag_core.schema.files import FileNote

_SEPARATORS = ",;\t|"
_MAX_CELL = 2**31 - 1
_SAMPLE = 200
_MOST_ABOVE = 30
_SEP_LINE = re.compile(r"\ufeff?\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\n|\r)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[$€£]?\s?\d[\d.,' ]*\s?[%€$£]?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_SENTENCE = re.compile(r"\w\s+\w+\s+\w.*[.?!。？！]$|\S+@\S+\.\w|^https?://")
_RULE = re.compile(r"[|+]?\s*:?-{3,}:?(?:\s*[|+]\s*:?-{3,}:?)+\s*[|+]?")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Grid:
    """The names of the columns, the rows below with their numbers (1 is the first below the header; empty ones are
    counted and left out), the separator, what to say of the reading, and the line that each row begins on."""

    header: list[str]
    rows: list[tuple[int, list[str]]]
    separator: str
    notes: list[FileNote]
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Dialect:
    separator: str
    escape: str | None = None
    spaces: bool = False

    def reader(self, lines: Iterator[str], *, strict: bool, quoting: int = csv.QUOTE_MINIMAL) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.separator,
            escapechar=self.escape,
            skipinitialspace=self.spaces,
            strict=strict,
            quoting=quoting,  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class _Record:
    """One row, and the lines of the file that it takes. `broken`: its quotation marks do not add up."""

    cells: list[str]
    lines: Sequence[str]
    first_line: int
    broken: bool = False

    @property
    def words(self) -> str:
        """The row as it stands in the file."""
        return "".join(self.lines).strip()

    @property
    def is_rule(self) -> bool:
        """Whether it is a line that is drawn below a header."""
        return _RULE.fullmatch(self.words) is not None

    @property
    def filled(self) -> int:
        """How many of its cells hold anything."""
        return sum(1 for cell in self.cells if cell.strip())


def read_grid(source: Source, text: str) -> Grid:
    """The table that the text is. Raises DocumentError where there is no row below a header."""
    csv.field_size_limit(_MAX_CELL)
    text = text.replace("\x00", "")
    given = _SEP_LINE.match(text)
    lines = list(io.StringIO(text[given.end() :] if given else text, newline=""))
    dialect = _dialect(lines, given.group(1) if given else "")
    width = _width(list(islice(_records(lines, dialect), _SAMPLE)))
    records = list(islice(_records(lines, dialect, width), source.limits.rows + _MOST_ABOVE))
    at = _header_at(records, width)
    header = [" ".join(cell.split()) for cell in records[at].cells] if records else []
    if not any(header) or len(records) < at + 2:
        raise source.error("It has no rows below a header line. The first line must name the columns.")
    below = list(enumerate(records[at + 1 :], start=1))
    above = [_above(record, int(given is not None)) for record in records[:at] if record.filled]
    rows = [(number, record.cells) for number, record in below if record.filled and not record.is_rule]
    begun = tuple(
        record.first_line + (2 if given else 1) for _, record in below if record.filled and not record.is_rule
    )
    notes = [*above, *_header_doubt(header), *_row_doubts(below, dialect, width)]
    return Grid(header, rows, dialect.separator, notes, begun)


def _dialect(lines: Sequence[str], separator: str) -> _Dialect:
    """How the cells of the first rows are told apart."""
    sample = "".join(lines[:_SAMPLE])
    signs = separator or _SEPARATORS
    found = [_Dialect(sign, spaces=bool(re.search(rf'{re.escape(sign)} +"', sample))) for sign in signs]
    best = max(found, key=lambda dialect: _score(lines, dialect))
    escaped = _Dialect(best.separator, "\\", best.spaces)
    if '\\"' in sample and _broken(lines, escaped) < _broken(lines, best):
        return escaped
    return best


def _broken(lines: Sequence[str], dialect: _Dialect) -> int:
    """How many of the first rows have quotation marks that do not add up."""
    return sum(record.broken for record in islice(_records(lines, dialect), _SAMPLE))


def _score(lines: Sequence[str], dialect: _Dialect) -> float:
    """How evenly the separator cuts the first rows: few different widths, wide ones, and quotation
    marks that add up score high."""
    records = [record for record in islice(_records(lines, dialect), _SAMPLE) if record.filled]
    widths = Counter(len(record.cells) for record in records)
    pattern = sum(_weight(count, width) for width, count in widths.items()) / max(len(widths), 1)
    whole = sum(not record.broken for record in records) / max(len(records), 1)
    return pattern * whole if records and len(records[0].cells) > 1 else pattern * whole / 2


def _weight(count: int, width: int) -> float:
    return count * (width - 1) / width


def _width(records: Sequence[_Record]) -> int:
    """How many cells the rows of this table have."""
    widths = Counter(len(record.cells) for record in records if record.filled)
    first = next((len(record.cells) for record in records if record.filled), 1)
    width = max(widths, key=lambda each: _weight(widths[each], each), default=1)
    return 1 if first == 1 < width and not _has_preamble(records, width) else width


def _has_preamble(records: Sequence[_Record], width: int) -> bool:
    """Whether lines of one cell stand above a table; else they are a table of one column, with commas in its text."""
    at = next(place for place, record in enumerate(records) if len(record.cells) == width)
    below = [len(record.cells) == width for record in records[at:] if record.filled]
    apart = at > 0 and not records[at - 1].filled
    named = not any(cell.startswith(" ") for cell in records[at].cells)
    commented = at > 0 and all(record.words.startswith("#") for record in records[:at] if record.filled)
    even = sum(below) >= 0.8 * len(below)
    return len(below) > 1 and (commented or (even and (apart or (named and len(below) > 2))))


def _records(lines: Sequence[str], dialect: _Dialect, width: int = 0) -> Iterator[_Record]:
    """All rows, empty ones too. A line whose quotation marks do not add up is read by itself, so that it swallows none
    of those below."""
    at = 0
    while at < len(lines):
        begun = at
        reader = dialect.reader((lines[place] for place in range(begun, len(lines))), strict=True)
        try:
            for cells in reader:
                after = begun + reader.line_num  # type: ignore[attr-defined]
                yield _Record(cells, lines[at:after], at)
                at = after
        except csv.Error:
            yield _Record(_by_itself(lines[at], dialect, width), lines[at : at + 1], at, broken=True)
            at += 1


def _by_itself(line: str, dialect: _Dialect, width: int) -> list[str]:
    """The cells of a line with stray quotation marks: the reading that gives as many cells as the table has."""
    line = line.rstrip("\r\n")
    plain = next(dialect.reader(iter([line]), strict=False, quoting=csv.QUOTE_NONE))
    loose = next(dialect.reader(iter([line]), strict=False))
    if len(plain) == width or len(loose) != width:
        return [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in plain]
    return loose


def _header_at(records: Sequence[_Record], width: int) -> int:
    """The place of the header: the first row with a name for more than half of the columns."""
    for place, record in enumerate(records[:_MOST_ABOVE]):
        named = 2 * record.filled > width or (2 * record.filled == width == len(record.cells))
        if record.filled and (named or width == 1):
            return place
    return next((place for place, record in enumerate(records) if record.filled), 0)


def _above(record: _Record, skipped: int) -> FileNote:
    place = numbered(
        "line", range(record.first_line + 1 + skipped, record.first_line + 1 + skipped + len(record.lines))
    )
    return left_out(place, "It is above the header row of the table.", record.words)


def _header_doubt(header: Sequence[str]) -> list[FileNote]:
    """A note where what was taken for the header looks like a row."""
    if not any((_NUMBER.fullmatch(name) and not _YEAR.fullmatch(name)) or _SENTENCE.search(name) for name in header):
        return []
    why = "It was taken as the names of the columns. If it is a row, add a line with their names above it."
    return [in_doubt("header", why, " | ".join(header))]


def _row_doubts(below: Sequence[tuple[int, _Record]], dialect: _Dialect, width: int) -> Iterator[FileNote]:
    """Notes of rows whose quotation marks are missing or stray."""
    for number, record in below:
        if record.broken:
            why = "Its quotation marks do not add up, so it was read as one line. Write a mark within a cell twice."
            yield in_doubt(f"row {number}", why, record.words)
        elif width > 1 and len(record.lines) > 1 and _swallows(record, dialect, width):
            why = (
                f"It goes over {len(record.lines)} lines, each of which looks like a row of its own. "
                "A quotation mark may be missing."
            )
            yield in_doubt(f"row {number}", why, record.words)


def _swallows(record: _Record, dialect: _Dialect, width: int) -> bool:
    """Whether each further line of the row has the separators of a row, and begins as the row's first cell does."""
    phrase = " " in record.cells[0].strip()
    parts = [line.split(dialect.separator) for line in record.lines[1:]]
    return all(len(part) == width and (phrase or " " not in part[0].strip()) for part in parts)
