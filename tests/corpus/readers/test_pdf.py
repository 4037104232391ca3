import io
import re

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits
from tests.corpus.files import pdf
from tests.corpus.pdf_files import Page, written


def only(name, data, **options):
    (document,) = load_bytes(name, data, **options).documents
    return document


def reason(name, data, **options):
    loaded = load_bytes(name, data, **options)
    assert loaded.documents == ()
    (problem,) = loaded.problems
    assert problem.name == name
    return problem.reason


def test_headings_and_wrapped_lines():
    text = "The order is refunded within fourteen days of the day on which the parcel has come back to us.\nCall us."
    document = only("a.pdf", pdf(text, heading="Refunds"))
    assert document.text == f"# Refunds\n\n{text}"
    assert (document.title, document.metadata) == ("Refunds", {"pages": 1})


def test_the_files_own_title():
    assert only("a.pdf", pdf("Text.", title="Terms of 2026")).title == "Terms of 2026"


def test_a_code_broken_at_its_hyphen_keeps_it():
    document = only(
        "a.pdf",
        pdf("The console of the appliance shows KB-ERR-2847-\nfatal then stops, inter-\nnationally."),
    )
    assert document.text == "The console of the appliance shows KB-ERR-2847-fatal then stops, internationally."


def notes(data, kind="left out"):
    (file,) = load_bytes("a.pdf", data).files
    return [(note.where, note.text) for note in file.notes if note.kind == kind]


def test_lines_that_run_along_all_pages_stand_once_and_are_listed():
    data = pdf("One.", "Two.", "Three.", footer="Confidential, page")
    assert only("a.pdf", data).text == "One.\nTwo.\nThree.\nConfidential, page 3"
    assert notes(data) == [("pages 1 to 2", "Confidential, page 1\nConfidential, page 2")]


@pytest.mark.parametrize("form", ["{}", "- {} -", "Page {} of 4", "{} / 4", "Seite {} von 4", "p. {}"])
def test_page_numbers_are_taken_out_and_listed(form):
    data = written(*(lines(f"Text {word}.", form.format(page)) for page, word in enumerate("abcd", start=1)))
    text = "Text a.\nText b.\nText c.\nText d."
    found = only("a.pdf", data).text
    assert found.removesuffix("\n" + form.format(4)) == text if form == "p. {}" else found == text
    assert notes(data)


@pytest.mark.parametrize(
    "pages",
    [
        ["Invoice 2025", "Invoice 2026"],
        ["Invoice 2025", "Invoice 2026", "Invoice 2027"],
        ["Step 1", "Step 2", "Step 3"],
        ["Chapter 1", "Chapter 2", "Chapter 3", "Chapter 4"],
        ["Day 1 of the tour", "Day 2 of the tour", "Day 3 of the tour"],
        ["7", "12", "9"],
        ["1/2", "3/4", "1/8"],
        ["Page 4 applies", "Page 9 applies", "Page 4 applies not"],
        ["Page 1 of 2", "Page 2 of 2"],
        ["KB-101", "KB-102", "KB-103"],
        ["Version 1.1", "Version 1.2", "Version 1.3"],
    ],
)
@pytest.mark.parametrize("at_top", [True, False])
def test_lines_that_only_look_alike_stay(pages, at_top):
    totals = [f"Total: {word} EUR" for word in ("one", "two", "three", "four")]
    both = [[line, total] if at_top else [total, line] for line, total in zip(pages, totals, strict=False)]
    data = written(*(lines(*page) for page in both))
    assert only("a.pdf", data).text.split("\n") == [line for page in both for line in page]
    assert notes(data) == []


def test_half_of_the_pages_are_not_most():
    data = written(*(lines(head, f"Text {head} {n}.") for n, head in enumerate(["Left", "Right"] * 2)))
    assert only("a.pdf", data).text.count("Left") == 4


def test_a_document_of_page_numbers_alone_is_one():
    data = written(lines("Page 1"), lines("Page 2"), lines("Page 3"))
    assert [word for word in only("a.pdf", data).text.split() if word.isdigit()] == ["1", "2", "3"]


_WORD = st.from_regex(r"[a-z]{1,7}|[A-Z]{2,4}-[0-9]{1,4}|[0-9]{1,4}", fullmatch=True)
_LINE = st.lists(_WORD, min_size=1, max_size=8).map(" ".join)
_RUNNING = st.sampled_from(
    [
        "Confidential",
        "Page {n}",
        "Page {n} of {all}",
        "{n}/{all}",
        "{n}",
        "Chapter {n}",
        "Handbook | {n}",
        "Invoice 202{n}",
    ]
)


