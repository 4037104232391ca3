"""Triage: at which step was the right document lost, what would have kept it, and did the fix hold?"""

from __future__ import annotations

import streamlit as st

from rag_core.runs.live import LiveRetriever
from rag_core.schema.trace import Trace
from ui.panels import (
    case_files,
    case_list,
    case_reruns,
    case_save,
    case_view,
    linked_run,
    live_run,
    run_triage,
    sentence_attribution,
    to_triage,
    triage,
    tried_fix,
    views,
    what_if,
)
from ui.sidebar import link_values, recorded, state
from ui.sidebar.state import SidebarState

FIND, CASES = triage.FIND, triage.CASES
PURPOSE = "See whether your retriever finds the right document, and what outranks it."  # a live one


def main() -> None:
    """The diagnosis of one question or of a recorded run, or the saved cases."""
    state.page("Triage")
    linked_run.leave()
    to_triage.arrive()
    if case_list.linked() and "view" not in st.session_state:
        st.session_state["view"] = CASES
    link_values.choice("view", "View", [FIND, CASES], by_page=True)
    view = st.segmented_control(
        "View",
        [FIND, CASES],
        default=FIND,
        key="view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    link_values.show("view")
    run = linked_run.peek() if view != CASES else None
    if run and run.origin:
        of_run(run)
        return
    if view != CASES and (retriever := live_run.chosen(run)):
        of_retriever(retriever)
        return
    choice = state.sidebar()
    with views.guard():
        VIEWS[view or FIND](choice)


def of_run(run: Trace) -> None:
    """The recorded run that the link names: what lost the document, and what of the record would have kept it."""
    case_list.forget_link()
    change = recorded.choose(run)
    linked_run.opened(replays=True, peeked=run, here=linked_run.TRIAGE)
    with views.guard():
        st.markdown(f"**Question** {views.markdown(run.query)}")
        run_triage.page(run, change)


def of_retriever(retriever: LiveRetriever) -> None:
    """A question that a live retriever is asked, and the document that should have answered it."""
    case_list.forget_link()
    with views.guard():
        if trace := live_run.asked(retriever, PURPOSE):
            run_triage.page(trace, recorded.choose(trace))


def find(choice: SidebarState) -> None:
    """A question and the document that should have answered it: the verdict and everything it rests on."""
    case_list.forget_link()
    linked_run.opened()
    asked = triage.form(choice)
    if asked is None:
        triage.welcome()
        return
    found = triage.examine(choice, asked)
    tried_fix.say(found)
    triage.verdict(found)
    what_if.show(found)
    triage.evidence(found.diagnosis)
    sentence_attribution.show(found)
    case_save.of_question(choice, found)


def cases(choice: SidebarState) -> None:
    """The list, what is done with all of it, and the case that was opened."""
    case_reruns.runner(choice)
    chosen = case_list.table()
    if chosen:
        case_view.show(choice, chosen)
    case_files.exchange()


VIEWS = {FIND: find, CASES: cases}

main()
