"""PDF through PDFium: the text layer page by page. Larger type makes headings, wrapped lines are joined again, and
lines that run along the top or bottom of all pages stand once.

No optical character recognition: a scan without a text layer is refused with that reason. Columns come in the
order of the file, which is not always the order of reading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import Parsed, Record, Source

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

_PASSWORD = 4
_LARGER = 1.3
_LARGER_AND_BOLD = 1.05
_BOLD = ("bold", "black", "heavy")
_LONGEST_HEADING = 150
_WRAPPED_FROM = 40
_NUMBER = re.compile(r"\d+")
_SOFT_HYPHEN = re.compile(r"(.?)\ufffe\n?(.?)")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


@dataclass(frozen=True)
class Line:
    """A line of a page; the size of its type in points (0: not known) and whether it starts in bold."""

    text: str
    size: float = 0.0
    bold: bool = False


def read_pdf(source: Source) -> Parsed:
    """One document. Raises DocumentError for broken, encrypted, too long or scanned files."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(source.data)
    except pypdfium2.PdfiumError as exc:
        if getattr(exc, "err_code", None) == _PASSWORD:
            raise source.error("It is protected with a password. Save a copy without one.") from exc
        raise source.error("It is damaged or not a PDF: it cannot be opened. Save or export it again.") from exc
    with pdf:
        pages = len(pdf)
        if pages > source.limits.pages:
            raise source.error(f"It has {pages:,} pages; at most {source.limits.pages:,} are read. Split it.")
        lines = _lines(source, pdf)
        title = pdf.get_metadata_value("Title").strip()
    text = _markdown(lines)
    if not text.strip():
        raise source.error("It has no text, only images: probably a scan. Run text recognition (OCR) on it first.")
    return Parsed([Record(text, {"title": title, "pages": pages} if title else {"pages": pages})])


def _lines(source: Source, pdf: PdfDocument) -> list[Line]:
    """All lines of all pages in order."""
    import pypdfium2

    pages: list[list[Line]] = []
    for number in range(len(pdf)):
        try:
            pages.append(_page_lines(pdf[number].get_textpage()))
        except pypdfium2.PdfiumError as exc:
            reason = f"Its page {number + 1} is damaged and cannot be read. Save or export it again."
            raise source.error(reason) from exc
    _drop_running_line(pages, 0, pages[1:])
    _drop_running_line(pages, -1, pages[:-1])
    return [line for page in pages for line in page]


def _page_lines(page: PdfTextPage) -> list[Line]:
    """The lines of one page that are not empty, with the type of their first letter."""
    text = page.get_text_range()
    sized = len(text) == page.count_chars()  # not so with characters beyond the BMP: then no sizes, no headings
    lines, start = [], 0
    for part in text.split("\n"):
        words = part.strip()
        first = start + len(part) - len(part.lstrip())
        if words:
            lines.append(_typed(page, words, first) if sized else Line(words))
        start += len(part) + 1
    return lines


def _typed(page: PdfTextPage, words: str, first: int) -> Line:
    """A line with the size and weight of the page's letter at place `first`."""
    from ctypes import c_int, create_string_buffer

    from pypdfium2 import raw

    font = create_string_buffer(128)
    raw.FPDFText_GetFontInfo(page.raw, first, font, len(font), c_int())
    name = font.value.decode("utf-8", "replace").lower()
    size = round(float(raw.FPDFText_GetFontSize(page.raw, first)), 1)
    return Line(words, size, any(mark in name for mark in _BOLD))


def _drop_running_line(pages: list[list[Line]], place: int, others: list[list[Line]]) -> None:
    """Take the first (0) or last (-1) line off the `others`, if it is the same on all pages but for its numbers."""
    if len(pages) > 1 and all(pages) and len({_NUMBER.sub("#", page[place].text) for page in pages}) == 1:
        for page in others:
            del page[place]


def _markdown(lines: list[Line]) -> str:
    """Lines as Markdown: those in clearly larger type than most of the text as headings, wrapped ones joined."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    body = max((size for size in weights if size > 0), key=lambda size: weights[size], default=0.0)
    sizes = {line.size for line in lines if _is_heading(line, body)}
    level = {size: min(place, 6) for place, size in enumerate(sorted(sizes, reverse=True), start=1)}
    text, before = "", Line("")
    for line in lines:
        if _is_heading(line, body):
            same = _is_heading(before, body) and before.size == line.size
            text += f" {line.text}" if same else f"\n\n{'#' * level[line.size]} {line.text}"
        else:
            text += _joint(before, line, after_heading=_is_heading(before, body)) + line.text
        before = line
    return _SOFT_HYPHEN.sub(_unhyphenated, text).translate(_LIGATURES).strip()


def _is_heading(line: Line, body: float) -> bool:
    """In much larger type than the body text, or in larger and bold type; short, and with a letter in it."""
    larger = _LARGER_AND_BOLD if line.bold else _LARGER
    words = len(line.text) <= _LONGEST_HEADING and any(letter.isalpha() for letter in line.text)
    return body > 0 and line.size >= larger * body and words


def _joint(before: Line, line: Line, after_heading: bool) -> str:
    """What goes between two lines: nothing after a hyphen, a blank where a sentence runs on, else a line break."""
    if after_heading:
        return "\n\n"
    if len(before.text) >= _WRAPPED_FROM and before.text[-1] == "-" and before.text[-2].isalnum():
        return ""
    runs_on = len(before.text) >= _WRAPPED_FROM and line.text[:1].islower() and before.text[-1] not in ".!?:;|"
    return " " if runs_on else "\n"


def _unhyphenated(match: re.Match[str]) -> str:
    """A word parted at a line's end as one word; a code (`KB-ERR-`, `v2-`) keeps its hyphen."""
    left, right = match.groups()
    word = left.islower() and right.islower()
    return f"{left}{'' if word else '-'}{right}"
