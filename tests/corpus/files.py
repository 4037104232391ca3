"""Files of every format, made in memory."""

from __future__ import annotations

import io
import zipfile

import docx
from docx.document import Document as WordDocument
from fpdf import FPDF
from fpdf.enums import AccessPermission


def pdf(*pages: str, heading: str = "", password: str = "", footer: str = "", title: str = "") -> bytes:
    """A PDF with a page per text; the first page starts with the heading in larger bold type."""
    made = FPDF()
    if title:
        made.set_title(title)
    for number, text in enumerate(pages, start=1):
        made.add_page()
        if heading and number == 1:
            made.set_font("helvetica", "B", 16)
            made.cell(0, 10, heading, new_x="LMARGIN", new_y="NEXT")
        made.set_font("helvetica", size=10)
        made.multi_cell(90, 5, text, new_x="LMARGIN", new_y="NEXT")
        if footer:
            made.cell(0, 10, f"{footer} {number}", new_x="LMARGIN", new_y="NEXT")
    if password:
        made.set_encryption(owner_password=password, user_password=password, permissions=AccessPermission.none())
    return bytes(made.output())


def word() -> WordDocument:
    """An empty Word document."""
    return docx.Document()


def saved(document: WordDocument) -> bytes:
    """The document's bytes."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zip_of(**members: bytes) -> bytes:
    """A zip archive; `word__document` becomes the member `word/document.xml`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/") + ".xml", data)
    return buffer.getvalue()
