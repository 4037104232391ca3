"""PDF through PDFium: the text layer page by page. Larger type makes headings; wrapped lines are joined again.

No optical character recognition: a scan without a text layer is refused with that reason. Columns come in the
order of the file, which is not always the order of reading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.formats.base import Parsed, Record, Source

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

_PASSWORD = 4
_LARGER = 1.15
_LONGEST_HEADING = 150
_WRAPPED_FROM = 40
_SOFT_HYPHEN = re.compile(r"(.?)\ufffe\n?(.?)")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


@dataclass(frozen=True)
class Line:
    """A line of a page and the size of its type in points (0: not known)."""

    text: str
    size: float


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
    """All lines of all pages; an empty line between pages."""
    import pypdfium2

    lines: list[Line] = []
    for number, page in enumerate(range(len(pdf)), start=1):
        try:
            text_page = pdf[page].get_textpage()
            lines += [*_page_lines(text_page), Line("", 0)]
        except pypdfium2.PdfiumError as exc:
            raise source.error(f"Its page {number} is damaged and cannot be read. Save or export it again.") from exc
    return lines


def _page_lines(page: PdfTextPage) -> list[Line]:
    """The lines of one page with the type size of their first letter."""
    from pypdfium2 import raw

    text = page.get_text_range()
    sized = len(text) == page.count_chars()  # not so with characters beyond the BMP: then no sizes, no headings
    lines, start = [], 0
    for part in text.split("\n"):
        words = part.strip()
        first = start + len(part) - len(part.lstrip())
        size = raw.FPDFText_GetFontSize(page.raw, first) if sized and words else 0.0
        lines.append(Line(words, round(float(size), 1)))
        start += len(part) + 1
    return lines


def _markdown(lines: list[Line]) -> str:
    """Lines as Markdown: those in clearly larger type than most of the text as headings, wrapped ones joined."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    body = max((size for size in weights if size > 0), key=lambda size: weights[size], default=0.0)
    sizes = {line.size for line in lines if _is_heading(line, body)}
    level = {size: min(place, 6) for place, size in enumerate(sorted(sizes, reverse=True), start=1)}
    text, before = "", Line("", 0)
    for line in lines:
        if _is_heading(line, body):
            same = _is_heading(before, body) and before.size == line.size
            text += f" {line.text}" if same else f"\n\n{'#' * level[line.size]} {line.text}"
        else:
            text += _joint(before, line, after_heading=_is_heading(before, body)) + line.text
        before = line
    return _SOFT_HYPHEN.sub(_unhyphenated, text).translate(_LIGATURES).strip()


def _is_heading(line: Line, body: float) -> bool:
    """Larger than the body text, short, and with a word in it."""
    return (
        body > 0
        and line.size >= _LARGER * body
        and len(line.text) <= _LONGEST_HEADING
        and any(letter.isalpha() for letter in line.text)
    )


def _joint(before: Line, line: Line, after_heading: bool) -> str:
    """What goes between two lines: a blank where a sentence runs on, else a line break."""
    if after_heading:
        return "\n\n"
    runs_on = len(before.text) >= _WRAPPED_FROM and line.text[:1].islower() and before.text[-1] not in ".!?:;|"
    return " " if runs_on else "\n"


def _unhyphenated(match: re.Match[str]) -> str:
    """A word parted at a line's end as one word; a code (`KB-ERR-`, `v2-`) keeps its hyphen."""
    left, right = match.groups()
    word = left.islower() and right.islower()
    return f"{left}{'' if word else '-'}{right}"
