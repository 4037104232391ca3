"""Letters that nobody sees: white on white paper, in the colour of what is behind them, too small. White ones are seen
on a dark cell or box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.corpus.readers.colors import WHITE, color_of
from rag_core.corpus.readers.word.package import attribute, child, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

    from rag_core.corpus.readers.word.styles import Style

_THEME_WHITE = ("background1", "light1")
_NO_FILL = ("", "auto", "none", "clear", "white", "ffffff")
_SMALLEST = 4
"""Half points."""
_BOXES = ("txbxContent", "textbox", "wsp", "shape")


def is_white(properties: Element | None) -> bool | None:
    """Whether these run properties colour the letters white; None where they say nothing of the colour."""
    color = child(properties, "color")
    if color is None:
        return None
    theme = attribute(color, "themeColor")
    if theme:
        return theme in _THEME_WHITE and not attribute(color, "themeShade")
    written = color_of(f"#{attribute(color, 'val')}")
    return written is not None and written.looks_like(WHITE)


def is_filled(properties: Element | None) -> bool:
    """Whether these properties put a colour behind the letters."""
    shade, marker = child(properties, "shd"), child(properties, "highlight")
    fill = attribute(shade, "fill").lower() not in _NO_FILL or bool(attribute(shade, "themeFill"))
    pattern = attribute(shade, "val").lower() not in ("", "clear", "nil")
    return fill or pattern or attribute(marker, "val").lower() not in _NO_FILL


def why_unseen(run: Element, style: Style, table_style_is_filled: Callable[[str], bool]) -> tuple[str, bool]:
    """Why nobody sees the letters of a run in this style, "" where they are seen; and whether that is in doubt, since
    something that is drawn elsewhere may be behind them."""
    properties = child(run, "rPr")
    size = attribute(child(properties, "sz"), "val")
    if size.isdigit() and int(size) <= _SMALLEST:
        return "Its letters are too small to be seen.", False
    if _has_its_grounds_color(run, properties):
        return "Its letters have the colour of what is behind them.", False
    if not style.white or style.filled or _has_ground(run, table_style_is_filled):
        return "", False
    if _drawn_behind(run.getroottree().getroot()):
        return "It is white, and may be on white paper. It was read.", True
    return "It is white on white paper.", False


def _has_its_grounds_color(run: Element, properties: Element | None) -> bool:
    """Whether the colour of the letters is that of the nearest one behind them, both written here."""
    color = child(properties, "color")
    ink = None if attribute(color, "themeColor") else color_of(f"#{attribute(color, 'val')}")
    if ink is None or ink.looks_like(WHITE):
        return False
    around = (child(one, _PROPERTIES[name_of(one)]) for one in run.iterancestors() if name_of(one) in ("p", "tc"))
    for one in (properties, *around):
        marker = attribute(child(one, "highlight"), "val")
        fill = attribute(child(one, "shd"), "fill")
        if marker or fill.lower() not in ("", "auto"):
            ground = color_of(marker) if marker else color_of(f"#{fill}")
            return ground is not None and ink.looks_like(ground)
    return False


def _has_ground(run: Element, table_style_is_filled: Callable[[str], bool]) -> bool:
    """Whether something around the run puts a colour behind it: its paragraph, cell, table, a box, the page."""
    for one in run.iterancestors():
        name = name_of(one)
        if name in _BOXES or (name in _PROPERTIES and is_filled(child(one, _PROPERTIES[name]))):
            return True
        if name == "tbl" and table_style_is_filled(attribute(child(one, "tblPr", "tblStyle"), "val")):
            return True
        if name == "document" and attribute(child(one, "background"), "color").lower() not in _NO_FILL:
            return True
    return False


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
