"""Letters of a PDF whose font does not say which letters they are: they look right on the page, and what is read of
them may be other letters, or none."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_SHARE = 0.1
_WORD = re.compile(r"\S+")
_NO_LETTER = ("Cc", "Cn", "Co", "Cs")


@dataclass(frozen=True)
class Letters:
    """How many letters a page has, for how many the font names none, and how many of these are no letter at all."""

    all: int = 0
    unnamed: int = 0
    lost: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether it is worth a word: letters are lost, or many are guessed."""
        return self.lost > 0 or self.unnamed > _SHARE * self.all


def letters_of(page: PdfTextPage) -> Letters:
    """The letters of one page. PDFium takes an unnamed letter for the one that its place in the font suggests.

    All of them are looked at only if one is unnamed of those that begin a word or are the first of their kind.
    """
    from pypdfium2 import raw

    count, text = page.count_chars(), page.get_text_range()
    if len(text) == count:
        first = {sign: place for place, sign in reversed(list(enumerate(text)))}
        starts = (found.start() for found in _WORD.finditer(text))
        if not any(raw.FPDFText_HasUnicodeMapError(page.raw, place) == 1 for place in {*first.values(), *starts}):
            return Letters(count)
    unnamed = [place for place in range(count) if raw.FPDFText_HasUnicodeMapError(page.raw, place) == 1]
    signs = [chr(raw.FPDFText_GetUnicode(page.raw, place)) for place in unnamed]
    lost = sum(unicodedata.category(sign) in _NO_LETTER for sign in signs)
    return Letters(count, len(unnamed), lost)
