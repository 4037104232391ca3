"""The recorded run that a link names: `?run=project/id`. It stays on the page until it is closed."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from rag_core.errors import BadInput, SecondPassError
from rag_core.runs.as_trace import trace_of
from rag_core.schema.trace import Trace
from ui import caches, links, visitors
from ui.navigation import FOLDER
from ui.panels import saved_run, views

PENDING = "open_run"
"""Session key: the run that a page sends to Inspect."""


def send(project: str, run_id: str) -> None:
    """Open this run on Inspect with the next run of the script."""
    st.session_state[PENDING] = f"{project}/{run_id}"


def leave() -> None:
    """Go to Inspect where a run was sent there. Call it before the controls are drawn."""
    if PENDING in st.session_state:
        st.switch_page(FOLDER / "1_inspect.py", query_params={links.RUN: st.session_state.pop(PENDING)})


def peek() -> Trace | None:
    """The trace that `opened` will give, before the sidebar is drawn; None where it gives none."""
    named = st.query_params.get(links.RUN, "")
    with suppress(SecondPassError):
        return _trace(named) if named else None
    return None


def opened(replays: bool = False, peeked: Trace | None = None) -> Trace | None:
    """The trace of the run that the link names, or None; what is wrong with it is said.

    replays: whether the sidebar replays it on this page. peeked: what `peek` gave, so that it is not read again.
    """
    named = st.query_params.get(links.RUN, "")
    if not named:
        return None
    try:
        trace = peeked or _trace(named)
    except SecondPassError as exc:
        st.error(views.markdown(f"The run of this link cannot be opened. {exc}"), icon=":material/link_off:")
        _close()
        return None
    saved_run.say(trace, replays)
    _close()
    return trace


def _close() -> None:
    st.button("Close this run", key="close_run", icon=":material/close:", on_click=links.forget_run)


def _trace(named: str) -> Trace:
    """The trace of `project/id`. Raises a SecondPassError in words where it may not be seen or is not there."""
    if refused := visitors.why_no_runs():
        raise BadInput(refused)
    project, _, run_id = named.rpartition("/")
    return trace_of(caches.run_book().get(project, run_id))
