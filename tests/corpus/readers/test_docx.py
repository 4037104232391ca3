import io
import zipfile

from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits
from tests.corpus.files import pdf, saved, word, zip_of


def reason(name, data, **options):
    (problem,) = load_bytes(name, data, **options).problems
    return problem.reason


def test_blocks_come_in_their_order():
    made = word()
    made.add_heading("Refunds", 1)
    made.add_paragraph("Within 14 days.")
    made.add_paragraph("cash", style="List Bullet")
    made.add_paragraph("card", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for cell, words in zip(
        (cell for row in table.rows for cell in row.cells), ["Plan", "Days", "Team", "30"], strict=True
    ):
        cell.text = words
    made.add_heading("Exceptions", 2)
    (document,) = load_bytes("a.docx", saved(made)).documents
    assert document.text == (
        "# Refunds\n\nWithin 14 days.\n\n- cash\n- card\n\n"
        "| Plan | Days |\n| --- | --- |\n| Team | 30 |\n\n## Exceptions"
    )
    assert document.title == "Refunds"


def test_merged_cells_stand_in_each_column_and_hidden_text_not_at_all():
    made = word()
    table = made.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "both"
    table.cell(0, 2).text = "one"
    table.cell(0, 2).paragraphs[0].add_run(" and unseen").font.hidden = True
    made.add_paragraph("seen ").add_run("unseen").font.hidden = True
    (document,) = load_bytes("a.docx", saved(made)).documents
    assert document.text == "| both | both | one |\n\nseen"


def test_the_documents_own_title():
    made = word()
    made.core_properties.title = "Terms of 2026"
    made.add_paragraph("Text.")
    (document,) = load_bytes("a.docx", saved(made)).documents
    assert document.title == "Terms of 2026"


def test_a_zip_bomb_is_not_opened():
    bomb = zip_of(word__document=b" " * 3 * 2**20)
    assert len(bomb) < 2**14
    assert "more than 2 MB" in reason("bomb.docx", bomb, limits=Limits(unzipped_mb=2))


def test_refusals():
    assert "looks like a zip archive" in reason("a.docx", zip_of(other=b"x"))
    assert "without a Word document" in reason("a.docx", zip_of(word__other=b"x"))
    assert "damaged" in reason("a.docx", zip_of(word__document=b"<not xml"))
    assert "complete Word document" in reason("a.docx", b"just text")
    assert "looks like a PDF" in reason("a.docx", pdf("Text."))
    assert "empty" in reason("a.docx", saved(word()))


def test_a_file_with_damaged_bytes_never_raises():
    made = word()
    for number in range(200):
        made.add_paragraph(f"Paragraph {number} of the handbook has words of its own: {number * 7919}.")
    data = saved(made)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        begins = archive.getinfo("word/document.xml").header_offset + 80
    for place in range(begins, begins + 400, 4):
        broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        loaded = load_bytes("a.docx", broken)
        assert loaded.documents or "damaged" in loaded.problems[0].reason
