"""How long a live retriever takes: one answer by its steps, and the same question asked several times."""

from __future__ import annotations

import streamlit as st

from rag_core.runs.live import LiveRetriever
from rag_core.wording.recorded_times import repeats_sentence
from ui.panels import live_batch, live_run, run_latency, views

PURPOSE = "See how long your retriever takes, step by step where it records its steps."
AT_FIRST, MOST = 10, 100


def show(retriever: LiveRetriever) -> None:
    """The times of its answer, then of the same question asked again."""
    trace = live_run.asked(retriever, PURPOSE)
    if trace is None:
        return
    run_latency.show(trace)
    with views.guard():
        _repeated(retriever, trace.query)


def _repeated(retriever: LiveRetriever, query: str) -> None:
    """A button that asks the question several times, and the percentiles of the answers."""
    st.header("Ask the same question several times", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        times = int(st.number_input("Times", 2, MOST, AT_FIRST, 1, key="live_times", width=120))
        pressed = st.button(f"Ask {times} times", key="ask_times", icon=":material/speed:")
    place = views.markdown(retriever.config.place)
    st.caption(f"That is {times} calls to {place}, one after the other. Its own cache may make the later ones faster.")
    known = live_batch.answers("times", retriever, query)
    if pressed:
        known.clear()
        live_batch.ask(retriever, [(number, query) for number in range(times)], known)
    traces = live_batch.traces_of(known)
    if traces:
        run_latency.percentiles(traces, repeats_sentence(traces), "live_percentiles")
    live_batch.say_failed(known)
