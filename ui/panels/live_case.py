"""A case of a live retriever's run: the button that asks the retriever again."""

from __future__ import annotations

import streamlit as st

from rag_core.triage import Case, ask_again
from ui import caches
from ui.panels import views
from ui.sidebar import retrievers


def button(case: Case) -> None:
    """Ask the retriever by whose name the run is known, where this session can, and keep what became of the case."""
    retriever = retrievers.offered().get(case.trace.origin.project) if case.trace.origin else None
    if retriever is None:
        return
    told = "Asks the question now, and looks for the document in what comes back."
    if st.button(f"Ask {views.label(retriever.name)} again", key="ask_case", icon=":material/bolt:", help=told):
        with views.guard(), st.spinner(f"Asking {views.markdown(retriever.name)}"):
            caches.case_book().add_rerun(ask_again(case, retriever))
        st.rerun()
