"""Rewriting in the sidebar, and what to do where it failed. Offered where a chat model is set up; off by default."""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.pipeline.session import QuerySession
from rag_core.schema.policy import Rewrite
from rag_core.schema.trace import Trace
from ui.panels import views
from ui.sidebar import access

ON, WEIGHT = "rw", "rww"


def rewrite() -> Rewrite:
    """The switch, and the weight of the rewritten queries' searches while it is on."""
    try:
        model = access.chat_model()
    except BadInput:  # said where the chat model is chosen
        model = None
    if model is None:
        if st.query_params.get(ON) == "true":
            said = "The link asks for a rewritten question, which needs a chat model: not applied."
            st.warning(said, icon=":material/link_off:")
        return Rewrite()
    on = st.toggle(
        "Rewrite the question",
        key=ON,
        bind="query-params",
        help=views.markdown(
            f"{model.config.model} at {model.config.server} says the question in other words, or splits it in up to "
            "three; each is searched beside it. The question is sent there."
        ),
    )
    if not on:
        return Rewrite()
    weight = st.slider("Weight of rewritten queries", 0.1, 3.0, 1.0, 0.1, key=WEIGHT, bind="query-params")
    return Rewrite(on=True, weight=weight)


def again(question: QuerySession, trace: Trace) -> None:
    """The way to try again, where the question could not be rewritten."""
    if trace.rewriting and trace.rewriting.failure:
        st.button(
            "Rewrite again",
            key="rewrite_again",
            icon=":material/refresh:",
            on_click=question.rewrite_again,
        )
