"""What a document's styles say of paragraphs and runs: headings, hidden text, raised letters, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.word.package import attribute, child, is_on, name_of
from rag_core.corpus.readers.word.white_letters import is_filled, is_white

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_BODY_TEXT = 9
"""The outline level of text that is no heading."""


@dataclass(frozen=True)
class Style:
    """`level` of a heading, from 1 (0: no heading); `drawn`: "superscript", "subscript" or "struck"; `list_of` and
    `depth`: the list that its paragraphs belong to; `white`: its letters; `filled`: a colour is behind them."""

    name: str = ""
    level: int = 0
    hidden: bool = False
    drawn: str = ""
    list_of: str = ""
    depth: int = 0
    white: bool = False
    filled: bool = False


PLAIN = Style()

_SHIFTED = 3
"""Half points from which on letters of a size of their own are raised or lowered, as other programs write it."""


class Styles:
    """The styles of a document by id, each with what it inherits."""

    def __init__(self, part: Element | None) -> None:
        elements = [one for one in (part if part is not None else ()) if name_of(one) == "style"]
        self._elements = {attribute(one, "styleId"): one for one in elements}
        self._known: dict[str, Style] = {}
        default = (
            one for one in elements if attribute(one, "type") == "paragraph" and attribute(one, "default") == "1"
        )
        self._default = attribute(next(default, None), "styleId")

    def paragraph(self, properties: Element | None) -> Style:
        """The style of a paragraph with these properties, with what they say themselves."""
        style = self.of(attribute(child(properties, "pStyle"), "val") or self._default)
        return _with(style, properties, child(properties, "rPr")) if properties is not None else style

    def run(self, properties: Element | None, paragraph: Style) -> Style:
        """The style of a run in such a paragraph."""
        if properties is None:
            return paragraph
        own = self.of(attribute(child(properties, "rStyle"), "val"))
        vanish = child(properties, "vanish")
        hidden = is_on(vanish) if vanish is not None else own.hidden or paragraph.hidden
        white = is_white(properties)
        return Style(
            hidden=hidden,
            drawn=_drawn(properties) or own.drawn or paragraph.drawn,
            white=own.white or paragraph.white if white is None else white,
            filled=is_filled(properties) or own.filled or paragraph.filled,
        )

    def fills(self, style_id: str) -> bool:
        """Whether a table's style, or one that it is based on, puts a colour behind any of its cells."""
        element = self._elements.get(style_id)
        if element is None:
            return False
        parent = attribute(child(element, "basedOn"), "val")
        return any(is_filled(one) for one in element.iter()) or (parent != style_id and self.fills(parent))

    def of(self, style_id: str) -> Style:
        """The style of that id; a plain one where there is none."""
        if style_id not in self._known:
            self._known[style_id] = PLAIN  # a style that is based on itself ends here
            self._known[style_id] = self._read(style_id)
        return self._known[style_id]

    def _read(self, style_id: str) -> Style:
        element = self._elements.get(style_id)
        if element is None:
            return PLAIN
        parent = self.of(attribute(child(element, "basedOn"), "val"))
        name = attribute(child(element, "name"), "val").lower()
        style = _with(parent, child(element, "pPr"), child(element, "rPr"))
        heading = _HEADING.fullmatch(name)
        level = int(heading[1]) if heading else 1 if name == "title" else style.level
        drawn = _drawn(child(element, "rPr")) or style.drawn
        return replace(style, name=name, level=min(level, 6), drawn=drawn)


def _drawn(run: Element | None) -> str:
    """How the letters of a run are drawn; "" where its properties do not say."""
    for name in ("strike", "dstrike"):
        if is_on(child(run, name)):
            return "struck"
    if own := attribute(child(run, "vertAlign"), "val"):
        return own
    shift = attribute(child(run, "position"), "val")
    if child(run, "sz") is not None and shift.lstrip("-").isdigit() and abs(int(shift)) >= _SHIFTED:
        return "superscript" if int(shift) > 0 else "subscript"
    return "plain" if child(run, "strike") is not None else ""


def _with(style: Style, paragraph: Element | None, run: Element | None) -> Style:
    """The style with what a `pPr` and its `rPr` change. The run properties of a paragraph are those of its end mark,
    which say nothing of the text; only in a style they do."""
    outline = attribute(child(paragraph, "outlineLvl"), "val")
    level = style.level
    if outline.isdigit():
        level = 0 if int(outline) >= _BODY_TEXT else min(int(outline) + 1, 6)
    numbering = child(paragraph, "numPr")
    list_of = attribute(child(numbering, "numId"), "val") or style.list_of
    depth = attribute(child(numbering, "ilvl"), "val")
    in_style = run is not None and name_of(run.getparent()) == "style"
    vanish = child(run, "vanish") if in_style else None
    white = is_white(run) if in_style else None
    return replace(
        style,
        level=level,
        hidden=is_on(vanish) if vanish is not None else style.hidden,
        list_of=list_of,
        depth=int(depth) if depth.isdigit() else style.depth,
        white=style.white if white is None else white,
        filled=style.filled or is_filled(paragraph) or (in_style and is_filled(run)),
    )
