import io

import pytest

from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits
from tests.corpus.files import pdf


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


def test_lines_that_run_along_all_pages_stand_once():
    text = only("a.pdf", pdf("One.", "Two.", "Three.", footer="Confidential, page")).text
    assert text == "One.\nTwo.\nThree.\nConfidential, page 3"


def test_refusals():
    assert "password" in reason("a.pdf", pdf("Secret.", password="x"))
    assert "damaged" in reason("a.pdf", pdf("Text.")[:200])
    assert "damaged" in reason("a.pdf", b"no pdf at all")
    assert "scan" in reason("a.pdf", pdf(""))
    assert "3 pages; at most 2" in reason("a.pdf", pdf("a", "b", "c"), limits=Limits(pages=2))


def test_a_scan_is_an_image_without_text():
    from fpdf import FPDF
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(picture, "PNG")
    made = FPDF()
    made.add_page()
    made.image(picture)
    assert "OCR" in reason("scan.pdf", bytes(made.output()))


@pytest.mark.parametrize("cut", [50, 400, 900])
def test_a_file_cut_short_never_raises(cut):
    load_bytes("a.pdf", pdf("Text on a page.")[:cut])
