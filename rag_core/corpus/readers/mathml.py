"""Formulas of web pages (MathML) in one line, as a person would type them: a fraction is `(1)/(2)`, never `12`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rag_core.corpus.readers.scripts import accented, lowered, matrix, raised, root

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DRAWN_AGAIN = ".katex-html"
"""The same formula once more, in letters that are put in their places."""
_ACCENTS = {
    "^": "\u0302",
    "ˆ": "\u0302",
    "¯": "\u0304",
    "‾": "\u0304",
    "_": "\u0304",
    "~": "\u0303",
    "→": "\u20d7",
    "˙": "\u0307",
}


def write_out_formulas(soup: BeautifulSoup) -> None:
    """Put the formulas of a page into a line each, in their places."""
    for again in soup.select(_DRAWN_AGAIN):
        if again.parent is not None and again.parent.find("math"):
            again.decompose()
    for formula in soup.find_all("math"):
        if not formula.decomposed:
            formula.replace_with(in_one_line(formula))


def in_one_line(tag: Tag) -> str:
    """What a formula, or a part of it, says."""
    form = _FORMS.get(tag.name.removeprefix("m:"))
    return form(tag, _parts(tag)) if form else _joined(tag)


def _joined(tag: Tag) -> str:
    """What all parts of an element say, one after the other."""
    from bs4 import Tag

    return "".join(in_one_line(one) if isinstance(one, Tag) else " ".join(str(one).split()) for one in tag.contents)


def _parts(tag: Tag) -> list[str]:
    return [in_one_line(one) for one in tag.find_all(True, recursive=False)]


def _part(parts: Sequence[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _fraction(tag: Tag, parts: list[str]) -> str:
    bar = str(tag.get("linethickness") or "1").strip().rstrip("px") not in ("0", "0.0")
    return f"({_part(parts, 0)})/({_part(parts, 1)})" if bar else f"{_part(parts, 0)} over {_part(parts, 1)}"


def _over(_: Tag, parts: list[str]) -> str:
    base, above = _part(parts, 0), _part(parts, 1)
    return f"{base}{raised(above)}" if any(map(str.isalnum, above)) else accented(base, above)


def _brackets(tag: Tag, parts: list[str]) -> str:
    signs = str(tag.get("separators", ",")).strip()
    return f"{tag.get('open', '(')}{(signs[:1] or '').join(parts)}{tag.get('close', ')')}"


def _table(tag: Tag, _: list[str]) -> str:
    rows = tag.find_all(["mtr", "mlabeledtr"], recursive=False)
    return matrix([_parts(row) for row in rows])


def _both(_: Tag, parts: list[str]) -> str:
    return f"{_part(parts, 0)}{lowered(_part(parts, 1))}{raised(_part(parts, 2))}"


_FORMS: dict[str, Callable[[Tag, list[str]], str]] = {
    "mfrac": _fraction,
    "msqrt": lambda tag, _: root(_joined(tag)),
    "mroot": lambda _, parts: root(_part(parts, 0), _part(parts, 1)),
    "msup": lambda _, parts: f"{_part(parts, 0)}{raised(_part(parts, 1))}",
    "msub": lambda _, parts: f"{_part(parts, 0)}{lowered(_part(parts, 1))}",
    "munder": lambda _, parts: f"{_part(parts, 0)}{lowered(_part(parts, 1))}",
    "msubsup": _both,
    "munderover": _both,
    "mover": _over,
    "mfenced": _brackets,
    "mtable": _table,
    "semantics": lambda _, parts: _part(parts, 0),
    "annotation": lambda *_: "",
    "annotation-xml": lambda *_: "",
    "mphantom": lambda *_: "",
    "mspace": lambda *_: " ",
}
"""How each construct is written in a line; those that are not named here say what is in them."""
