"""The files of an upload as they will be read, before they are indexed: what is searched and what is left out."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.corpus.loading.columns import CsvColumns, guess_columns
from rag_core.corpus.loading.preview import FilePreview, columns_in_words, dates_in
from rag_core.corpus.loading.sandbox import parse_uploads, safe_label, unique_labels
from rag_core.corpus.readers.base import DEFAULT_LIMITS, Limits, Source, TableHead
from rag_core.corpus.readers.registry import preview as preview_of
from rag_core.errors import DocumentError
from rag_core.schema.files import SourceFile
from rag_core.wording.numbers import count_of
from ui.panels import file_notes, views

ROWS = 5
USUAL_DATE = "The usual field (updated, modified, date or published)"
MOST_FILES, MOST_BYTES = 5, 10 * 2**20
"""Other files than tables are read for a preview up to this many, and up to this size each."""


@dataclass
class Choices:
    """What was chosen for the files of an upload: the columns of tables, by the file's place, and which field holds the
    documents' date (None: the usual ones)."""

    columns: dict[int, CsvColumns] = field(default_factory=dict)
    date_field: str | None = None


def show(files: list[UploadedFile]) -> Choices:
    """A preview of each file, and what can be chosen for it."""
    chosen, dates, read = Choices(), dict[str, None](), 0
    names = [file.name for file in files]
    for given, label in renamed(names):
        st.info(views.markdown(f"Another file is called {given} too: the later one is indexed as {label}."))
    for place, (file, label) in enumerate(zip(files, unique_labels(names), strict=True)):
        table = _table(file.file_id, file)
        if table:
            chosen.columns[place] = _show_table(file, table, label)
            dates |= dict.fromkeys(dates_in(table))
        elif read < MOST_FILES and file.size <= MOST_BYTES:
            read += 1
            preview = _preview(file.file_id, file)
            dates |= dict.fromkeys(preview.dates)
            _show_file(preview, file.file_id, label)
        else:
            why = f"{MOST_FILES} files are previewed" if read >= MOST_FILES else "it is too large for a preview"
            st.caption(views.markdown(f"{label}: read when you index it; {why}."))
    if dates:
        chosen.date_field = st.selectbox(
            "Date of the documents",
            [None, *dates],
            key="date_field",
            format_func=lambda name: name or USUAL_DATE,
            help="Freshness, the filter “since” and answers go by this date. A document without this field has the "
            "usual one.",
        )
    return chosen


def renamed(names: list[str]) -> list[tuple[str, str]]:
    """The files that get a number since an earlier one has their name: the name, and what it becomes.

    >>> renamed(["a/notes.md", "b/notes.md"])
    [('notes.md', 'notes (2).md')]
    """
    firsts = [safe_label(name) for name in names]
    return [(first, label) for first, label in zip(firsts, unique_labels(names), strict=True) if first != label]


@st.cache_data(max_entries=200, show_spinner=False)
def _table(file_id: str, _file: UploadedFile) -> TableHead | None:  # noqa: ARG001 - the key
    """Columns and first rows as the parser will read them; None for no table, or where it will not read the file."""
    if _file.size > DEFAULT_LIMITS.file_mb * 2**20:
        return None
    source = Source(_file.name, _file.getvalue(), Limits(rows=100))
    try:
        return preview_of(source)
    except DocumentError:
        return None


@st.cache_data(max_entries=200, show_spinner="Reading the files for a preview")
def _preview(file_id: str, _file: UploadedFile) -> FilePreview:  # noqa: ARG001 - the key
    return FilePreview.of(parse_uploads([(_file.name, _file.getvalue())])[0])


def _show_table(file: UploadedFile, table: TableHead, label: str) -> CsvColumns:
    """The first rows, and which columns are text and title, as a person chooses them."""
    header, rows = table.columns, table.rows
    guess = guess_columns(header, rows)
    with st.container(border=True):
        st.markdown(f"**{views.markdown(label)}**{_encoding(table.encoding)}")
        first = [[*row, *[""] * (len(header) - len(row))][: len(header)] for row in rows[:ROWS]]
        st.dataframe(pd.DataFrame(first, columns=header), hide_index=True, key=f"rows_{file.file_id}")
        left, right = st.columns([2, 1])
        text = left.multiselect(
            "Searched as text",
            header,
            default=list(guess.text),
            key=f"text_{file.file_id}",
            help="Add a column here if people will ask about it. Several become one line each: “price_eur: 49”.",
        )
        title = right.selectbox(
            "Title",
            [None, *header],
            index=header.index(guess.title) + 1 if guess.title else 0,
            key=f"title_{file.file_id}",
        )
        columns = CsvColumns(text=tuple(text) or guess.text, title=title, id=guess.id)
        st.caption(views.markdown(columns_in_words(columns, header)))
        record = SourceFile(name=file.name, encoding=table.encoding, notes=table.notes)
        file_notes.show_notes([record], f"preview_notes_{file.file_id}")
    return columns


def _encoding(name: str) -> str:
    """How the file's bytes are read as text; "" for formats with no choice."""
    return f", read as {views.markdown(name)}" if name else ""


def _show_file(preview: FilePreview, key: str, label: str) -> None:
    """How many documents the file gives, how the first ones begin, and what is wrong with it or left out of it."""
    with st.container(border=True):
        told = count_of(preview.documents, "document")
        encoding = _encoding(preview.source.encoding if preview.source else "")
        st.markdown(f"**{views.markdown(label)}**: {told}{encoding}")
        for problem in preview.problems:
            st.warning(views.markdown(problem), icon=":material/warning:")
        for document in preview.first:
            st.caption(views.markdown(f"{document.title} · {document.characters:,} characters"))
            more = " …" if document.characters > len(document.begins) else ""
            st.html(f'<div class="sp-preview">{html.escape(document.begins)}{more}</div>')
        if preview.documents > len(preview.first):
            st.caption(f"and {preview.documents - len(preview.first):,} more")
        if preview.source:
            file_notes.show_notes([preview.source], f"preview_notes_{key}")
