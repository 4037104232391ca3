"""From a wrong answer to Triage: the question, the settings and the document that should have answered go along."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st
from streamlit.errors import StreamlitAPIException

from rag_core.schema.trace import Trace
from rag_core.wording.numbers import title_of
from ui.navigation import FOLDER
from ui.panels import linked_run, triage, views
from ui.sidebar import filtering, indexes, searched
from ui.sidebar.apply_policy import adopt

PENDING = "to_triage"
"""Session key: what another page sends."""


@dataclass(frozen=True)
class Filled:
    """A run to triage, and the document that should have answered. collection: which is asked; empty: the run's own."""

    trace: Trace
    document: str
    quote: str = ""
    collection: str = ""


def ask(trace: Trace, passage_id: str) -> None:
    """Two buttons under a passage: it, or a document that is not shown here, should have answered."""
    passage = trace.passages[passage_id]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Wrong answer?", width="content")
        if st.button(
            f"“{views.markdown(title_of(passage))}” should have answered",
            key="should_have",
            icon=":material/troubleshoot:",
        ):
            go(trace, passage.document_id)
        if st.button("Another document should have", key="another_should_have", type="tertiary"):
            go(trace, "")


def go(trace: Trace, document: str) -> None:
    """Send the question, its settings and the document, empty for none, to Triage; of a recorded run, the run."""
    if trace.origin:
        linked_run.send_trace(trace, linked_run.TRIAGE, document)
    else:
        st.session_state[PENDING] = Filled(trace, document)
    st.rerun()  # of the whole page: a part that is drawn alone cannot leave it


def leave() -> None:
    """Go to Triage where something was sent there. Call it before the controls are drawn."""
    if PENDING in st.session_state:
        # Without it Streamlit refuses to leave a page whose controls are bound to the address.
        st.switch_page(FOLDER / "6_triage.py", query_params={})


def arrive() -> None:
    """Fill the form with what another page has sent here. Call it before the controls are drawn."""
    if filled := st.session_state.pop(PENDING, None):
        with views.guard():  # of a saved run whose collection is not here
            fill(filled)


def fill(filled: Filled) -> None:
    """The run's question, document and settings into the form and the sidebar, before they are drawn. Raises
    CollectionError, before anything is filled, where its collection is not here."""
    collection = filled.collection or indexes.name_of(filled.trace.collection)
    st.session_state.pop(triage.TAKEN, None)
    st.session_state.update(
        q=filled.trace.query, doc=filled.document or None, unlisted="", quote=filled.quote, view=triage.FIND
    )
    with suppress(StreamlitAPIException):  # a field that is drawn already: Streamlit writes its address
        st.query_params["q"] = filled.trace.query
    searched.go_to_collection(collection)
    adopt(filled.trace.policy)
    filtering.put(filled.trace.where)
