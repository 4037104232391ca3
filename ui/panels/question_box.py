"""The question box, the examples, and the downloads of a run."""

from __future__ import annotations

import json
import re

import streamlit as st

from rag_core.analysis.run_tables import candidates
from rag_core.corpus.sample import SAMPLE
from rag_core.pipeline.loading import load_ahead
from rag_core.report.html import html_report
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of
from ui import caches, links
from ui.downloads import table_csv
from ui.panels import views
from ui.sidebar.state import SidebarState

EXAMPLES = 5


def question(choice: SidebarState, disabled: bool = False) -> str:
    """The question box; below it, examples to click."""
    query = box(choice.collection, disabled)
    if choice.collection == SAMPLE and not disabled:
        _examples(shown=not query)
    return query


def box(asked: str, disabled: bool = False) -> str:
    """The question to a collection or retriever, in a form, so that typing runs nothing."""
    with st.form("ask", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            f"Question (to: {views.label(asked)})",
            key="q",
            bind="query-params",
            placeholder="Type a question, a product code or an error message",
            max_chars=4000,
            disabled=disabled,
        )
        st.form_submit_button(
            "Run", type="primary", icon=":material/play_arrow:", key="run", disabled=disabled, on_click=links.forget_run
        )
    return str(st.session_state.get("q") or "").strip()


def _examples(shown: bool) -> None:
    """Example questions of several kinds: in the open before the first question, folded away after it."""
    place = st.container() if shown else st.expander("Example questions", icon=":material/lightbulb:")
    with place, st.container(gap="xsmall"):
        for number, example in enumerate(caches.examples(EXAMPLES)):
            st.button(
                f"**{views.markdown(example['shows'])}**   {views.markdown(example['text'])}",
                key=f"example{number}",
                on_click=_put,
                args=(example["text"],),
            )


def _put(text: str) -> None:
    links.forget_run()
    st.session_state["q"] = text


def welcome(choice: SidebarState) -> None:
    """What the page will show, before anything was asked. While it is read, the models of the first question load."""
    with views.guard():
        ref = caches.engine(choice.collection, choice.owner).ref
        documents = f"{count_of(ref.documents, 'document')} in " if ref.documents else ""
        size = f"{documents}{count_of(ref.passages, 'passage')}"
        views.headline("See which step of retrieval found the answer, and which one lost it.")
        st.caption(views.markdown(f"{choice.collection}: {size}."))
        load_ahead(choice.policy.rerankers, caches.settings())


def downloads(trace: Trace) -> None:
    """The trace as JSON, the candidate table as CSV, the whole run as an HTML report."""
    name = re.sub(r"[^a-z0-9]+", "-", trace.query.lower())[:40].strip("-") or "trace"
    with st.container(horizontal=True):
        st.download_button(
            "Run (JSON)",
            data=lambda: trace.to_json(),
            file_name=f"{name}.trace.json",
            mime="application/json",
            key="download_trace",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Candidates (CSV)",
            data=lambda: table_csv(candidates(trace)),
            file_name=f"{name}.csv",
            mime="text/csv",
            key="download_table",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Report (HTML)",
            data=lambda: html_report(trace),
            file_name=f"{name}.html",
            mime="text/html",
            key="download_report",
            icon=":material/description:",
            help="The whole run in one file, for example for a ticket. It works offline and contains no script.",
            on_click="ignore",
        )
    with st.expander("Settings of this run", icon=":material/tune:"):
        st.json(json.loads(trace.policy.model_dump_json()), expanded=False)
