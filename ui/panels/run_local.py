"""The runs that `rag_core.record` has written to the data folder, where it puts them by default, offered for import."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import OpenedRuns, Source
from rag_core.runs.recorder.delivery import FILE_NAME
from rag_core.wording.numbers import verb
from rag_core.wording.run_list import local_sentence
from ui import caches, visitors
from ui.panels import run_import, views


def offer() -> None:
    """How many runs of the file are not in the list yet, and the button that imports it; nothing where none is new."""
    path = caches.settings().data_dir / FILE_NAME
    if visitors.why_runs_stay() or not path.exists():
        return
    at = path.stat()
    if at.st_size > run_import.MOST_MB * 10**6:
        st.caption(views.markdown(f"{path} is larger than {run_import.MOST_MB} MB. Send its runs to a collector."))
        return
    opened = _opened(str(path), at.st_mtime_ns, at.st_size)
    new = len({(run.project, run.id) for run in opened.runs}) - caches.run_book().known(opened.runs)
    if not new:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(views.markdown(local_sentence(new, str(path))))
        if st.button(f"Import {verb(new, 'it', 'them')}", key="run_local", icon=":material/upload:"):
            run_import.keep(opened)
            st.rerun()


@st.cache_data(max_entries=2, show_spinner="Reading the recorded runs")
def _opened(path: str, modified: int, size: int) -> OpenedRuns:  # noqa: ARG001 - a changed file is read anew
    """The runs of the file; none where it holds nothing that can be read yet, with what is wrong."""
    data = Path(path).read_bytes()
    return open_source(Source(FILE_NAME, data)) if data.strip() else OpenedRuns(runs=(), problems=())
