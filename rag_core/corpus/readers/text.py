"""Plain text, and how the bytes of every text format become characters: by a mark, a declaration, or a guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from itertools import zip_longest

from rag_core.corpus.readers.base import Parsed, Record, Source, in_doubt
from rag_core.corpus.readers.encodings import NAMES, Guess, decoded, guess, has_stray_nuls, is_text
from rag_core.corpus.readers.plain import escaped
from rag_core.schema.files import FileNote

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_COLORS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
"""How a terminal is told to change its colour, as logs keep it."""
_SAVE_AGAIN = "Save it again as UTF-8 if letters look wrong."


@dataclass(frozen=True)
class Text:
    """The characters of a file, what a person calls their encoding, and any doubt about it."""

    text: str
    encoding: str
    notes: tuple[FileNote, ...] = ()

    def parsed(self, *records: Record) -> Parsed:
        """These records, with how the file was read."""
        return self.noted(Parsed(list(records)))

    def noted(self, parsed: Parsed) -> Parsed:
        """What a reader made of the text, with how the file was read."""
        return replace(parsed, notes=[*self.notes, *parsed.notes], encoding=self.encoding)


def read_text(source: Source) -> Parsed:
    """The whole file as one document. Plain text has no headings: a `#` that begins a line is escaped."""
    found = decode(source)
    return found.parsed(Record(escaped(found.text.replace("\r\n", "\n").replace("\r", "\n"))))


def decode(source: Source, declared: str = "") -> Text:
    """Characters of the file: by its byte order mark, else as `declared` (Python's name of an encoding), else guessed.

    Raises DocumentError for bytes that are no text.
    """
    if b"\x1b[" in source.data:
        source = replace(source, data=_COLORS.sub(b"", source.data))
    marked = next((row for row in _MARKS if source.data.startswith(row[0])), None)
    if has_stray_nuls(source.data, marked[1] if marked else declared):
        found = decode(replace(source, data=source.data.replace(b"\x00", b"")), declared)
        return replace(found, notes=(*found.notes, _nuls(source.data, found.text)))
    if marked:
        return _marked(source, *marked[1:])
    if declared:
        return _declared(source, declared)
    return _guessed(source)


def _nuls(data: bytes, text: str) -> FileNote:
    """A note of the NUL bytes, with the first line that had one: `text` is without them."""
    count = data.count(0)
    number = data.count(b"\n", 0, data.index(0)) + 1
    line = next(iter(text.split("\n")[number - 1 :]), "")
    them = "It holds a NUL byte" if count == 1 else f"It holds {count:,} NUL bytes"
    why = f"{them}, which no text has: a program may have written it wrongly. They were left out."
    why = why if count > 1 else why.replace("They were", "It was")
    return in_doubt(f"line {number}", why, _short(line))


def _marked(source: Source, encoding: str, name: str) -> Text:
    """Text that starts with a byte order mark."""
    text = decoded(source.data, encoding)
    if not text and source.data.decode(encoding, "ignore"):
        raise source.error(f"It starts as {name} text but breaks off. Save it again as UTF-8.")
    if not is_text(text):
        raise _binary(source)
    return Text(text.lstrip("\ufeff"), name)


def _declared(source: Source, declared: str) -> Text:
    """Text whose encoding is written in it. Where that is plainly not so, it is guessed, and doubted."""
    name = NAMES.get(declared, declared)
    text = decoded(source.data, declared)
    utf8 = "" if source.data.isascii() else decoded(source.data, "utf-8")
    if text and (not utf8 or utf8 == text):
        return Text(text, name)
    found = _guessed(source)
    why = f"It says that it is {name}, but its bytes are not. It was read as {found.encoding}. {_SAVE_AGAIN}"
    return Text(found.text, found.encoding, (in_doubt("encoding", why, _first_beyond_ascii(found.text)), *found.notes))


def _guessed(source: Source) -> Text:
    """Text that does not say what it is."""
    found = guess(source.data)
    if found is None:
        raise _binary(source)
    notes = [*_broken(found), *_doubt(source, found)]
    return Text(found.text, NAMES[found.encoding], tuple(notes))


def _broken(found: Guess) -> list[FileNote]:
    """A note of the bytes that are none of the encoding."""
    if not found.broken:
        return []
    line = next(line for line in found.text.splitlines() if "\ufffd" in line)
    places = "place is" if found.broken == 1 else "places are"
    why = f"{found.broken:,} {places} not {NAMES[found.encoding]} and shown as \ufffd. Save the file again as UTF-8."
    return [in_doubt("encoding", why, line.strip())]


def _doubt(source: Source, found: Guess) -> list[FileNote]:
    """A note where another encoding fits nearly as well, with the first line that would read otherwise."""
    if not found.rival:
        return []
    other = source.data.decode(found.rival, "replace")
    pairs = zip_longest(found.text.splitlines(), other.splitlines(), fillvalue="")
    line, instead = next(((one, two) for one, two in pairs if one != two), ("", ""))
    why = (
        f"It does not say its encoding. It was read as {NAMES[found.encoding]}; in {NAMES[found.rival]} this line "
        f"would be “{_short(instead)}”. {_SAVE_AGAIN}"
    )
    return [in_doubt("encoding", why, _short(line))]


def _first_beyond_ascii(text: str) -> str:
    """The first line that depends on the encoding."""
    return next((_short(line) for line in text.splitlines() if not line.isascii()), "")


def _short(line: str) -> str:
    """A line, begun shortly before what is not ASCII."""
    found = re.search(r"[^\x00-\x7f]", line)
    start = max(found.start() - 40, 0) if found else 0
    return line[start : start + 100].strip()


def _binary(source: Source) -> Exception:
    return source.error("It holds binary data, not text. Save it as text (UTF-8), PDF or DOCX.")
