"""Which reader reads which ending, and the refusals that need no reader: unknown endings, wrong names, sizes."""

from __future__ import annotations

from pathlib import PurePosixPath

from rag_core.corpus.readers.base import Reader, Source
from rag_core.corpus.readers.html import read_html
from rag_core.corpus.readers.json_records import read_json, read_jsonl
from rag_core.corpus.readers.markdown import read_markdown
from rag_core.corpus.readers.pdf.reader import read_pdf
from rag_core.corpus.readers.sniff import HTML, PDF, WORD, looks_like
from rag_core.corpus.readers.table import read_table
from rag_core.corpus.readers.text import read_text
from rag_core.corpus.readers.word.reader import read_word

READERS_VERSION = 2
"""Raised whenever a file would give another text, so that documents that ship with the app are read again."""

READERS: dict[str, Reader] = {
    ".pdf": read_pdf,
    ".docx": read_word,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_text,
    ".text": read_text,
    ".csv": read_table,
    ".tsv": read_table,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}
"""The reader of each ending, in lower case."""

_EXPECTED: dict[str, str] = {".pdf": PDF, ".docx": WORD}
_MARKUP_IS_TEXT = (".md", ".markdown", ".txt", ".text", ".html", ".htm", ".xhtml")
_INSTEAD: dict[str, str] = {
    ".doc": "Save it as .docx.",
    ".odt": "Save it as .docx.",
    ".rtf": "Save it as .docx.",
    ".xlsx": "Save the sheet as CSV.",
    ".xls": "Save the sheet as CSV.",
    ".ods": "Save the sheet as CSV.",
    ".pptx": "Save it as PDF.",
    ".ppt": "Save it as PDF.",
    ".zip": "Unpack it and add the files in it.",
}


def reader_for(source: Source) -> Reader:
    """The reader for the file's ending. Raises DocumentError for no known one, an empty file, or one that lies."""
    ending = PurePosixPath(source.name).suffix.lower()
    kind = looks_like(source.data)
    if ending not in READERS:
        what = f"Files ending in {ending} cannot be read" if ending else "It has no ending, such as .pdf"
        hint = _INSTEAD.get(ending, f"Known endings: {', '.join(READERS)}.")
        raise source.error(f"{what}{f' (it looks like {kind})' if kind else ''}. {hint}")
    if not source.data.strip():
        raise source.error("It is empty.")
    if len(source.data) > source.limits.file_mb * 2**20:
        raise source.error(f"It is larger than {source.limits.file_mb} MB. Split it, or raise the limit.")
    if kind and kind != _EXPECTED.get(ending) and not (kind == HTML and ending in _MARKUP_IS_TEXT):
        raise source.error(f"It is called {ending} but looks like {kind}. Rename it, or save it again as {ending}.")
    return READERS[ending]
