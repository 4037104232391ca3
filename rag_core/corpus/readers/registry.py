"""Every format that can be read, a row each, and the refusals that need no reader: unknown endings, wrong names, sizes.

A new format is a module with its reader, and a row here: the app's uploads and the command line take it from this list.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from rag_core.corpus.readers.base import Format, Reader, Source, TableHead
from rag_core.corpus.readers.html import read_html
from rag_core.corpus.readers.json_records import read_json, read_json_head, read_jsonl, read_jsonl_head
from rag_core.corpus.readers.mail.mailbox import read_mailbox
from rag_core.corpus.readers.mail.reader import read_mail
from rag_core.corpus.readers.markdown import read_markdown
from rag_core.corpus.readers.pdf.reader import read_pdf
from rag_core.corpus.readers.sniff import HTML, PDF, WORD, looks_like
from rag_core.corpus.readers.table import read_header, read_table
from rag_core.corpus.readers.text import read_text
from rag_core.corpus.readers.word.reader import read_word

READERS_VERSION = 10
"""Raised whenever a file would give another text, so that documents that ship with the app are read again."""

FORMATS: tuple[Format, ...] = (
    Format("PDF", (".pdf",), read_pdf, looks_like=(PDF,)),
    Format("Word", (".docx", ".docm", ".dotx", ".dotm"), read_word, looks_like=(WORD,)),
    Format("HTML", (".html", ".htm", ".xhtml"), read_html, looks_like=(HTML,)),
    Format("mail", (".eml",), read_mail),
    Format("mailbox", (".mbox",), read_mailbox),
    Format("Markdown", (".md", ".markdown"), read_markdown, looks_like=(HTML,)),
    Format("text", (".txt", ".text"), read_text, looks_like=(HTML,)),
    Format("CSV", (".csv", ".tsv"), read_table, preview=read_header),
    Format("JSON", (".json",), read_json, preview=read_json_head),
    Format("JSON Lines", (".jsonl", ".ndjson"), read_jsonl, preview=read_jsonl_head),
)

_BY_ENDING = {ending: row for row in FORMATS for ending in row.endings}
_INSTEAD: dict[str, str] = {
    ".doc": "Save it as .docx.",
    ".odt": "Save it as .docx.",
    ".rtf": "Save it as .docx.",
    ".xlsx": "Save the sheet as CSV.",
    ".xls": "Save the sheet as CSV.",
    ".ods": "Save the sheet as CSV.",
    ".pptx": "Save it as PDF.",
    ".ppt": "Save it as PDF.",
    ".msg": "Save the message as .eml.",
    ".mht": "Save the page as .html.",
    ".mhtml": "Save the page as .html.",
    ".zip": "Unpack it and add the files in it.",
}


def endings() -> list[str]:
    """Every ending that can be read, with its dot."""
    return list(_BY_ENDING)


def format_names(formats: Sequence[Format] = FORMATS) -> str:
    """`PDF, Word, HTML, ... and JSON Lines`."""
    names = [row.name for row in formats]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def format_of(source: Source) -> Format:
    """The format by the file's ending. Raises DocumentError for no known one, an empty file, or one that lies."""
    ending = PurePosixPath(source.name).suffix.lower()
    kind = looks_like(source.data)
    row = _BY_ENDING.get(ending)
    if row is None:
        what = f"Files ending in {ending} cannot be read" if ending else "It has no ending, such as .pdf"
        hint = _INSTEAD.get(ending, f"Known endings: {', '.join(_BY_ENDING)}.")
        raise source.error(f"{what}{f' (it looks like {kind})' if kind else ''}. {hint}")
    if not source.data.strip():
        raise source.error("It is empty.")
    if len(source.data) > source.limits.file_mb * 2**20:
        raise source.error(f"It is larger than {source.limits.file_mb} MB. Split it, or raise the limit.")
    if kind and kind not in row.looks_like:
        raise source.error(f"It is called {ending} but looks like {kind}. Rename it, or save it again as {ending}.")
    return row


def reader_for(source: Source) -> Reader:
    """The reader for the file's ending. Raises DocumentError as `format_of` does."""
    return format_of(source).read


def preview(source: Source) -> TableHead | None:
    """The columns and first rows of a file that is a table; None for other formats. Raises DocumentError for a file
    that cannot be read."""
    row = format_of(source)
    return row.preview(source) if row.preview else None
