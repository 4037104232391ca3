"""What people asked a recorded pipeline, as questions to compare or to label."""

from __future__ import annotations

import streamlit as st

from rag_core.runs.store.overview import RunFilter, note_counts, queries_of
from rag_core.wording.run_list import check_label
from ui import caches
from ui.panels import chosen_runs, run_selection

AT_FIRST, MOST = 20, 500


def choose() -> list[str]:
    """The queries of the runs that are selected on the Runs page, or the newest ones."""
    selected = run_selection.runs()
    if not selected:
        return _newest()
    mine = f"Selected on Runs ({len(selected)})"
    options = [mine, chosen_runs.NEWEST]
    which = st.segmented_control("Which runs", options, default=mine, required=True, key=f"recorded_{mine}")
    return [one.query for one in selected] if which == mine else _newest()


def _newest() -> list[str]:
    """The newest different queries of a project, or of runs in which a check found something."""
    names = [one.name for one in caches.run_book().projects()]
    codes = sorted(note_counts(caches.store(), RunFilter()), key=check_label)
    with st.container(horizontal=True):
        project = st.selectbox("Project", names, index=None, key="recorded_project", placeholder="All")
        code = st.selectbox(
            "Check", codes, index=None, key="recorded_check", placeholder="All", format_func=check_label
        )
        most = st.number_input("Newest questions", 1, MOST, AT_FIRST, 1, key="recorded_number")
    return queries_of(caches.store(), RunFilter(project=project, note=code or ""), int(most))
