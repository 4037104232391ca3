"""Case files: all cases out as one file, cases of a file into the list."""

from __future__ import annotations

import tempfile
from io import RawIOBase

import streamlit as st

from rag_core.triage import ImportResult, export_lines, import_cases
from rag_core.triage.exchange import MAX_BYTES
from ui import caches
from ui.panels import case_list, views


def exchange() -> None:
    """All cases as one file; cases of a file into the list."""
    with st.expander("Export and import", icon=":material/swap_vert:"):
        st.download_button(
            "Export all cases (JSONL)",
            export_file,
            "cases.jsonl",
            "application/jsonl",
            key="export_cases",
            icon=":material/download:",
            on_click="ignore",
        )
        largest = MAX_BYTES // 2**20
        file = st.file_uploader("Import a case file", type=["jsonl"], key="import_cases", max_upload_size=largest)
        if file is not None and st.button("Import", key="import_button", icon=":material/upload:"):
            with views.guard():
                _say_imported(import_cases(caches.case_book(), file))


def export_file() -> RawIOBase:
    """All cases that can be read, a line each, in a file: they are never in memory together."""
    book = caches.case_book()
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - whoever serves the download closes it
    file.writelines(
        line.encode() for line in export_lines(book.get(row.id) for row in book.find().found if case_list.shown(row))
    )
    file.seek(0)
    return file


def _say_imported(done: ImportResult) -> None:
    st.success(f"{done.added} imported, {done.known} already here.")
    for problem in done.problems:
        st.error(views.markdown(problem))
    if done.bad > len(done.problems):
        st.error(f"{done.bad - len(done.problems):,} more lines are no cases.")
