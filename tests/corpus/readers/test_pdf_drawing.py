"""What is drawn on a PDF page around its words: lines through them, white letters, what long files cost."""

from __future__ import annotations

import io

import pytest
from fpdf import FPDF

from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits
from tests.corpus.pdf_files import Page, written

WORDS = b"BT /F1 12 Tf 40 700 Td (The fee is forty euros.) Tj ET"
"""The words of a page; `forty euros.` reaches from 93 to 153 points."""


def noted(data: bytes, **options: object) -> list[tuple[str, str, str]]:
    """(page, the first words of the reason, words) of each note."""
    (file,) = load_bytes("a.pdf", data, **options).files
    return [(note.where, " ".join(note.reason.split()[:5]), note.text) for note in file.notes]


def page_with(drawing: str) -> bytes:
    data = written(Page([(40, 700, "The fee is forty euros.")]))
    assert WORDS in data
    return data.replace(WORDS, WORDS + b" " + drawing.encode())


@pytest.mark.parametrize(
    "drawing",
    [
        "1 w 93 704 m 155 704 l S",
        "93 703.5 62 1 re f",
        "93 704.5 62 .8 re 93 702.5 62 .8 re f",
        "300 300 m 320 320 l 93 704 m 155 704 l S",
        "q 1 0 0 1 43 4 cm 1 w 50 700 m 112 700 l S Q",
    ],
    ids=["a line", "a thin rectangle", "two lines", "one of several lines", "a line that is moved"],
)
def test_words_with_a_line_across_them_are_named(drawing: str) -> None:
    assert noted(page_with(drawing)) == [("page 1", "A line is drawn across", "forty euros.")]


@pytest.mark.parametrize(
    "drawing",
    [
        "1 w 93 698 m 155 698 l S",
        "93 711 62 1 re f",
        "1 w 20 704 m 580 704 l S",
        "1 w 20 690 m 580 690 l S 20 714 m 580 714 l S 90 690 m 90 714 l S",
        "0.9 g 93 697 62 14 re f",
        "1 w 200 704 m 260 704 l S",
        "93 704 m 155 704 l n",
    ],
    ids=["below", "above", "a rule of the page", "a table", "a marker", "beside", "not drawn"],
)
def test_other_lines_strike_nothing_through(drawing: str) -> None:
    assert noted(page_with(drawing)) == []


def test_struck_text_as_a_writer_of_files_draws_it() -> None:
    made = FPDF()
    made.add_page()
    for style, words in [("", "Keep this. "), ("S", "Strike that. "), ("U", "Underline it.")]:
        made.set_font("helvetica", style, 12)
        made.write(8, words)
    made.ln(20)
    with made.table() as table:
        for row in (["Zone", "Days"], ["North", "12"]):
            table.row(row)
    assert noted(bytes(made.output())) == [("page 1", "A line is drawn across", "Strike that.")]


def test_what_a_reader_of_the_file_struck_through_is_named() -> None:
    page = Page([(40, 700, "The fee is forty euros.")])
    page.annotations.append("/Subtype/StrikeOut/Rect[94 696 156 712]/QuadPoints[94 712 156 712 94 696 156 696]")
    assert noted(written(page)) == [("page 1", "Somebody marked these words as", "forty euros.")]


FORM = "/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"


def form_page(inside: str, placed: str = "", before: str = "") -> bytes:
    """A page with a line of black words, and what a form XObject draws."""
    data = written(Page([(40, 600, "Lamps.")])).decode("cp1252")
    form = f"90 0 obj<<{FORM}/Length {len(inside)}>>stream\n{inside}\nendstream endobj\n"
    drawing = f"{before} q {placed} /X1 Do Q BT /F1 12 Tf 40 600 Td"
    data = data.replace("BT /F1 12 Tf 40 600 Td", drawing).replace(">>>>/", ">>/XObject<</X1 90 0 R>>>>/")
    data = data.replace("/Font<</F1 3 0 R>>>>>>endobj", "/Font<</F1 3 0 R>>/XObject<</X1 90 0 R>>>>>>endobj")
    return data.replace("trailer", form + "trailer").encode("cp1252")


@pytest.mark.parametrize("placed", ["", "1 0 0 1 100 -50 cm", "0.5 0 0 0.5 10 10 cm"])
@pytest.mark.parametrize(("ground", "seen"), [("", False), ("0 0 0.4 rg 30 690 200 30 re f ", True)])
def test_white_words_of_a_form_object_are_named_as_those_of_the_page(placed: str, ground: str, seen: bool) -> None:
    data = form_page(f"{ground}1 g BT /F1 12 Tf 40 700 Td (buried) Tj ET", placed)
    assert "buried" in load_bytes("a.pdf", data).documents[0].text
    assert noted(data) == ([] if seen else [("page 1", "It is white with nothing", "buried")])


def test_a_form_object_struck_through() -> None:
    data = form_page("BT /F1 12 Tf 40 700 Td (Old fee) Tj ET 40 703.5 46 1 re f", "1 0 0 1 100 -50 cm")
    assert noted(data) == [("page 1", "A line is drawn across", "Old fee")]


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("3 Tr ", "It is drawn without ink,"),
        ("-900 0 Td ", "It is outside of what"),
    ],
)
def test_words_without_ink_or_outside_of_the_page_are_named(drawn: str, said: str) -> None:
    data = written(Page([(40, 700, "Lamps."), (40, 600, "buried")]))
    data = data.replace(b"Td (buried)", f"Td {drawn}(buried)".encode())
    assert noted(data) == [("page 1", said, "buried")]


def test_words_under_a_scan_are_no_hidden_words() -> None:
    """Programs for text recognition put them there, without ink."""
    from PIL import Image

    scan = io.BytesIO()
    Image.new("L", (600, 800), 255).save(scan, "PNG")
    made = FPDF(unit="pt", format=(600, 800))
    made.add_page()
    made.image(scan, 0, 0, 600, 800)
    made.set_font("helvetica", size=12)
    made.text_mode = 3
    made.text(40, 100, "Recognised words")
    assert noted(bytes(made.output())) == []


def test_pages_that_are_not_checked_any_more_are_read_and_named() -> None:
    data = page_with("93 703.5 62 1 re f")
    loaded = load_bytes("a.pdf", data, limits=Limits(check_seconds=0))
    assert loaded.documents[0].text == "The fee is forty euros."
    ((where, why, _),) = noted(data, limits=Limits(check_seconds=0))
    assert (where, why) == ("page 1", "The file is long, so")
