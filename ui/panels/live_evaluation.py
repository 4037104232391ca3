"""Evaluate a live retriever: it is asked the labelled questions, each once, and its runs are measured like recorded
ones."""

from __future__ import annotations

import streamlit as st

from rag_core.evaluation.sets import LabelledSet
from rag_core.runs.live import LiveRetriever
from rag_core.runs.run import Run
from rag_core.wording.numbers import count_of
from ui import caches, visitors
from ui.panels import chosen_runs, evaluation, live_batch, live_run, run_evaluation, views
from ui.panels.run_selection import RECORDED

NOW = "Ask it now"
MOST = 500
"""Questions that a session asks, and keeps the runs of."""


def show(retriever: LiveRetriever) -> None:
    """The questions, the button that asks them, and what the lists are worth."""
    live_run.sidebar(retriever)
    options = [NOW, *([RECORDED] if chosen_runs.there() else [])]
    if st.segmented_control("Runs", options, default=NOW, required=True, key="eval_live") == RECORDED:
        run_evaluation.show()
        return
    labelled = run_evaluation.judged_by([retriever.name], run_evaluation.judges())
    if labelled is None:
        st.caption("Add questions and their grades: the retriever is asked them, and its results are measured.")
        return
    known = _asked(retriever, labelled)
    live_batch.say_failed(known)
    if traces := live_batch.traces_of(known):
        _keep(live_batch.runs_of(known))
        run_evaluation.results(traces, labelled, stored=False)


def _asked(retriever: LiveRetriever, labelled: LabelledSet) -> live_batch.Answers:
    """What came back of the chosen questions, after a button that asks those without an answer."""
    known = live_batch.answers("evaluation", retriever, labelled.fingerprint)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        queries = evaluation.spread(labelled, MOST)
        place = st.empty()
    wanted = dict.fromkeys(one.text for one in queries)
    missing = [one for one in wanted if one not in known or isinstance(known[one][1], str)]
    if missing:
        label = f"Ask {count_of(len(missing), 'question')}"
        asks = f"{count_of(len(missing), 'call')} to {retriever.config.place}, one after the other, each once."
        pressed = place.button(label, key="ask_set", type="primary", icon=":material/play_arrow:")
        st.caption(views.markdown(asks))
        if pressed:
            live_batch.ask(retriever, [(one, one) for one in missing], known)
            st.rerun()
    return {one: known[one] for one in wanted if one in known}


def _keep(runs: list[Run]) -> None:
    """The button that puts them into the list of runs, where visitors may."""
    if visitors.why_runs_stay():
        return
    lacking = len(runs) - caches.run_book().known(runs)
    label = f"Keep {count_of(lacking, 'run')} in Runs" if lacking else "On the Runs page"
    if st.button(label, key="keep_set", icon=":material/playlist_add:", disabled=not lacking):
        caches.run_book().add(runs)
        st.rerun()
