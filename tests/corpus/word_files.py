"""Word files written by hand, in the forms in which the programs of this world write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_R = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_OTHERS = (
    f'xmlns:r="{_R}" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:o="urn:schemas-microsoft-com:office:office"'
)


def packaged(
    body: str, parts: Mapping[str, str] | None = None, *, main: str = "word/document.xml", strict: bool = False
) -> bytes:
    """A Word file with this body. `parts`: XML by the kind of relation ("footnotes", "header"), without its root's
    namespaces; a part `header1` is a header with the relation id `header1`."""
    word, relations = (STRICT, _STRICT_R) if strict else (TRANSITIONAL, _R)
    names = {kind: f"part{number}.xml" for number, kind in enumerate(parts or {})}
    listed = "".join(
        f'<Relationship Id="{kind}" Type="{relations}/{kind.rstrip("0123456789")}" Target="{name}"/>'
        for kind, name in names.items()
    )
    folder, _, last = main.rpartition("/")
    at = f"{folder}/" if folder else ""
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
        f'PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document'
        '.main+xml"/></Types>',
        "_rels/.rels": _relationships(f'<Relationship Id="r" Type="{relations}/officeDocument" Target="{main}"/>'),
        main: _rooted(f"<w:document><w:body>{body}</w:body></w:document>", word),
        f"{at}_rels/{last}.rels": _relationships(listed),
        **{f"{at}{names[kind]}": _rooted(text, word) for kind, text in (parts or {}).items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _relationships(listed: str) -> str:
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def _rooted(text: str, word: str) -> str:
    end = min(place for place in (text.find(">"), text.find(" "), text.find("/>")) if place > 0)
    return f'{text[:end]} xmlns:w="{word}" {_OTHERS}{text[end:]}'


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def paragraph(*inner: str, properties: str = "") -> str:
    """A paragraph of runs, or of plain text."""
    content = "".join(one if one.startswith("<") else run(one) for one in inner)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{content}</w:p>"


def table(*rows: list[str]) -> str:
    """A table; a cell is XML of a whole cell, of blocks, or plain text."""
    return f"<w:tbl>{''.join('<w:tr>' + ''.join(map(cell, row)) + '</w:tr>' for row in rows)}</w:tbl>"


def cell(content: str, properties: str = "") -> str:
    """A table cell."""
    if content.startswith("<w:tc>"):
        return content
    inner = content if content.startswith("<") else paragraph(content)
    return f"<w:tc>{f'<w:tcPr>{properties}</w:tcPr>' if properties else ''}{inner}</w:tc>"


def text_box(blocks: str) -> str:
    """A text box as new programs write it, with the form for old ones beside it."""
    return (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx><w:txbxContent>{blocks}"
        f"</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>{blocks}"
        f"</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def field(code: str, result: str) -> str:
    """A field of several runs: what it does, and what it shows."""

    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    instruction = f"<w:r><w:instrText>{code}</w:instrText></w:r>"
    return f"{mark('begin')}{instruction}{mark('separate')}{result}{mark('end')}"