@given(
    pages=st.lists(st.lists(_LINE, max_size=5), min_size=1, max_size=5),
    heads=st.lists(_RUNNING, max_size=2),
    feet=st.lists(_RUNNING, max_size=2),
    fields=st.lists(st.tuples(st.integers(0, 4), _LINE, st.integers(20, 500), st.integers(100, 700)), max_size=3),
    comments=st.lists(
        st.tuples(st.integers(0, 4), _LINE, st.sampled_from(["Text", "FreeText", "Highlight"])), max_size=3
    ),
)
@settings(max_examples=60)
def test_every_word_of_every_page_is_in_the_text_or_in_the_list(pages, heads, feet, fields, comments):
    made, expected = [], []
    for number, body in enumerate(pages, start=1):
        running = [[one.format(n=number, all=len(pages)) for one in each] for each in (heads, feet)]
        made.append(lines(*running[0], *body, *running[1]))
        expected += [*running[0], *body, *running[1]]
    for place, (page, value, x, y) in enumerate(fields):
        made[page % len(made)].field_(f"f{place}", value, x, y)
        expected.append(value)
    for page, words, kind in comments:
        made[page % len(made)].note(words, kind)
        expected.append(words)
    loaded = load_bytes("a.pdf", written(*made))
    if not "".join(expected).strip():
        return
    if not loaded.files:  # nothing but comments that open by a click
        assert not any(pages) and not heads and not feet and not fields
        return
    (file,) = loaded.files
    held = " ".join([loaded.documents[0].text, *(note.text for note in file.notes)])
    assert words_of(" ".join(expected)) - words_of(held) == set()


def words_of(text):
    return set(re.findall(r"[^\W_]+", text))


@given(st.lists(st.lists(st.from_regex(r"[a-zA-Z0-9]{1,6}-?", fullmatch=True), min_size=1).map(" ".join), min_size=1))
@settings(max_examples=40)
def test_no_letter_is_lost_where_lines_end_in_hyphens(texts):
    found = load_bytes("a.pdf", written(lines(*texts))).documents[0].text
    assert re.sub(r"[^a-zA-Z0-9]", "", found) == re.sub(r"[^a-zA-Z0-9]", "", "".join(texts))


def test_short_lines_below_each_other_are_lines():
    assert only("a.pdf", written(lines("7", "9", "a"))).text == "7\n9\na"
    assert only("a.pdf", written(lines(*map(str, range(30))))).text == "\n".join(map(str, range(30)))


def lines(*texts):
    return Page([(20, 760 - 16 * place, text) for place, text in enumerate(texts)])


def test_form_values_stand_where_they_are_seen():
    page = Page(
        [(20, 505, "Name:"), (330, 505, "Date:"), (40, 450, "Express"), (40, 430, "Insured"), (20, 300, "Signed")]
    )
    page.field_("n", "Ann (Lee)").field_("d", "2026-01-02", 370, 500, seen=False)
    page.box("x", True, 20, 448).box("i", False, 20, 428)
    text = "Name: Ann (Lee) Date: 2026-01-02\n[x] Express\n[ ] Insured\nSigned"
    assert only("a.pdf", written(page)).text == text


def test_a_value_below_its_label_and_one_of_several_lines():
    page = Page([(20, 550, "Delivery address:"), (20, 300, "Thank you.")])
    page.field_("a", "Pier Nine\\rOld Harbour", 20, 500)
    text = only("a.pdf", written(page).replace(rb"\\r", rb"\r")).text
    assert text == "Delivery address:\nPier Nine\nOld Harbour\nThank you."


def test_words_put_on_a_page_are_read_and_comments_are_listed():
    page = Page([(20, 700, "Offer.")]).note("Valid until May", "FreeText")
    page.note("Ask legal first").note("Too cheap", "Highlight").note("never seen", "FreeText", flags=2)
    assert only("a.pdf", written(page)).text == "Offer.\nValid until May"
    assert notes(written(page)) == [("page 1", "Ask legal first"), ("page 1", "Too cheap")]
    assert only("a.pdf", written(Page().note("Only this", "FreeText"))).text == "Only this"
    assert only("a.pdf", written(Page([(20, 700, "Offer.")]).note("APPROVED", "Stamp"))).text == "Offer.\nAPPROVED"


LEFT = ["the quick brown fox jumps over", "a lazy dog that sleeps in the", "sun all day and never moves at", "all."]
RIGHT = ["Second column starts here with", "other words that belong to it", "and go on to the bottom of the", "page."]
DOWN_LEFT = [(20, 700 - 14 * place, text) for place, text in enumerate(LEFT)]
DOWN_RIGHT = [(320, 700 - 14 * place, text) for place, text in enumerate(RIGHT)]


@pytest.mark.parametrize(
    ("placed", "doubtful"),
    [
        ([*DOWN_LEFT, *DOWN_RIGHT], False),
        ([*DOWN_RIGHT, *DOWN_LEFT], True),
        ([line for row in zip(DOWN_LEFT, DOWN_RIGHT, strict=True) for line in row], True),
        (
            [
                line
                for (x, y, text), left in zip(DOWN_RIGHT, DOWN_LEFT, strict=True)
                for line in (left, (x, y - 7, text))
            ],
            True,
        ),
        ([(x, 700 - 14 * row, f"cell {row}") for row in range(6) for x in (20, 320)], False),
        ([(x, 700 - 14 * row, "Yes, all the year round") for row in range(2) for x in (20, 320)], False),
    ],
    ids=["down each", "right one first", "across", "across, not level", "a table", "two rows"],
)
def test_the_order_of_columns_is_in_doubt_where_it_may_be_wrong(placed, doubtful):
    assert bool(notes(written(Page(placed)), "in doubt")) == doubtful


