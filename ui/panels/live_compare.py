"""Compare a live retriever's answers to several questions with their replays: it is asked each question once."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.runs.live import LiveRetriever
from rag_core.runs.replaying import RunChange
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of
from ui.panels import chosen_runs, live_batch, live_run, run_compare, views
from ui.panels.run_selection import RECORDED

NOW = "Ask it now"
MOST = 200
"""Questions that are asked at once."""


def show(retriever: LiveRetriever, trace: Trace | None, choose: Callable[[Trace], RunChange]) -> None:
    """The question of the box (`trace`, None before one is asked), then several. `choose` draws the settings of a
    replay, for which there must be an answer."""
    known = live_batch.answers("comparison", retriever)
    first = trace or next(iter(live_batch.traces_of(known)), None)
    change = choose(first) if first else RunChange()
    if trace:
        run_compare.of_one(trace, change)
    st.header("Compare on several questions", anchor=False)
    options = [NOW, *([RECORDED] if chosen_runs.there() else [])]
    if st.segmented_control("Runs", options, default=NOW, required=True, key="compare_live") == RECORDED:
        run_compare.of_recorded(retriever.name, change)
    else:
        _asked(retriever, known, change)


def _asked(retriever: LiveRetriever, known: live_batch.Answers, change: RunChange) -> None:
    """The questions that are typed, what came back of them, and the same change on each."""
    questions = _questions()
    missing = [one for one in questions if one not in known or isinstance(known[one][1], str)]
    if missing:
        pressed = st.button(
            f"Ask {count_of(len(missing), 'question')}", key="ask_several", type="primary", icon=":material/play_arrow:"
        )
        calls = f"{count_of(len(missing), 'call')} to {retriever.config.place}, one after the other, each once."
        st.caption(views.markdown(calls))
        if pressed:
            live_batch.ask(retriever, [(one, one) for one in missing], known)
            st.rerun()
    some: live_batch.Answers = {one: known[one] for one in questions if one in known}
    live_batch.say_failed(some)
    traces = live_batch.traces_of(some)
    if not traces or change == RunChange():
        st.caption("Type questions here, and choose a change in the sidebar once one is answered.")
        return
    grades = run_compare.grades_of([retriever.name])
    about = (change, live_run.results(retriever), tuple(some), str(grades))
    run_compare.several(len(traces), lambda: (traces, []), change, grades, about)


def _questions() -> list[str]:
    """The different questions that are typed, a line each."""
    text = st.text_area("One question per line", key="live_questions", max_chars=20_000)
    questions = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(questions) > MOST:
        st.warning(f"The first {MOST} of {len(questions):,} questions are asked. Take the rest afterwards.")
    return questions[:MOST]
