"""A run that was saved or recorded, opened from a file in the sidebar instead of asking."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.errors import BadInput
from rag_core.runs.opening import SUFFIXES, Opened, open_file
from rag_core.schema.trace import Trace
from ui.panels import views

REPLAYED = "The sidebar replays it, as far as it was recorded."
MOST_PROBLEMS = 3
"""Parts of an opened file that are named."""

CHOSEN = "trace_of_file"
OPENED = "opened_file"
"""Session key: the id of the upload, and what is in it."""


def trace_file(replays: bool = False) -> Trace | None:
    """The trace of a file that was opened, or None. A file that holds none says why.

    replays: whether the sidebar replays a recorded run on this page.
    """
    with st.sidebar.expander("Open a saved run", icon=":material/folder_open:"):
        file = st.file_uploader(
            "Run file",
            type=list(SUFFIXES),
            key="trace_file",
            max_upload_size=64,
            help="A run that you saved here, those of your own pipeline that `rag_core.record` wrote, an export of "
            "OpenTelemetry, Phoenix or Langfuse, or a table with a row per candidate.",
        )
        if file is None:
            st.session_state.pop(OPENED, None)
            return None
        try:
            opened = _opened(file)
        except BadInput as exc:
            st.error(views.markdown(str(exc)), icon=":material/error:")
            return None
        trace = _chosen(opened)
    say(trace, replays, "Remove the file in the sidebar to ask again.")
    return trace


def say(trace: Trace, replays: bool, leaving: str = "") -> None:
    """Which run is open, what the settings do with it, and how to leave it."""
    when = trace.measured_at.strftime("%Y-%m-%d %H:%M")
    project = views.markdown(trace.origin.project) if trace.origin else ""
    does = REPLAYED if replays and trace.origin else "The settings do not change it."
    what = f"“{views.markdown(trace.query)}”, a run of {project} of" if project else "a saved run of"
    st.info(f"This is {what} {when} UTC. {does} {leaving}".rstrip(), icon=":material/history:")


def peek() -> Trace | None:
    """The trace that `trace_file` will give, before the sidebar is drawn; None where it gives none."""
    file: UploadedFile | None = st.session_state.get("trace_file")
    if file is None:
        return None
    try:
        traces = _opened(file).traces
    except BadInput:
        return None
    chosen = st.session_state.get(CHOSEN)
    return traces[chosen if chosen is not None and chosen < len(traces) else _newest_first(traces)[0]]


def _newest_first(traces: Sequence[Trace]) -> list[int]:
    return sorted(range(len(traces)), key=lambda at: traces[at].measured_at, reverse=True)


def _opened(file: UploadedFile) -> Opened:
    """What is in the file, read once for each upload of a session."""
    known: tuple[str, Opened] | None = st.session_state.get(OPENED)
    if known is None or known[0] != file.file_id:
        known = (file.file_id, open_file(file.getvalue(), file.name))
        st.session_state[OPENED] = known
    return known[1]


def _chosen(opened: Opened) -> Trace:
    """The trace that the reader chose where the file has several, the newest at first; a note for what is left out."""
    for problem in opened.problems[:MOST_PROBLEMS]:
        st.warning(views.markdown(problem), icon=":material/warning:")
    if len(opened.problems) > MOST_PROBLEMS:
        st.caption(f"{len(opened.problems) - MOST_PROBLEMS} more parts cannot be read.")
    if len(opened.traces) == 1:
        return opened.traces[0]

    def called(at: int) -> str:
        return f"{opened.traces[at].measured_at:%Y-%m-%d %H:%M}  {opened.traces[at].query}"

    return opened.traces[st.selectbox("Run", _newest_first(opened.traces), format_func=called, key=CHOSEN)]