def test_hyphens_at_line_ends_are_decided_by_the_rest_of_the_text():
    joined = "The well-known pump runs. Its opera-\ntion is well-\nknown inter-\nnationally, and operation is simple."
    data = pdf(joined)
    assert only("a.pdf", data).text.replace("\n", " ") == (
        "The well-known pump runs. Its operation is well-known internationally, and operation is simple."
    )
    assert notes(data, "in doubt") == [("line ends", "inter-nationally")]


def test_a_page_that_is_a_picture_is_listed():
    assert notes(pdf_with_picture("Read me.")) == [("page 2", "")]


def test_refusals():
    assert "password" in reason("a.pdf", pdf("Secret.", password="x"))
    assert "damaged" in reason("a.pdf", pdf("Text.")[:200])
    assert "damaged" in reason("a.pdf", b"no pdf at all")
    assert "scan" in reason("a.pdf", pdf_with_picture())
    assert "3 pages; at most 2" in reason("a.pdf", pdf("a", "b", "c"), limits=Limits(pages=2))


def test_a_scan_is_an_image_without_text():
    assert "OCR" in reason("scan.pdf", pdf_with_picture())


def pdf_with_picture(*texts):
    """A PDF with a page for each text, then one that is a picture."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(picture, "PNG")
    made = FPDF()
    made.set_font("helvetica", size=10)
    for text in texts:
        made.add_page()
        made.cell(0, 10, text)
    made.add_page()
    made.image(picture)
    return bytes(made.output())


@pytest.mark.parametrize("cut", [50, 400, 900])
def test_a_file_cut_short_never_raises(cut):
    load_bytes("a.pdf", pdf("Text on a page.")[:cut])


def spread(words: str, wide: float, between: float, x: float = 40) -> Page:
    """One line, each letter set by itself: `wide` points between letters, `between` points between words."""
    measure, placed = FPDF(unit="pt"), []
    measure.set_font("Helvetica", size=12)
    for word in words.split():
        for letter in word:
            placed.append((x, 700, letter))
            x += measure.get_string_width(letter) + wide
        x += between - wide
    return Page(placed)


def test_words_in_wide_type_are_words():
    words = "Here is some formatted text"
    assert only("a.pdf", written(spread(words, 2.2, 8))).text == words


def test_a_list_of_letters_and_rows_of_figures_stay_apart():
    assert only("a.pdf", written(spread("A B C D E F G H", 0, 3))).text == "A B C D E F G H"
    assert only("a.pdf", written(spread("8 54 2 0 1 7 0 3 64", 0, 3.5))).text == "8 54 2 0 1 7 0 3 64"


NAMED, UNNAMED = b"/Encoding/WinAnsiEncoding", b"/Encoding<</Differences[65/q1/q2/q3/q4 97/q5/q6]>>"


def test_letters_that_a_font_does_not_name_are_a_doubt():
    data = written(Page([(40, 700, "Lamps cost forty euros, and here they are.")]), Page([(40, 700, "AaBbCbA")]))
    assert not load_bytes("a.pdf", data).files[0].notes
    loaded = load_bytes("a.pdf", data.replace(NAMED, UNNAMED))
    (note,) = loaded.files[0].notes
    assert (note.kind, note.where) == ("in doubt", "page 2")
    assert "Lamps cost" in loaded.documents[0].text


def test_a_file_of_letters_without_names_is_no_scan():
    data = written(Page([(40, 700, "\x01\x02\x03")]))
    assert "fonts do not say" in reason("a.pdf", data.replace(NAMED, b"/Encoding<</Differences[1/q1/q2/q3]>>"))


def test_what_an_empty_file_holds_beside_text_is_said():
    assert "Ask legal first" in reason("a.pdf", written(Page().note("Ask legal first")))
    assert "empty or drawn" in reason("a.pdf", written(Page()))


@pytest.mark.parametrize("rotated", [b"", b"/Rotate 90", b"/CropBox[20 100 580 790]"])
@pytest.mark.parametrize(
    "behind, seen", [("", False), ("0.2 g 30 690 200 30 re f ", True), ("1 g 30 690 200 30 re f ", False)]
)
def test_white_words_that_nobody_sees_are_named(rotated, behind, seen):
    data = written(Page([(40, 700, "buried")]), Page([(40, 700, "Lamps.")]))
    data = data.replace(b"BT /F1 12 Tf 40 700 Td (buried)", f"{behind}1 g BT /F1 12 Tf 40 700 Td (buried)".encode())
    data = data.replace(b"/Type/Page/", b"/Type/Page" + rotated + b"/")
    notes = [(note.where, note.text) for note in load_bytes("a.pdf", data).files[0].notes]
    assert notes == ([] if seen else [("page 1", "buried")])
