"""PDF files written by hand: text where it is wanted, form fields, notes. What the fpdf2 package does not make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Placed = tuple[float, float, str]
"""(x, y, text) of one line; y grows upwards, a page is 600 x 800 points."""


@dataclass
class Page:
    """Lines of a page, and its annotations as PDF dictionaries without `/P`; `appearances` are what they look like."""

    lines: Sequence[Placed] = ()
    annotations: list[str] = field(default_factory=list)
    appearances: list[tuple[int, str]] = field(default_factory=list)

    def field_(self, name: str, value: str, x: float = 120, y: float = 500, *, seen: bool = True) -> Page:
        """A text field that was filled in; not `seen`: without an appearance of its own, as some programs leave it."""
        box = f"[{x} {y} {x + 200} {y + 20}]"
        self._add(
            f"/Subtype/Widget/FT/Tx/T({name})/V({_quoted(value)})/Rect{box}/DA(/F1 12 Tf 0 g)", value if seen else ""
        )
        return self

    def box(self, name: str, checked: bool, x: float = 20, y: float = 500) -> Page:
        """A check box."""
        state = "Yes" if checked else "Off"
        self._add(f"/Subtype/Widget/FT/Btn/T({name})/V/{state}/AS/{state}/Rect[{x} {y} {x + 12} {y + 12}]", "", "Yes")
        return self

    def note(self, text: str, kind: str = "Text", *, flags: int = 4) -> Page:
        """A sticky note (Text), a highlight with a comment (Highlight), words written on the page (FreeText)."""
        seen = text if kind in ("FreeText", "Stamp") else ""
        contents = "" if kind == "Stamp" else f"/Contents({_quoted(text)})"
        self._add(f"/Subtype/{kind}{contents}/Rect[20 400 220 420]/F {flags}/DA(/F1 12 Tf 0 g)", seen)
        return self

    def _add(self, dictionary: str, seen: str, state: str = "") -> None:
        if seen:
            self.appearances.append((len(self.annotations), f"BT /F1 12 Tf 4 8 Td ({_quoted(seen)}) Tj ET"))
        if state:
            self.appearances.append((len(self.annotations), f"{state}:0 0 12 12 re f"))
        self.annotations.append(dictionary)


def written(*pages: Page) -> bytes:
    """The file."""
    objects: list[str] = ["", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    kids, fields = [], []
    for page in pages:
        drawn = "\n".join(f"BT /F1 12 Tf {x} {y} Td ({_quoted(text)}) Tj ET" for x, y, text in page.lines)
        objects.append(_stream("", drawn))
        contents, annotations = len(objects), []
        for place, dictionary in enumerate(page.annotations):
            looks = ""
            for at, seen in page.appearances:
                if at != place:
                    continue
                state, _, drawing = seen.partition(":") if seen.startswith("Yes:") else ("", "", seen)
                font = "/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F1 3 0 R>>>>"
                objects.append(_stream(font, drawing))
                looks = f"/AP<</N<</Yes {len(objects)} 0 R>>>>" if state else f"/AP<</N {len(objects)} 0 R>>"
            flags = "" if "/F " in dictionary else "/F 4"
            objects.append(f"<</Type/Annot{dictionary}{flags}{looks}>>")
            annotations.append(f"{len(objects)} 0 R")
            if "/Widget" in dictionary:
                fields.append(annotations[-1])
        resources = "/Resources<</Font<</F1 3 0 R>>>>"
        marks = f"/Annots[{' '.join(annotations)}]" if annotations else ""
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {contents} 0 R{resources}{marks}>>")
        kids.append(f"{len(objects)} 0 R")
    form = f"/AcroForm<</Fields[{' '.join(fields)}]/DR<</Font<</F1 3 0 R>>>>/DA(/F1 12 Tf 0 g)>>" if fields else ""
    objects[0] = f"<</Type/Catalog/Pages 2 0 R{form}>>"
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    body = "".join(f"{number} 0 obj{text}endobj\n" for number, text in enumerate(objects, start=1))
    return f"%PDF-1.7\n{body}trailer<</Root 1 0 R/Size {len(objects) + 1}>>".encode("cp1252")


def _stream(head: str, drawing: str) -> str:
    return f"<<{head}/Length {len(drawing.encode('cp1252'))}>>stream\n{drawing}\nendstream "


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
