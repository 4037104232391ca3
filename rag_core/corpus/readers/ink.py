"""Letters that nobody sees although their element is shown: without ink or size, far off, or in the colour of what is
behind them. These values are inherited, and a word within such an element may be seen again.

What is behind letters is the nearest colour around them. Where something else may lie there (a style sheet elsewhere,
elements that are moved out of their place), it is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.cascade import Cascade, waits
from rag_core.corpus.readers.colors import BLACK, WHITE, Color, color_of
from rag_core.corpus.readers.hiding import Declarations

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import NavigableString

_TINY = re.compile(
    r"[+-]?(?:[0-2](?:\.\d+)?px|[01](?:\.\d+)?pt|0?\.[01]\d*r?em|0?\.0*r?em|0(?:\.0*)?[a-z%]*|\d(?:\.\d+)?%)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r".*(?:em|ex|ch|%)(?<!rem)|smaller|larger", re.IGNORECASE)
_FAR = re.compile(r"-(?:\d{4,}(?:\.\d+)?px|\d{3,}(?:\.\d+)?(?:r?em|ex|ch|vw|vh|%))", re.IGNORECASE)
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,\s*(.*))?\)", re.DOTALL)
_AGAIN = ("inherit", "unset", "currentcolor")
_MOVED = re.compile(
    r"position\s*:\s*(?:absolute|fixed|sticky)|margin[\w-]*\s*:[^;}]*-\d|grid-(?:area|row|column)\s*:|translate|@import"
    r"|:(?:before|after)[^{}]*\{[^{}]*background|color-scheme\s*:[^;}]*dark|prefers-color-scheme",
    re.IGNORECASE,
)
_LINK = Color(0, 0, 238)


@dataclass(frozen=True)
class Unseen:
    """Letters that are not seen: the element that makes them so, and the pieces of text. `fades`: they wait to move
    into sight; `colored`: they have the colour of what is behind them."""

    tag: Tag
    pieces: list[NavigableString] = field(default_factory=list)
    fades: bool = False
    colored: bool = False


@dataclass(frozen=True)
class _Look:
    """How letters look: their colour and what is behind them (None: not known), the elements that gave these two, and
    the properties that put them out of sight with the element that said so.

    `block_ground`: what is behind blocks here, which the ground of an inline element around them is not. `indent`: the
    element that indents the blocks here."""

    color: Color | None
    ground: Color | None
    colored_by: Tag
    grounded_by: Tag
    block_ground: Color | None = WHITE
    indent: Tag | None = None
    hidden: dict[str, Tag] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


def unseen_letters(soup: BeautifulSoup, cascade: Cascade) -> list[Unseen]:
    """The pieces of text that nobody sees, together where one element makes them so."""
    looks = {id(soup): _Look(BLACK, WHITE, soup, soup)}
    for tag in soup.find_all(True):
        looks[id(tag)] = _look(tag, looks[id(tag.parent)], cascade.values(tag))
    found: dict[tuple[int, bool], Unseen] = {}
    for piece in soup.find_all(string=True):
        if piece.parent is not None and type(piece).__name__ == "NavigableString" and piece.strip():
            for one in _verdict(looks[id(piece.parent)], cascade):
                found.setdefault((id(one.tag), one.colored), one).pieces.append(piece)
    return list(found.values())


def ground_is_doubtful(soup: BeautifulSoup, css: str) -> bool:
    """Whether something that is not known here may lie behind letters."""
    inline = ";".join(str(tag["style"]) for tag in soup.find_all(style=True))
    sheets = soup.select("link[rel~=stylesheet i]:not([media=print]), meta[name=color-scheme i]")
    return bool(sheets) or _MOVED.search(css + "{" + inline) is not None


def _verdict(look: _Look, cascade: Cascade) -> Iterator[Unseen]:
    """Why letters with this look are not seen; nothing where they are."""
    if look.hidden:
        tag = next(iter(look.hidden.values()))
        yield Unseen(tag, fades=waits(tag, cascade.values(tag)))
    elif look.color is not None and look.color.unseen:
        yield Unseen(look.colored_by)
    elif look.color is not None and look.ground is not None and look.color.over(look.ground).looks_like(look.ground):
        inner = look.colored_by if look.grounded_by in look.colored_by.parents else look.grounded_by
        yield Unseen(look.colored_by if look.colored_by is look.grounded_by else inner, colored=True)


def _look(tag: Tag, outer: _Look, values: Declarations) -> _Look:
    """The look of letters in this element."""
    look = outer
    variables = {name: value.text for name, value in values.items() if name.startswith("--")}
    if variables:
        look = replace(look, variables={**look.variables, **variables})
    block = _is_block(tag, values)
    if block:
        look = replace(look, ground=look.block_ground)
    look = _out_of_sight(tag, look, values, block)
    if any(_text(values, name) == "text" for name in ("background-clip", "-webkit-background-clip")):
        look = replace(look, color=None, ground=None, colored_by=tag, grounded_by=tag)
    else:
        look = _colored(tag, _grounded(tag, look, values), values)
    return replace(look, block_ground=look.ground) if block else look


def _out_of_sight(tag: Tag, look: _Look, values: Declarations, block: bool) -> _Look:
    """The look with the properties that hide the letters of this element, whatever their colour."""
    kept = {
        name: look.hidden.get(name, tag)
        for name, hides in _HIDES.items()
        if hides(_text(values, name), name in look.hidden)
    }
    indent = _text(values, "text-indent")
    if indent and indent not in _AGAIN:
        look = replace(look, indent=tag if _FAR.fullmatch(indent) else None)
    elif tag.name == "table":  # browsers set it to 0 there
        look = replace(look, indent=None)
    indented = look.indent if block else look.hidden.get("text-indent")
    if indented is not None:
        kept["text-indent"] = indented
    return look if kept == look.hidden else replace(look, hidden=kept)


def _is_block(tag: Tag, values: Declarations) -> bool:
    display = _text(values, "display")
    return tag.name not in _INLINE if display in ("", *_AGAIN) else display not in ("inline", "contents")


_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"}
    | {"kbd", "label", "mark", "nobr", "output", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike"}
    | {"strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)


def _text(values: Declarations, name: str) -> str:
    return values[name].text.lower() if name in values else ""


def _size(value: str, outer: bool) -> bool:
    if not value or value in _AGAIN or (outer and _RELATIVE.fullmatch(value)):
        return outer
    return _TINY.fullmatch(value) is not None


def _visibility(value: str, outer: bool) -> bool:
    return outer if not value or value in _AGAIN else value in ("hidden", "collapse")


_HIDES = {"font-size": _size, "visibility": _visibility}
"""By property: whether its value, given whether the element around is hidden by it, hides letters."""


def _grounded(tag: Tag, look: _Look, values: Declarations) -> _Look:
    """The look with what this element puts behind its letters."""
    picture = _text(values, "background-image")
    if picture not in ("", "none", "initial", "unset") or (tag.name in _PAINTED and tag.has_attr("background")):
        return replace(look, ground=None, grounded_by=tag)
    attribute = str(tag.get("bgcolor") or "").strip() if tag.name in _PAINTED else ""
    written = _text(values, "background-color") or attribute
    if not written and tag.name in _OWN_GROUND:
        return replace(look, ground=_OWN_GROUND[tag.name], grounded_by=tag)
    if written in ("", "transparent", "none", "initial", "unset", "0"):
        return look
    color = look.color if written == "currentcolor" else _resolved(written, look)
    if color is None or look.ground is None:
        ground = color if color is not None and color.share == 1 else None
        return replace(look, ground=ground, grounded_by=tag)
    return look if color.share == 0 else replace(look, ground=color.over(look.ground), grounded_by=tag)


def _colored(tag: Tag, look: _Look, values: Declarations) -> _Look:
    """The look with the colour of this element's letters."""
    drawn = [_text(values, name) for name in ("text-shadow", "-webkit-text-stroke")]
    if any(value not in ("", "none", "initial", "unset", "0") for value in drawn):
        return replace(look, color=None, colored_by=tag)
    written = _text(values, "-webkit-text-fill-color")
    if written in ("", *_AGAIN):
        written = _text(values, "color") or _attribute(tag)
    if not written and tag.name in _OWN_INK and (tag.name != "a" or tag.has_attr("href")):
        return replace(look, color=_OWN_INK[tag.name], colored_by=tag)
    if not written or written in _AGAIN:
        return look
    color = BLACK if written in ("initial", "revert") else _resolved(written, look)
    return replace(look, color=color, colored_by=tag)


_PAINTED = ("body", "table", "thead", "tbody", "tfoot", "tr", "td", "th")
"""Elements with old attributes for what is behind them."""
_OWN_GROUND = {"mark": Color(255, 255, 0), "button": Color(239, 239, 239), "textarea": WHITE, "dialog": WHITE}
_OWN_INK = {"a": _LINK, "mark": BLACK, "button": BLACK, "textarea": BLACK, "dialog": BLACK}
"""What browsers give these elements themselves."""


def _attribute(tag: Tag) -> str:
    """The colour that an old attribute gives."""
    name = "color" if tag.name == "font" else "text" if tag.name == "body" else ""
    return str(tag.get(name) or "").strip().lower() if name else ""


def _resolved(written: str, look: _Look, depth: int = 9) -> Color | None:
    """A colour, variables replaced by their values."""
    match = _VARIABLE.fullmatch(written.strip())
    if match is None or not depth:
        return color_of(written)
    value = look.variables.get(match[1], match[2])
    return _resolved(value, look, depth - 1) if value else None
