"""A reranker that failed is asked again when somebody says so, not each time that the page is drawn.

Who it failed for is the question's session's to know (`rag_core.pipeline.session`). Another question, another key or
another server is another try.
"""

from __future__ import annotations

import streamlit as st

from rag_core.pipeline.session import QuerySession
from rag_core.schema.trace import Trace


def again(question: QuerySession, *traces: Trace) -> None:
    """The way to try again, where a reranker failed in one of these runs."""
    if any(report.status == "failed" for trace in traces for _, report in trace.rerank_passes):
        st.button("Try again", key="rerank_again", icon=":material/refresh:", on_click=question.retry)
