"""What was left out of files, or is in doubt: a table of the files, and one of the notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.corpus.source_files import file_of
from rag_core.schema.files import SourceFile
from rag_core.wording.file_notes import notes_summary
from rag_core.wording.numbers import count_of
from ui.panels import word_table

MOST_WHOLE = 200
"""Notes that are shown with every word; of more, a click on a cell shows it whole."""
_WIDE = {"Why": st.column_config.TextColumn(width=360), "Words": st.column_config.TextColumn(width=360)}


def files_table(collection: Collection) -> pd.DataFrame:
    """A row per file that documents came from."""
    names = {file.name for file in collection.files}
    counts = Counter(file_of(one, names) for one in collection.texts.document_ids())
    rows = [
        {
            "File": file.name,
            "Documents": counts[file.name],
            "Encoding": file.encoding,
            "Notes": notes_summary(file.notes),
        }
        for file in collection.files
    ]
    return pd.DataFrame(rows, columns=["File", "Documents", "Encoding", "Notes"])


def notes_table(files: Sequence[SourceFile]) -> pd.DataFrame:
    """A row per note of these files."""
    rows = [
        {"File": file.name, "Where": note.where, "What": note.kind, "Why": note.reason, "Words": note.text}
        for file in files
        for note in file.notes
    ]
    return pd.DataFrame(rows, columns=["File", "Where", "What", "Why", "Words"])


def show_notes(files: Sequence[SourceFile], key: str) -> None:
    """What was left out of these files or is in doubt, folded away; nothing where there is nothing to say."""
    said = notes_summary(note for file in files for note in file.notes)
    if said:
        with st.expander(f"Notes on the files: {said}", icon=":material/info:"):
            table = notes_table(files)
            if len(table) <= MOST_WHOLE:
                word_table.show(table)
            else:
                st.dataframe(table, hide_index=True, key=key, column_config=_WIDE)


def show_files(collection: Collection) -> None:
    """The files of a collection, folded away, and what is not in their text."""
    if not collection.files:
        return
    with st.expander(count_of(len(collection.files), "file"), icon=":material/draft:"):
        st.dataframe(files_table(collection), hide_index=True, key="files")
    show_notes(collection.files, "file_notes")
