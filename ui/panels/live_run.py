"""A question to the live retriever that is chosen in the sidebar: its answer is a recorded run of this session.

It is asked once for each question. What is changed afterwards replays the answer; `Ask again` asks.
"""

from __future__ import annotations

import hashlib

import streamlit as st

from rag_core.errors import RetrieverError, SecondPassError
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever
from rag_core.runs.live.config import MOST
from rag_core.runs.run import Run
from rag_core.schema.trace import Trace
from rag_core.wording.live_retrievers import answered_sentence
from ui import caches, links, visitors
from ui.panels import linked_run, question_box, saved_run, views
from ui.sidebar import link_values, retrievers, searched

ASKED = "live_runs"
"""Session key: what came back, a run or the sentence of an error, by retriever, question and number of results."""

RESULTS = "Results to ask for"


def chosen(run: Trace | None) -> LiveRetriever | None:
    """The retriever that this page is to ask: none while a saved or linked run is open, which `run` is."""
    return None if run else retrievers.chosen()


def asked(retriever: LiveRetriever, purpose: str, files: bool = False) -> Trace | None:
    """The sidebar's choice, the question box, and the run of what was asked; None before anything is.

    purpose: what the page shows of an answer, said before there is one.
    files: whether the page opens saved runs too.
    """
    sidebar(retriever)
    linked_run.opened()  # a link to a run that is not there says so
    if files:
        saved_run.trace_file()
    query = question_box.box(retriever.name)
    if not query:
        views.headline(purpose)
        st.caption(views.markdown(f"{retriever.name}: {retriever.config.place}."))
        return None
    with views.guard():
        return _shown(retriever, query)
    return None


def sidebar(retriever: LiveRetriever) -> None:
    """What is asked, and for how many results."""
    searched.collection_choice()
    key = _results_key(retriever)
    with st.sidebar:
        link_values.number(key, RESULTS, 1, MOST)
        told = "How many results the retriever is asked for: as many as your pipeline asks it for."
        st.slider(RESULTS, 1, MOST, retriever.config.top_k, key=key, bind="query-params", help=told)
    links.keep()


def results(retriever: LiveRetriever) -> int:
    """How many results it is asked for."""
    return int(st.session_state.get(_results_key(retriever), retriever.config.top_k))


def _results_key(retriever: LiveRetriever) -> str:
    return f"lk_{hashlib.sha256(retriever.name.encode()).hexdigest()[:6]}"


def _shown(retriever: LiveRetriever, query: str) -> Trace:
    """The answer with what can be done with it. Raises RetrieverError, with a button that asks again."""
    known: dict[tuple[str, ...], Run | str] = st.session_state.setdefault(ASKED, {})
    top_k = results(retriever)
    key = (retriever.name, retriever.config.model_dump_json(), query, str(top_k))
    if key not in known:
        known[key] = _ask(retriever, query, top_k)
        for oldest in list(known)[: -linked_run.KEPT]:
            del known[oldest]
    found = known[key]
    with st.container(horizontal=True, vertical_alignment="center"):
        if isinstance(found, Run):
            st.caption(f":material/bolt: {views.markdown(answered_sentence(found, retriever.config.place))}")
        st.button("Ask again", key="ask_again", icon=":material/refresh:", on_click=_forget, args=(key,))
        if isinstance(found, Run):
            _keep(found)
            trace = trace_of(found)
            linked_run.hold(trace)
    if isinstance(found, str):
        raise RetrieverError(found)
    return trace


def _forget(key: tuple[str, ...]) -> None:
    """Drop what came back, so that it is asked again."""
    st.session_state[ASKED].pop(key, None)


def _ask(retriever: LiveRetriever, query: str, top_k: int) -> Run | str:
    with st.spinner(f"Asking {views.markdown(retriever.name)}"):
        try:
            return retriever.ask(query, top_k)
        except SecondPassError as exc:
            return str(exc)


def _keep(run: Run) -> None:
    """The button that puts the run into the list of runs, where visitors may."""
    if visitors.why_runs_stay():
        return
    there = caches.run_book().known([run]) > 0
    label = "On the Runs page" if there else "Keep in Runs"
    if st.button(label, key="keep_live", icon=":material/playlist_add:", disabled=there):
        caches.run_book().add([run])
        st.rerun()
