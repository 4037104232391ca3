"""The recorded run that a link names: `?run=project/id`. It stays on the page until it is closed.

A run that is not in the list (any more) is opened from a case that keeps it, or from the file that this session opened.
A run that is open from a file comes before the link's, on every page.
"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from rag_core.errors import BadInput, SecondPassError
from rag_core.runs.as_run import run_of_trace
from rag_core.runs.as_trace import trace_of
from rag_core.schema.trace import Trace
from rag_core.triage.project_cases import run_in_cases
from rag_core.wording.run_list import feedback_text
from ui import caches, links, visitors
from ui.navigation import FOLDER
from ui.panels import saved_run, views

INSPECT, TRIAGE, LATENCY, COMPARE = "1_inspect.py", "6_triage.py", "3_latency.py", "4_compare.py"
SHOWN_ON = {
    INSPECT: ("Inspect", ":material/manage_search:"),
    TRIAGE: ("Triage", ":material/troubleshoot:"),
    COMPARE: ("Compare", ":material/compare_arrows:"),
    LATENCY: ("Latency", ":material/timer:"),
}
"""The pages that work on an open run, with the label and the icon of the button that leads there."""

PENDING = "open_run"
"""Session key: the page and the parameters of the run that a page sends there."""

FROM_FILE = "runs_of_file"
"""Session key: the runs of opened files that were sent to another page, and of live retrievers, by `project/id`."""

KEPT = 30
"""Such runs that a session keeps: those that were held last."""


def send(project: str, run_id: str, page: str = INSPECT, document: str = "") -> None:
    """Open this run on a page with the next run of the script, in place of one that was opened from a file.

    document: the one that should have answered.
    """
    st.session_state.pop(links.OPENED_FILE, None)
    _send(project, run_id, page, document)


def _send(project: str, run_id: str, page: str, document: str) -> None:
    params = {links.RUN: f"{project}/{run_id}"} | ({links.EXPECTED: document} if document else {})
    st.session_state[PENDING] = (page, params)


def send_trace(trace: Trace, page: str, document: str = "") -> None:
    """The same for the run that is open, also where it is of a file: this session then finds it by its link."""
    assert trace.origin is not None
    if of_file := _of_file():
        hold(of_file)  # which stays open
    _send(trace.origin.project, trace.origin.run_id, page, document)


def elsewhere(trace: Trace, here: str) -> None:
    """A button for each other page that shows an open run; at the end one that closes it."""
    with st.container(horizontal=True):
        for page, (label, icon) in SHOWN_ON.items():
            if page != here and st.button(label, key=f"run_on_{label.lower()}", icon=icon):
                send_trace(trace, page)
                st.rerun()
        saved_run.close_button()


def name_of(trace: Trace) -> str:
    """`project/id`, as a link names the run."""
    assert trace.origin is not None
    return f"{trace.origin.project}/{trace.origin.run_id}"


def hold(trace: Trace) -> None:
    """Have this session find a run by its link that is in no list: of a file, or of a live retriever."""
    held: dict[str, Trace] = st.session_state.setdefault(FROM_FILE, {})
    named = name_of(trace)
    held.pop(named, None)
    held[named] = trace
    for oldest in list(held)[:-KEPT]:
        del held[oldest]


def show_here(named: str, document: str = "", quote: str = "") -> None:
    """Open `project/id` on the page that is shown. For callbacks. document: the one that should have answered, with
    the words that do."""
    st.session_state.pop(links.OPENED_FILE, None)
    for name, value in zip(links.OF_RUN, (named, document, quote), strict=True):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def leave() -> None:
    """Go where a run was sent. Call it before the controls are drawn."""
    if PENDING in st.session_state:
        page, params = st.session_state.pop(PENDING)
        st.switch_page(FOLDER / page, query_params=params)


def peek() -> Trace | None:
    """The trace that `opened` will give, before the sidebar is drawn; None where it gives none."""
    if of_file := _of_file():
        return of_file
    named = st.query_params.get(links.RUN, "")
    with suppress(SecondPassError):
        return _trace(named) if named else None
    return None


def opened(replays: bool = False, peeked: Trace | None = None, here: str = "") -> Trace | None:
    """The trace of the run that is open from a file or that the link names, or None; what is wrong with it is said.

    replays: whether the sidebar replays it on this page. peeked: what `peek` gave, so that it is not read again.
    here: the page's file; where it is given, buttons lead to the other pages that show the run.
    """
    named = st.query_params.get(links.RUN, "")
    if not named and not _of_file():
        return None
    try:
        trace = _of_file() or peeked or _trace(named)
    except SecondPassError as exc:
        st.error(views.markdown(f"The run of this link cannot be opened. {exc}"), icon=":material/link_off:")
        saved_run.close_button()
        return None
    saved_run.say(trace, replays)
    _say_feedback(trace)
    if here:
        elsewhere(trace, here)
    else:
        saved_run.close_button()
    return trace


def _say_feedback(trace: Trace) -> None:
    """What people or graders said of the answer, where the run is in the list."""
    of_file = _of_file() or st.query_params.get(links.RUN, "") in st.session_state.get(FROM_FILE, {})
    origin = None if of_file or visitors.why_no_runs() else trace.origin
    rows = caches.run_book().find_these([(origin.project, origin.run_id)]).found if origin else ()
    if rows and rows[0].feedback:
        st.caption(views.markdown(f"Feedback on the answer: {feedback_text(rows[0].feedback)}"))


def _of_file() -> Trace | None:
    """The run that is open from a file, as it was recorded: every page shows it, before that of the link."""
    trace = saved_run.peek()
    return as_recorded(trace) if trace else None


def as_recorded(trace: Trace) -> Trace:
    """The run as a recorded one, also where it is of Second Pass itself."""
    return trace if trace.origin else trace_of(run_of_trace(trace))


def _trace(named: str) -> Trace:
    """The trace of `project/id`. Raises a SecondPassError in words where it may not be seen or is not there."""
    of_file: Trace | None = st.session_state.get(FROM_FILE, {}).get(named)
    if of_file is not None:
        return of_file
    if refused := visitors.why_no_runs():
        raise BadInput(refused)
    project, _, run_id = named.rpartition("/")
    try:
        return trace_of(caches.run_book().get(project, run_id))
    except BadInput:
        if kept := run_in_cases(caches.store(), project, run_id):
            return kept
        raise
