"""Letters that are raised, lowered or struck through are told from those beside them, in every format."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt
from fpdf import FPDF

from rag_core.corpus.loading.load import load_bytes


def text_of(name: str, data: bytes) -> str:
    (document,) = load_bytes(name, data).documents
    return document.text


def pdf(*pieces: tuple[str, str], size: int = 12) -> bytes:
    page = FPDF()
    page.add_page()
    for words, place in pieces:
        page.set_font("helvetica", size=size)
        page.char_vpos = place
        page.write(8, words)
    return bytes(page.output())


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((("Up to 10", "LINE"), ("6", "SUP"), (" files.", "LINE")), "Up to 10^6 files."),
        ((("Use H", "LINE"), ("2", "SUB"), ("O at 20 C.", "LINE")), "Use H₂O at 20 C."),
        ((("It costs $50", "LINE"), ("1", "SUP"), (" a month.", "LINE")), "It costs $50^1 a month."),
        ((("Water it twice.", "LINE"), ("12", "SUP"), (" Then wait.", "LINE")), "Water it twice.^12 Then wait."),
        ((("KB-2847 and 1,000 GB, 2nd.", "LINE"),), "KB-2847 and 1,000 GB, 2nd."),
    ],
)
def test_a_pdf(pieces: tuple[tuple[str, str], ...], said: str) -> None:
    assert text_of("a.pdf", pdf(*pieces)) == said


def test_a_full_stop_behind_a_raised_letter_stays_in_its_line() -> None:
    assert text_of("a.pdf", pdf(("Up to 10", "LINE"), ("6", "SUP"), (". Next", "LINE"))) == "Up to 10^6. Next"


@pytest.mark.parametrize(
    "page",
    [
        "<p>It costs <s>$50</s> $40.</p>",
        "<p>It costs <del>$50</del> $40.</p>",
        "<p>It costs <strike>$50</strike> $40.</p>",
        '<p>It costs <span style="color:red; text-decoration: line-through">$50</span> $40.</p>',
    ],
)
def test_what_a_page_strikes_through(page: str) -> None:
    assert text_of("a.html", page.encode()) == "It costs ~~$50~~ $40."


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<del><h2>Old</h2></del><p>New.</p>", "## ~~Old~~\n\nNew."),
        ("<del><p>one</p><p>two</p></del>", "~~one~~\n\n~~two~~"),
        ("<p><s><del>x</del></s></p>", "~~x~~"),
        ("<del>a <b>b</b><ul><li>c <s>d</s></li></ul></del>", "~~a **b**~~\n\n- ~~c d~~"),
        (
            "<s><del><table><tr><th>a</th></tr><tr><td>1</td></tr></table></del></s>",
            "| ~~a~~ |\n| --- |\n| ~~1~~ |",
        ),
        ("<del><pre>x = 1</pre></del>", "```\nx = 1\n```"),
    ],
)
def test_what_is_struck_through_keeps_its_form(page: str, said: str) -> None:
    assert text_of("a.html", page.encode()) == said


@pytest.mark.parametrize("name", ["strike", "double_strike"])
def test_what_word_strikes_through(name: str) -> None:
    document = Document()
    paragraph = document.add_paragraph("It costs ")
    for words in ("$5", "0"):
        setattr(paragraph.add_run(words).font, name, True)
    paragraph.add_run(" $40.")
    saved = io.BytesIO()
    document.save(saved)
    assert text_of("a.docx", saved.getvalue()) == "It costs ~~$50~~ $40."


def test_what_other_programs_raise_by_a_distance() -> None:
    document = Document()
    for half_points, words in ((8, "6"), (-4, "2"), (8, "")):
        paragraph = document.add_paragraph("Up to 10")
        run = paragraph.add_run(words)
        run.font.size = Pt(7)
        run._r.rPr.insert(0, parse_xml(f'<w:position {nsdecls("w")} w:val="{half_points}"/>'))
    saved = io.BytesIO()
    document.save(saved)
    assert text_of("a.docx", saved.getvalue()) == "Up to 10^6\n\nUp to 10₂\n\nUp to 10"


def test_blanks_around_marked_letters_part_them_from_their_neighbours():
    html = b"<p>to<sup>th n </sup>wide <s>40 </s>30</p>"
    assert text_of("a.html", html) == "to^(th n) wide ~~40~~ 30"


@pytest.mark.parametrize("scale", [0.58, 0.7, 0.8])
def test_raised_letters_of_a_pdf_as_large_as_programs_write_them(scale: float) -> None:
    page = FPDF()
    page.add_page()
    page.sup_scale = scale
    for words, place in (("Up to 10", "LINE"), ("6", "SUP"), (" files.", "LINE")):
        page.set_font("helvetica", size=12)
        page.char_vpos = place
        page.write(8, words)
    assert text_of("a.pdf", bytes(page.output())) == "Up to 10^6 files."
