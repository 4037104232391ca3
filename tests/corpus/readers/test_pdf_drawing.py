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


def test_a_part_of_a_word_with_a_line_across_it_is_named() -> None:
    """As a word processor prints a word that was changed: the old letters struck through, the new ones behind them."""
    assert noted(page_with("93 703.5 20 1 re f")) == [("page 1", "A line is drawn across", "fort")]


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
        ("/F1 1 Tf ", "Its letters are too small"),
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


ARABIC = dict(zip("abcde", "\u0633\u064a\u0627\u0633\u0629", strict=True))
"""Letters of a font, and those that they mean: together a word."""


def arabic_page(drawing: str) -> bytes:
    """A page with a font that draws Latin letters and says that they are Arabic ones."""
    named = "".join(f"<{ord(letter):02x}> <{ord(meant):04x}>\n" for letter, meant in ARABIC.items())
    codes = "1 begincodespacerange\n<00> <ff>\nendcodespacerange\n"
    stream = f"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n{codes}{len(ARABIC)} beginbfchar\n{named}"
    stream += "endbfchar\nendcmap end end"
    data = written(Page([(40, 700, "x")])).decode("cp1252").replace("BT /F1 12 Tf 40 700 Td (x) Tj ET", drawing)
    data = data.replace("/BaseFont/Helvetica", "/BaseFont/Helvetica/ToUnicode 90 0 R")
    return data.replace(
        "trailer", f"90 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\ntrailer"
    ).encode("cp1252")


def from_the_left(word: str) -> str:
    """A word as browsers print it: drawn from the left, with what each of its signs means."""
    spans = "".join(
        f"/Span<</ActualText <FEFF{ord(ARABIC[letter]):04X}>>>BDC ({letter}) Tj EMC " for letter in reversed(word)
    )
    return f"BT /F1 12 Tf 100 700 Td /ReversedChars BMC {spans} EMC ET"


@pytest.mark.parametrize(
    "drawing",
    [
        "BT /F1 12 Tf 100 700 Td (edcba) Tj ET",
        from_the_left("abcde"),
        " ".join(f"BT /F1 12 Tf {200 - 6.5 * place} 700 Td ({letter}) Tj ET" for place, letter in enumerate("abcde")),
    ],
    ids=["from the left", "as browsers print it", "letter by letter"],
)
def test_letters_from_right_to_left_are_read_as_they_stand_on_the_page(drawing: str) -> None:
    assert load_bytes("a.pdf", arabic_page(drawing)).documents[0].text == "".join(ARABIC.values())


def test_words_from_right_to_left_beside_others_are_in_the_order_of_reading() -> None:
    (document,) = load_bytes("a.pdf", arabic_page("BT /F1 12 Tf 100 700 Td (XY edc ba Z) Tj ET")).documents
    named = {meant: letter for letter, meant in ARABIC.items() if letter != "d"}
    assert "".join(named.get(sign, sign) for sign in document.text) == "XY ab cae Z"


def test_a_sign_that_begins_an_item_is_a_bullet() -> None:
    drawing = "BT /F1 12 Tf 40 700 Td (a First) Tj ET BT /F1 12 Tf 40 680 Td (Then) Tj ET"
    data = arabic_page(drawing).replace(b"<0633>", b"<f095>")
    assert load_bytes("a.pdf", data).documents[0].text.startswith("- F")


def test_a_mark_behind_a_word_is_raised_and_a_large_first_letter_is_none() -> None:
    drawing = "BT /F1 12 Tf 40 700 Td (Terms) Tj ET BT /F1 7 Tf 74.2 705 Td (a) Tj ET"
    drawing += " BT /F1 30 Tf 40 600 Td (T) Tj ET BT /F1 12 Tf 59 610 Td (erms) Tj ET"
    data = written(Page([(40, 700, "x")])).replace(b"BT /F1 12 Tf 40 700 Td (x) Tj ET", drawing.encode())
    text = load_bytes("a.pdf", data).documents[0].text
    assert "Terms^a" in text
    assert "^erms" not in text


def test_a_line_that_begins_with_a_mark_of_markdown_is_no_heading() -> None:
    data = written(Page([(40, 700, "# of seats"), (40, 680, "```"), (40, 660, "Five.")]))
    (document,) = load_bytes("a.pdf", data).documents
    assert (document.title, document.text) == ("a", "\\# of seats\n\\```\nFive.")
