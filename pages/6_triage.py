"""Triage: at which step was the right document lost, what would have kept it, and did the fix hold?"""

from __future__ import annotations

import streamlit as st

from ui.panels import (
    case_files,
    case_list,
    case_view,
    sentence_attribution,
    to_triage,
    triage,
    tried_fix,
    views,
    what_if,
)
from ui.sidebar import state
from ui.sidebar.state import SidebarState

FIND, CASES = triage.FIND, triage.CASES


def main() -> None:
    """The diagnosis of one question, or the saved cases."""
    state.page("Triage")
    to_triage.arrive()
    choice = state.sidebar()
    if case_list.linked() and "view" not in st.session_state:
        st.session_state["view"] = CASES
    view = st.segmented_control(
        "View",
        [FIND, CASES],
        default=FIND,
        key="view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    with views.guard():
        VIEWS[view or FIND](choice)


def find(choice: SidebarState) -> None:
    """A question and the document that should have answered it: the verdict and everything it rests on."""
    case_list.forget_link()
    asked = triage.form(choice)
    if asked is None:
        triage.welcome()
        return
    found = triage.examine(choice, asked)
    tried_fix.say(found)
    triage.verdict(found)
    what_if.show(found)
    triage.evidence(found)
    sentence_attribution.show(found)
    case_view.save(choice, found)


def cases(choice: SidebarState) -> None:
    """The list, what is done with all of it, and the case that was opened."""
    case_list.runner(choice)
    chosen = case_list.table()
    if chosen:
        case_view.show(choice, chosen)
    case_files.exchange()


VIEWS = {FIND: find, CASES: cases}

main()
