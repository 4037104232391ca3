"""Word documents: paragraphs, lists and tables in their order; headings as `#` lines."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import Parsed, Record, Source

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_BULLETS = ("list bullet", "list number", "list paragraph")


def read_docx(source: Source) -> Parsed:
    """One document. Raises DocumentError for a file that is broken or would unzip to more than the limit."""
    _check_unzipped_size(source)
    import docx

    try:
        document = docx.Document(io.BytesIO(source.data))
        text = _text(document)
    except (MemoryError, RecursionError):
        raise
    except Exception as exc:
        raise source.error("Its contents are damaged, so Word's own format cannot be read. Save it again.") from exc
    return Parsed([Record(text, {"title": document.core_properties.title} if document.core_properties.title else {})])


def _check_unzipped_size(source: Source) -> None:
    """Refuse a zip bomb by the sizes it states; zipfile never unpacks more of a member than it states."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as exc:
        raise source.error("It is not a complete Word document; it may have been cut off. Save it again.") from exc
    limit = source.limits.unzipped_mb
    if sum(member.file_size for member in members) > limit * 2**20:
        raise source.error(f"It would unpack to more than {limit} MB, so it was not opened.")
    if not any(member.filename == "word/document.xml" for member in members):
        raise source.error("It is a zip archive without a Word document in it.")


def _text(document: WordDocument) -> str:
    """All blocks, an empty line between them; neighbouring list items stay together."""
    from docx.text.paragraph import Paragraph

    text, was_item = "", False
    for block in document.iter_inner_content():
        is_item = False
        if isinstance(block, Paragraph):
            line, is_item = _paragraph(block)
        else:
            line = _table(block)
        if line:
            text += ("\n" if is_item and was_item else "\n\n" if text else "") + line
            was_item = is_item
    return text


def _paragraph(paragraph: Paragraph) -> tuple[str, bool]:
    """The paragraph as Markdown, and whether it is a list item."""
    words = _visible(paragraph).strip()
    style = (paragraph.style.name or "").lower() if paragraph.style is not None else ""
    heading = _HEADING.match(style)
    if words and (heading or style == "title"):
        level = min(int(heading.group(1)), 6) if heading else 1
        return f"{'#' * max(level, 1)} {' '.join(words.split())}", False
    if words and style.startswith(_BULLETS):
        return f"- {words}", True
    return words, False


def _visible(paragraph: Paragraph) -> str:
    """The text of runs and links, without what is formatted as hidden."""
    from docx.text.run import Run

    runs = [run for part in paragraph.iter_inner_content() for run in ([part] if isinstance(part, Run) else part.runs)]
    return "".join(run.text for run in runs if not run.font.hidden)


def _table(table: Table) -> str:
    """A line per row, cells parted by ` | `; a merged cell stands once."""
    lines = []
    for row in table.rows:
        cells = {id(cell._tc): _cell(cell) for cell in row.cells}
        lines.append(" | ".join(cells.values()))
    return "\n".join(line for line in lines if line.strip(" |"))


def _cell(cell: _Cell) -> str:
    """The visible words of a cell, on one line."""
    return " ".join(" ".join(_visible(paragraph) for paragraph in cell.paragraphs).split())
