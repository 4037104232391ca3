"""White letters: seen on a dark cell or box, not seen on white paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.corpus.readers.word.package import attribute, child, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

_THEME_WHITE = ("background1", "light1")
_NO_FILL = ("", "auto", "none", "clear", "white", "ffffff")
_BOXES = ("txbxContent", "textbox", "wsp", "shape")


def is_white(properties: Element | None) -> bool | None:
    """Whether these run properties colour the letters white; None where they say nothing of the colour."""
    color = child(properties, "color")
    if color is None:
        return None
    theme = attribute(color, "themeColor")
    if theme:
        return theme in _THEME_WHITE and not attribute(color, "themeShade")
    return attribute(color, "val").lower() == "ffffff"


def is_filled(properties: Element | None) -> bool:
    """Whether these properties put a colour behind the letters."""
    shade, marker = child(properties, "shd"), child(properties, "highlight")
    fill = attribute(shade, "fill").lower() not in _NO_FILL or bool(attribute(shade, "themeFill"))
    pattern = attribute(shade, "val").lower() not in ("", "clear", "nil")
    return fill or pattern or attribute(marker, "val").lower() not in _NO_FILL


def has_ground(run: Element, table_style_is_filled: Callable[[str], bool]) -> bool:
    """Whether something around the run may put a colour behind it: its paragraph, cell, table, a box, the page."""
    for one in run.iterancestors():
        name = name_of(one)
        if name in _BOXES or (name in _PROPERTIES and is_filled(child(one, _PROPERTIES[name]))):
            return True
        if name == "tbl" and table_style_is_filled(attribute(child(one, "tblPr", "tblStyle"), "val")):
            return True
        if name == "document" and attribute(child(one, "background"), "color").lower() not in _NO_FILL:
            return True
    return _drawn_behind(run.getroottree().getroot())


def _drawn_behind(root: Element) -> bool:
    """Whether a picture or shape of this part may lie behind its words; of headers and footers that is not known here:
    the page may have a colour."""
    if name_of(root) in ("hdr", "ftr"):
        return True
    return any(
        name_of(one) != "anchor" or attribute(one, "behindDoc") in ("1", "true", "on")
        for one in root.iter("{*}anchor", "{*}shape", "{*}rect", "{*}oval", "{*}roundrect")
    )


_PROPERTIES = {"p": "pPr", "tc": "tcPr", "tr": "tblPrEx", "tbl": "tblPr"}
