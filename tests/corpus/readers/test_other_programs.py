"""What is easily read wrongly, in the forms in which word processors, spreadsheets and converters write it."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.shared import RGBColor

from rag_core.corpus.loading.load import load_bytes

HEAD, BODY = "<tr><th>Zone</th><th>Days</th></tr>", "<tr><td>North</td><td>12</td></tr>"
HEAD_ROWS = HEAD + BODY
TABLE = "| Zone | Days |\n| --- | --- |\n| North | 12 |"


def html(text: str) -> str:
    (document,) = load_bytes("a.html", text.encode()).documents
    return document.text


@pytest.mark.parametrize(
    "table",
    [
        f"<table><colgroup><col width='50%'/><col/></colgroup><thead>{HEAD}</thead>{BODY}</table>",
        f'<table width="665" cellpadding="4"><col width="327"/>\n\n<col width="327"/>\n\n{HEAD_ROWS}</table>',
        f"<table>\n<col width=64>\n<col width=64>\n<tbody>{HEAD_ROWS}</tbody>\n</table>",
        f"<table><colgroup><col style='width:1in'></colgroup>{HEAD_ROWS.replace('th>', 'td>')}</table>",
        f"<table>{HEAD_ROWS}</table>",
    ],
    ids=["pandoc", "LibreOffice", "spreadsheet", "mail program", "by hand"],
)
def test_the_first_row_of_a_table_names_its_columns(table: str) -> None:
    made = html(table)
    assert made in (TABLE, "|  |  |\n| --- | --- |\n| Zone | Days |\n| North | 12 |")
    assert "| --- | --- |" in made


@pytest.mark.parametrize(
    "note",
    [
        "<li id='fn1'><p>Forty euros.<a href='#fnref1' class='footnote-back' role='doc-backlink'>↩︎</a></p></li>",
        "<li id='fn:1'>Forty euros.&#160;<a href='#fnref:1' class='footnote-backref'>&#8617;</a></li>",
        "<li>Forty euros. <a href='#ref'>↑</a></li>",
    ],
    ids=["pandoc", "Python-Markdown", "a wiki"],
)
def test_a_note_does_not_end_with_the_sign_that_leads_back(note: str) -> None:
    assert html(f"<ol>{note}</ol>") == "1. Forty euros."


def in_the_run() -> bytes:
    document = Document()
    document.add_paragraph("Fees")
    document.add_paragraph().add_run("ghost").font.color.rgb = RGBColor(255, 255, 255)
    return saved(document)


def in_the_style() -> bytes:
    document = Document()
    document.add_paragraph("Fees")
    document.styles["Quote"].font.color.rgb = RGBColor(255, 255, 255)
    document.add_paragraph("ghost", style="Quote")
    return saved(document)


def in_a_cell() -> bytes:
    document = Document()
    document.add_paragraph("Fees")
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "Zone"
    table.cell(1, 1).paragraphs[0].add_run("ghost").font.color.rgb = RGBColor(255, 255, 255)
    return saved(document)


def saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("made", [in_the_run, in_the_style, in_a_cell])
def test_white_letters_of_a_word_file_are_named(made) -> None:
    loaded = load_bytes("a.docx", made())
    assert "ghost" not in loaded.documents[0].text
    assert "ghost" in [note.text for note in loaded.files[0].notes]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_as_spreadsheets_save_it(separator: str, encoding: str) -> None:
    text = separator.join(["Größe", "Beschreibung"]) + "\r\n" + separator.join(["XL", "Für große Häfen, je Stück 5"])
    if separator == ",":
        text = text.replace("Für große Häfen, je Stück 5", '"Für große Häfen, je Stück 5"')
    (document,) = load_bytes("a.csv", text.encode(encoding)).documents
    assert "Für große Häfen, je Stück 5" in document.text
    assert "XL" in f"{document.title} {document.text}"
