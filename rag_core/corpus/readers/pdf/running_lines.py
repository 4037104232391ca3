"""Lines that run along the top or the bottom of a document's pages: headers, footers, page numbers.

A line is one only if most pages, and at least three, have *the same* line there, or the same but for a page number that
goes up with the pages. "Invoice 2025" and "Invoice 2026" are two different lines, and stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence

from rag_core.corpus.readers.base import left_out
from rag_core.corpus.readers.pdf.page_lines import Line
from rag_core.corpus.readers.places import numbered
from rag_core.schema.files import FileNote

_FEWEST_PAGES = 3
_DEEPEST = 4
_PAGE = (
    r"(?:page|pages|p\.|pg\.?|seite|s\.|página|pág\.|pagina|pag\.|página|strona|str\.|sida|side|sivu|стр\.|страница)"
)
_OF = r"(?:of|/|von|de|sur|di|van|av|af|z|из|\|)"
_NUMBERS = (
    re.compile(rf"(?<!\w){_PAGE}\s*(?P<page>\d+)(?:\s*{_OF}\s*(?P<of>\d+))?(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<![\w.,/])(?P<page>\d+)\s*{_OF}\s*(?P<of>\d+)(?![\w.,/])", re.IGNORECASE),
    re.compile(r"\A[-–—|·.\s\[(]*(?P<page>\d+)[-–—|·.\s\])]*\Z"),
)
"""`Page 3 of 12` and `3 / 12` anywhere in the line; a bare number only as the whole of it."""


def drop_running_lines(pages: Sequence[list[Line]]) -> tuple[list[list[Line]], list[FileNote]]:
    """The pages without their running lines, and a note of each that was taken out.

    The words of a header stand once, on the first page that has it, those of a footer once, on the last.
    """
    kept = [list(page) for page in pages]
    notes: list[FileNote] = []
    if len(pages) >= _FEWEST_PAGES:
        for at_top in (True, False):
            notes += _dropped(kept, at_top)
    return kept, notes


def _dropped(pages: list[list[Line]], at_top: bool) -> list[FileNote]:
    """Take the running lines off one edge of the pages, line by line inwards. What stands once is put back."""
    notes, back = [], []
    for _ in range(_DEEPEST):
        places = _running(pages, 0 if at_top else -1)
        if not places:
            break
        taken = {place: pages[place].pop(0 if at_top else -1) for place in places}
        words = any(_without_number(line.text, place)[0].strip(" -–—|·.[]()") for place, line in taken.items())
        if words:
            once = places[0] if at_top else places[-1]
            back.append((once, taken.pop(once)))
        notes.append(_note(taken, at_top, words))
    for place, line in reversed(back):
        pages[place].insert(0 if at_top else len(pages[place]), line)
    return notes


def _running(pages: Sequence[list[Line]], edge: int) -> list[int]:
    """The pages whose line at this edge is the one that most pages have there; none where there is no such line."""
    same: dict[Hashable, list[int]] = defaultdict(list)
    for place, page in enumerate(pages):
        if page:
            same[_without_number(page[edge].text, place)].append(place)
    places = max(same.values(), key=len, default=[])
    return places if len(places) > max(len(pages) / 2, _FEWEST_PAGES - 1) else []


def _without_number(text: str, place: int) -> tuple[str, int | None, str | None]:
    """The line without its page number, how far that number is from the page's place, and the number of all pages."""
    for pattern in _NUMBERS:
        if found := pattern.search(text):
            rest = f"{text[: found.start()]}\0{text[found.end() :]}"
            return rest.replace("\0", ""), int(found["page"]) - place, found.groupdict().get("of")
    return text, None, None


def _note(taken: dict[int, Line], at_top: bool, words: bool) -> FileNote:
    where = numbered("page", [place + 1 for place in taken])
    edge = "top" if at_top else "bottom"
    reason = (
        f"It runs along the {edge} of most pages; the text has it once."
        if words
        else f"These are page numbers, at the {edge} of most pages."
    )
    return left_out(where, reason, "\n".join(dict.fromkeys(line.text for line in taken.values())))
