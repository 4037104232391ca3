"""The session's runs: the newest traces that its pages made, and saved traces that were opened beside them."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.errors import BadTrace
from rag_core.schema.trace import Trace
from ui.panels import views

NEWEST = 50
KEY = "runs"
OPENED = "opened_runs"
"""Session key: what each uploaded file holds, read once."""


def remember(trace: Trace) -> None:
    """Keep this run. Replays of one measurement are one run: the last of them stands for it."""
    runs: dict[tuple[object, ...], Trace] = st.session_state.setdefault(KEY, {})
    identity = _identity(trace)
    runs.pop(identity, None)
    runs[identity] = trace
    while len(runs) > NEWEST:
        del runs[next(iter(runs))]


def runs() -> list[Trace]:
    """The session's runs, newest last."""
    return list(st.session_state.get(KEY, {}).values())


def _identity(trace: Trace) -> tuple[object, ...]:
    timed = "estimated" if trace.took.estimated else (trace.rerank.pairs_timed, trace.rerank.pairs_cached)
    return (trace.query, trace.collection.fingerprint, trace.measured_at, trace.policy.reranker, timed)


def opened() -> list[Trace]:
    """Saved traces from files, drawn as an uploader. A file that is no trace says why; the others count."""
    files = st.file_uploader(
        "Add saved runs (JSON)", type=["json"], accept_multiple_files=True, key="saved_runs", max_upload_size=64
    )
    known: dict[str, Trace | str] = st.session_state.get(OPENED, {})
    st.session_state[OPENED] = known = {file.file_id: known.get(file.file_id) or _read(file) for file in files}
    for file in files:
        if isinstance(problem := known[file.file_id], str):
            st.error(views.markdown(f"{file.name}: {problem}"), icon=":material/error:")
    return [trace for trace in known.values() if isinstance(trace, Trace)]


def _read(file: UploadedFile) -> Trace | str:
    """The trace in it, or why there is none."""
    try:
        return Trace.read(file.getvalue())
    except BadTrace as exc:
        return str(exc)
