"""A run that was saved or recorded, opened from a file in the sidebar instead of asking."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.errors import BadInput
from rag_core.runs.opening import SUFFIXES, Opened, open_file
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import told_apart
from ui import links
from ui.panels import views

REPLAYED = "The sidebar replays it, as far as it was recorded."
MOST_PROBLEMS = 3
"""Parts of an opened file that are named."""

OPENED = links.OPENED_FILE
CHOSEN, PLACE = "trace_of_file", "place_in_file"
"""Session keys of the choice between a file's runs: the control's, and the one that stays from page to page."""

UPLOADER, UPLOADERS = "trace_file", "trace_files"
"""Session keys: the control that takes a file, and how many of them were emptied by closing the run."""


def trace_file(replays: bool = False) -> Trace | None:
    """The trace of the file that is open, or None. A file that holds none says why.

    It stays open from page to page until `links.forget_run`, or until the reader removes the file.

    replays: whether the sidebar replays a recorded run on this page.
    """
    with st.sidebar.expander("Open a saved run", icon=":material/folder_open:"):
        st.file_uploader(
            "Run file",
            type=list(SUFFIXES),
            key=_uploader(),
            max_upload_size=64,
            on_change=_take,
            help="A run that you saved here, those of your own pipeline that `rag_core.record` wrote, an export of "
            "OpenTelemetry, Phoenix or Langfuse, or a table with a row per candidate.",
        )
        opened = _opened()
        if isinstance(opened, str):
            st.error(views.markdown(opened), icon=":material/error:")
        if not isinstance(opened, Opened):
            return None
        trace = _chosen(opened)
    say(trace, replays, "Close it to ask again.")
    return trace


def close_button() -> None:
    """The button that closes the run that is open, of a file or of a link."""
    st.button("Close this run", key="close_run", icon=":material/close:", on_click=close)


def close() -> None:
    """Close it. The control that took the file begins empty again."""
    links.forget_run()
    st.session_state[UPLOADERS] = st.session_state.get(UPLOADERS, 0) + 1


def say(trace: Trace, replays: bool, leaving: str = "") -> None:
    """Which run is open, what the settings do with it, and how to leave it."""
    when = trace.measured_at.strftime("%Y-%m-%d %H:%M")
    project = views.markdown(trace.origin.project) if trace.origin else ""
    does = REPLAYED if replays and trace.origin else "The settings do not change it."
    what = f"“{views.markdown(trace.query)}”, a run of {project} of" if project else "a saved run of"
    st.info(f"This is {what} {when} UTC. {does} {leaving}".rstrip(), icon=":material/history:")


def peek() -> Trace | None:
    """The trace that `trace_file` gives, before the sidebar is drawn and on every page; None where it gives none."""
    opened = _opened()
    return opened.traces[_place(opened)] if isinstance(opened, Opened) else None


def _uploader() -> str:
    """The key of the control: a new one once a run was closed, since nothing else empties it."""
    emptied = st.session_state.get(UPLOADERS, 0)
    return f"{UPLOADER}_{emptied}" if emptied else UPLOADER


def _take() -> None:
    """Open the file that was just chosen; close the run whose file was just removed."""
    file: UploadedFile | None = st.session_state.get(_uploader())
    if file is None:
        links.forget_run()
        return
    try:
        found: Opened | str = open_file(file.getvalue(), file.name)
    except BadInput as exc:
        found = str(exc)
    st.session_state[OPENED] = (file.file_id, found)
    if isinstance(found, Opened):
        st.session_state[PLACE] = st.session_state[CHOSEN] = _newest_first(found.traces)[0]


def _opened() -> Opened | str | None:
    """What is in the file that is open, or why it cannot be read."""
    known: tuple[str, Opened | str] | None = st.session_state.get(OPENED)
    return known[1] if known else None


def _place(opened: Opened) -> int:
    """Which of its traces is shown. On a change of page the control's own choice is gone."""
    if len(opened.traces) > 1 and CHOSEN in st.session_state:
        st.session_state[PLACE] = st.session_state[CHOSEN]
    return int(st.session_state[PLACE])


def _newest_first(traces: Sequence[Trace]) -> list[int]:
    return sorted(range(len(traces)), key=lambda at: traces[at].measured_at, reverse=True)


def _chosen(opened: Opened) -> Trace:
    """The trace that the reader chose where the file has several, the newest at first; a note for what is left out."""
    for problem in opened.problems[:MOST_PROBLEMS]:
        st.warning(views.markdown(problem), icon=":material/warning:")
    if len(opened.problems) > MOST_PROBLEMS:
        st.caption(f"{len(opened.problems) - MOST_PROBLEMS} more parts cannot be read.")
    if len(opened.traces) == 1:
        return opened.traces[0]

    called = told_apart(
        {at: f"{one.measured_at:%Y-%m-%d %H:%M}  {one.query}" for at, one in enumerate(opened.traces)},
        {at: f"run {at + 1} of the file" for at in range(len(opened.traces))},
    )
    st.session_state[CHOSEN] = _place(opened)
    return opened.traces[st.selectbox("Run", _newest_first(opened.traces), format_func=called.__getitem__, key=CHOSEN)]
