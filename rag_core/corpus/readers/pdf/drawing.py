"""What is drawn on a PDF page, looked through once: letters that may not be seen, thin lines, pictures.

Objects within form XObjects, which programs use for letter heads, watermarks and pasted pages, are looked through too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import byref, c_float, c_int, c_uint
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pypdfium2 import raw

from rag_core.corpus.readers.pdf.page_lines import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

WHITE = 250
_OPAQUE, _NO_INK = 128, 12
_TINY = 2.0
"""Points of type that nobody reads."""
_MOST_SEGMENTS = 400
_RECTANGLE = 6
"""Most segments of a path that is a line or a rectangle."""
_THIN = 8.0
"""Points: what is thicker is no line."""
_DEEPEST = 8

Matrix = tuple[float, float, float, float, float, float]
_UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class Drawing:
    """Boxes of letters that are `white` or drawn with `no_ink` and have nothing known behind them, that are `outside`
    of the page or `tiny`, of thin level `lines`, and of `images`."""

    white: list[Box] = field(default_factory=list)
    no_ink: list[Box] = field(default_factory=list)
    outside: list[Box] = field(default_factory=list)
    tiny: list[Box] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    _dark: list[Box] = field(default_factory=list)

    def has_dark_ground(self, box: Box) -> bool:
        """Whether the last rectangle below these letters is dark."""
        return any(_holds(ground, box) for ground in self._dark)


def drawing_of(page: PdfPage) -> Drawing:
    """All that is drawn on the page, in the order in which it is painted."""
    found = Drawing()
    paper = page.get_bbox()
    for kind, one, matrix in _objects(page.raw):
        _SEEN[kind](found, one, matrix, paper)
    return found


def _objects(page: Any) -> Iterator[tuple[int, Any, Matrix]]:
    """The kind of each object that matters here, the object, and where the form that it is in stands on the page."""
    for place in range(raw.FPDFPage_CountObjects(page)):
        yield from _within(raw.FPDFPage_GetObject(page, place), _UNMOVED, _DEEPEST)


def _within(one: Any, matrix: Matrix, depth: int) -> Iterator[tuple[int, Any, Matrix]]:
    kind = raw.FPDFPageObj_GetType(one)
    if kind in _SEEN:
        yield kind, one, matrix
    elif kind == raw.FPDF_PAGEOBJ_FORM and depth:
        inner = _product(_matrix(one), matrix)
        for place in range(raw.FPDFFormObj_CountObjects(one)):
            yield from _within(raw.FPDFFormObj_GetObject(one, place), inner, depth - 1)


def _text(found: Drawing, one: Any, matrix: Matrix, paper: Box) -> None:
    mode = raw.FPDFTextObj_GetTextRenderMode(one)
    filled = mode in (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)
    red, green, blue, alpha = _fill(one)
    box = _box(one, matrix)
    if not _touches(box, paper):
        found.outside.append(box)
    elif _size(one, matrix) <= _TINY:
        found.tiny.append(box)
    elif mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE or (filled and alpha <= _NO_INK):
        if not any(_touches(image, box) for image in found.images):  # words under a scan, as text recognition puts them
            found.no_ink.append(box)
    elif filled and min(red, green, blue) >= WHITE and not found.has_dark_ground(box):
        found.white.append(box)


def _path(found: Drawing, one: Any, matrix: Matrix, _: Box) -> None:
    """A path: thin lines, and grounds. One of many pieces is taken piece by piece."""
    fill, stroke = c_int(), c_int()
    raw.FPDFPath_GetDrawMode(one, byref(fill), byref(stroke))
    segments = raw.FPDFPath_CountSegments(one)
    if not (fill.value or stroke.value) or segments > _MOST_SEGMENTS:
        return
    simple = segments <= _RECTANGLE and not any(_is_move(one, place) for place in range(1, segments - 1))
    boxes = [_box(one, matrix)] if simple else list(_pieces(one, segments, matrix))
    found.lines += [box for box in boxes if box[3] - box[1] <= _THIN < box[2] - box[0]]
    if simple and fill.value:
        *colors, alpha = _fill(one)
        box = boxes[0]
        if alpha < _OPAQUE or min(colors) >= WHITE:
            found._dark = [ground for ground in found._dark if not _touches(ground, box)]
        else:
            found._dark.append(box)


def _image(found: Drawing, one: Any, matrix: Matrix, _: Box) -> None:
    box = _box(one, matrix)
    found.images.append(box)
    found._dark = [ground for ground in found._dark if not _touches(ground, box)]


_SEEN: dict[int, Callable[[Drawing, Any, Matrix, Box], None]] = {
    raw.FPDF_PAGEOBJ_TEXT: _text,
    raw.FPDF_PAGEOBJ_PATH: _path,
    raw.FPDF_PAGEOBJ_IMAGE: _image,
}


def _pieces(path: Any, segments: int, matrix: Matrix) -> Iterator[Box]:
    """The boxes of the pieces of a path, each from where the pen is put down."""
    own = _product(_matrix(path), matrix)
    points: list[tuple[float, float]] = []
    x, y = c_float(), c_float()
    for place in range(segments):
        segment = raw.FPDFPath_GetPathSegment(path, place)
        if points and _is_move(path, place):
            yield _around(points)
            points = []
        raw.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        points.append(_moved(own, x.value, y.value))
    if points:
        yield _around(points)


def _is_move(path: Any, place: int) -> bool:
    return bool(raw.FPDFPathSegment_GetType(raw.FPDFPath_GetPathSegment(path, place)) == raw.FPDF_SEGMENT_MOVETO)


def _size(one: Any, matrix: Matrix) -> float:
    """The size of type in points, as it is shown."""
    size = c_float()
    raw.FPDFTextObj_GetFontSize(one, byref(size))
    _, _, c, d, _, _ = _product(_matrix(one), matrix)
    return float(abs(size.value) * (c * c + d * d) ** 0.5)


def _fill(one: Any) -> tuple[int, int, int, int]:
    red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint(255)
    raw.FPDFPageObj_GetFillColor(one, byref(red), byref(green), byref(blue), byref(alpha))
    return red.value, green.value, blue.value, alpha.value


def _box(one: Any, matrix: Matrix) -> Box:
    """The box of an object on the page; none at all for one without bounds."""
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    raw.FPDFPageObj_GetBounds(one, byref(left), byref(bottom), byref(right), byref(top))
    box = left.value, bottom.value, right.value, top.value
    if matrix is _UNMOVED:
        return box
    return _around([_moved(matrix, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])])


def _matrix(one: Any) -> Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(one, byref(found))
    return found.a, found.b, found.c, found.d, found.e, found.f


def _product(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that moves a point as the first does, then as the second does."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _around(points: list[tuple[float, float]]) -> Box:
    across, up = zip(*points, strict=True)
    return min(across), min(up), max(across), max(up)


def _touches(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
