"""Runs: the recorded queries of your pipelines, which of them are suspicious, and how long they took."""

from __future__ import annotations

import streamlit as st

from ui import caches, visitors
from ui.panels import linked_run, run_housekeeping, run_import, run_list, run_local, run_sources, views
from ui.sidebar import state


def main() -> None:
    """The list, or how to get runs where there are none."""
    state.page("Runs")
    linked_run.leave()
    with views.guard():
        if refused := visitors.why_no_runs():
            st.info(refused, icon=":material/lock:")
            return
        running = run_sources.collector()
        with st.container():  # always there: without it, what is open below would close when the notes go
            run_import.say_imported()
            run_housekeeping.say_deleted()
        caches.trim_runs()
        with views.guard():
            run_local.offer()
        projects = caches.run_book().projects()
        if projects:
            run_list.show(projects)
        else:
            run_sources.welcome(running)
        run_import.show(open_at_first=not projects)
        run_housekeeping.show(projects)


main()
