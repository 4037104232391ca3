"""What the collection's labelled questions say of a run: right or wrong, under the headline."""

from __future__ import annotations

import streamlit as st

from rag_core.schema.trace import Trace
from rag_core.wording.known_answer import known_answer
from ui import caches
from ui.panels import to_triage, views

RIGHT, WRONG = ":material/check_circle:", ":material/cancel:"


def verdict(trace: Trace) -> None:
    """Right or wrong by the known grades, and the way to the triage of a document that was lost. Nothing for a question
    that the collection's set does not have."""
    labelled = caches.labelled_set(trace.collection.name)
    asked = labelled.find(trace.query) if labelled else None
    if labelled is None or asked is None or trace.where:
        return
    told = known_answer(trace, labelled.qrels.get(asked.id, {}))
    text = f"{RIGHT if told.right else WRONG} {views.markdown(told.sentence)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text, help="By the grades that come with this collection's questions.", width="content")
        if told.lost and st.button("See why", key="known_why", icon=":material/troubleshoot:", type="tertiary"):
            to_triage.go(trace, told.lost)
