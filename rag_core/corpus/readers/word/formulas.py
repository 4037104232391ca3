"""Formulas of Word in one line, as a person would type them: a fraction is `(1)/(2)`, never `12`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rag_core.corpus.readers.scripts import accented, lowered, matrix, raised, root
from rag_core.corpus.readers.word.package import attribute, child, is_on, name_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

Read = Callable[["Element | None"], str]
"""What a part of a formula says."""

_NAMESPACE = "/math}"


def is_formula(element: Element) -> bool:
    """Whether the element is one of a formula; other languages use some of these names too."""
    return _NAMESPACE in str(element.tag)


def in_one_line(element: Element, read: Read) -> str:
    """What a construct of a formula says."""
    return FORMS[name_of(element)](element, read)


def _fraction(element: Element, read: Read) -> str:
    above, below = read(child(element, "num")), read(child(element, "den"))
    kind = attribute(child(element, "fPr", "type"), "val")
    return f"{above} over {below}" if kind == "noBar" else f"({above})/({below})"


def _power(element: Element, read: Read) -> str:
    return f"{read(child(element, 'e'))}{lowered(read(child(element, 'sub')))}{raised(read(child(element, 'sup')))}"


def _before(element: Element, read: Read) -> str:
    return f"{lowered(read(child(element, 'sub')))}{raised(read(child(element, 'sup')))}{read(child(element, 'e'))}"


def _root(element: Element, read: Read) -> str:
    return root(read(child(element, "e")), read(child(element, "deg")))


def _sum(element: Element, read: Read) -> str:
    sign = child(element, "naryPr", "chr")
    shown = "∫" if sign is None else attribute(sign, "val")
    lower, upper, summed = (read(child(element, name)) for name in ("sub", "sup", "e"))
    return f"{shown}{lowered(lower)}{raised(upper)} {summed}"


def _brackets(element: Element, read: Read) -> str:
    signs = [
        default if (sign := child(element, "dPr", name)) is None else attribute(sign, "val")
        for name, default in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    ]
    inside = signs[1].join(read(one) for one in element if name_of(one) == "e")
    return f"{signs[0]}{inside}{signs[2]}"


def _accent(element: Element, read: Read) -> str:
    sign = child(element, "accPr", "chr")
    return accented(read(child(element, "e")), "\u0302" if sign is None else attribute(sign, "val"))


def _bar(element: Element, read: Read) -> str:
    top = attribute(child(element, "barPr", "pos"), "val") == "top"
    return accented(read(child(element, "e")), "\u0304") if top else read(child(element, "e"))


def _below(element: Element, read: Read) -> str:
    return f"{read(child(element, 'e'))}{lowered(read(child(element, 'lim')))}"


def _above(element: Element, read: Read) -> str:
    return f"{read(child(element, 'e'))}{raised(read(child(element, 'lim')))}"


def _matrix(element: Element, read: Read) -> str:
    rows = [[read(one) for one in row if name_of(one) == "e"] for row in element if name_of(row) == "mr"]
    return matrix(rows)


def _lines(element: Element, read: Read) -> str:
    return matrix([[read(one)] for one in element if name_of(one) == "e"])


def _function(element: Element, read: Read) -> str:
    return f"{read(child(element, 'fName'))} {read(child(element, 'e'))}"


def _phantom(element: Element, read: Read) -> str:
    shown = child(element, "phantPr", "show")
    return read(child(element, "e")) if shown is None or is_on(shown) else ""


FORMS: dict[str, Callable[[Element, Read], str]] = {
    "f": _fraction,
    "sSup": _power,
    "sSub": _power,
    "sSubSup": _power,
    "sPre": _before,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "acc": _accent,
    "bar": _bar,
    "limLow": _below,
    "limUpp": _above,
    "m": _matrix,
    "eqArr": _lines,
    "func": _function,
    "phant": _phantom,
}
"""How each construct is written in a line; those that are not named here say what is in them."""
