"""The numbers and bullets that Word writes before paragraphs: they are seen, but are no text of the document."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.readers.word.package import attribute, child, is_on, name_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PLACE = re.compile(r"%(\d)")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_SMALL_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def roman(number: int) -> str:
    """4 -> iv."""
    text = ""
    for value, sign in (*_ROMAN, *_SMALL_ROMAN):
        text += sign * (number // value)
        number %= value
    return text


def letters(number: int) -> str:
    """1 -> a, 26 -> z, 27 -> aa, as Word counts."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else str(number)


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "none": lambda _: "",
}
"""How a number is written, by Word's name for it; the others count in digits."""


@dataclass(frozen=True)
class _Level:
    kind: str = "decimal"
    text: str = ""
    start: int = 1
    digits_only: bool = False


class Numbering:
    """The lists of a document, counted as its paragraphs come."""

    def __init__(self, part: Element | None) -> None:
        found = list(part) if part is not None else []
        abstract = {attribute(one, "abstractNumId"): one for one in found if name_of(one) == "abstractNum"}
        self._lists: dict[str, tuple[str, dict[int, _Level]]] = {}
        for one in found:
            if name_of(one) == "num":
                base = attribute(child(one, "abstractNumId"), "val")
                levels = {**_levels(abstract.get(base)), **_overrides(one)}
                own = any(name_of(each) == "lvlOverride" for each in one)
                self._lists[attribute(one, "numId")] = (f"{base}/{attribute(one, 'numId')}" if own else base, levels)
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)

    def label(self, list_of: str, depth: int) -> str | None:
        """What stands before the next paragraph of this list: `-` for a bullet, `2.`, `1.3`, `b)`; None for no list."""
        counter, levels = self._lists.get(list_of, ("", {}))
        level = levels.get(depth)
        if level is None:
            return None
        if level.kind == "bullet":
            return "-"
        counts = self._counts[counter]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            other = levels.get(at, _Level())
            number = counts.get(at, other.start)
            return str(number) if level.digits_only else _FORMATS.get(other.kind, str)(number)

        return _PLACE.sub(shown, level.text).strip()


def _levels(element: Element | None) -> dict[int, _Level]:
    return {
        int(attribute(one, "ilvl")): _level(one)
        for one in (element if element is not None else ())
        if name_of(one) == "lvl" and attribute(one, "ilvl").isdigit()
    }


def _overrides(num: Element) -> dict[int, _Level]:
    """Levels that one list defines anew. A `startOverride` alone only restarts the count."""
    return {depth: level for one in num if name_of(one) == "lvlOverride" for depth, level in _levels(one).items()}


def _level(one: Element) -> _Level:
    start = attribute(child(one, "start"), "val")
    return _Level(
        attribute(child(one, "numFmt"), "val") or "decimal",
        attribute(child(one, "lvlText"), "val"),
        int(start) if start.isdigit() else 1,
        is_on(child(one, "isLgl")),
    )
