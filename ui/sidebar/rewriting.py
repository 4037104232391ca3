"""Rewriting in the sidebar, and what to do where it failed. Offered where a chat model is set up; off by default."""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.pipeline.session import QuerySession
from rag_core.schema.policy import FULL_DEPTH, Rewrite
from rag_core.schema.trace import Trace
from ui.panels import views
from ui.sidebar import access, link_values
from ui.sidebar.controls import CONTROLS, label_of, slider

ON, DEPTH, WEIGHT = "rw", "rwd", "rww"


def rewrite() -> Rewrite:
    """The switch, and the depth and weight of the rewritten queries' searches while it is on."""
    try:
        model = access.chat_model()
    except BadInput:  # said where the chat model is chosen
        model = None
    if model is None:
        if st.query_params.get(ON) == "true" or st.session_state.get(ON):
            said = "These settings rewrite the question. That needs a chat model, so it is off. Set one up to rewrite."
            st.warning(said, icon=":material/link_off:")
        return Rewrite()
    link_values.switch(ON, CONTROLS[ON].label)
    on = st.toggle(
        label_of(ON),
        key=ON,
        bind="query-params",
        help=views.markdown(
            f"{model.config.model} at {model.config.server} rephrases the question or splits it into up to three. "
            "Each is searched too. The question is sent to that server."
        ),
    )
    if not on:
        return Rewrite()
    return Rewrite(on=True, depth=slider(DEPTH, 1, FULL_DEPTH, 1), weight=slider(WEIGHT, 0.1, 3.0, 0.1))


def put(wanted: Rewrite) -> None:
    """Set the controls to it. For callbacks."""
    st.session_state.update({ON: wanted.on, DEPTH: wanted.depth, WEIGHT: wanted.weight})


def again(question: QuerySession, trace: Trace) -> None:
    """A button to try again, where the question could not be rewritten."""
    if trace.rewriting and trace.rewriting.failure:
        st.button(
            "Rewrite again",
            key="rewrite_again",
            icon=":material/refresh:",
            on_click=question.rewrite_again,
        )
