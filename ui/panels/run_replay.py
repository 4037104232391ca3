"""A recorded run under the sidebar's settings: the button that scores it, what became different, the replay."""

from __future__ import annotations

import streamlit as st

from rag_core.rerank.catalogue import entry_of
from rag_core.runs.replaying import RunChange, kept_table, readable, replay_run, score_run
from rag_core.schema.measurement import RerankerScores
from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of
from rag_core.wording.run_replays import what_changed
from ui import caches
from ui.panels import spent, views, waiting
from ui.sidebar.recorded import key_of

SCORES = "run_scores"
"""Session key: what rerankers have scored of the recorded runs that were open, by run and reranker."""


Known = dict[tuple[str, str], RerankerScores]


def known_scores(trace: Trace) -> dict[str, RerankerScores]:
    """What rerankers have scored of this run so far, by their keys."""
    known: Known = st.session_state.get(SCORES, {})
    return {reranker: scores for (run, reranker), scores in known.items() if run == key_of(trace, "")}


def replayed(trace: Trace, change: RunChange) -> Trace:
    """The run under the change; the recorded one while nothing is changed, or its reranker has scored nothing yet."""
    if change == RunChange():
        return trace
    scores = None
    if change.reranker and change.reranker != NO_RERANKER:
        scores = _scores(trace, change.reranker)
        if scores is None:
            return trace
    other = replay_run(trace, change, scores)
    st.info(views.markdown(f"This is a replay. {what_changed(trace, other)}"), icon=":material/replay:")
    with st.expander("Kept in the recording and in the replay", icon=":material/compare_arrows:"):
        st.dataframe(kept_table(trace, other), hide_index=True, key="kept_in_both")
    return other


def _scores(trace: Trace, reranker: str) -> RerankerScores | None:
    """The reranker's scores of the recorded candidates; None before the button was pressed."""
    known: Known = st.session_state.setdefault(SCORES, {})
    key = (key_of(trace, ""), reranker)
    if key not in known:
        pairs = count_of(len(readable(trace)), "candidate")
        with st.container(horizontal=True, vertical_alignment="center"):
            start = st.button(f"Score {pairs}", key="score_run", type="primary", icon=":material/play_arrow:")
            label = views.markdown(entry_of(reranker).label)
            st.caption(f"{label} has not read this run yet. Below is the run as it was recorded.")
        if not start:
            return None
        with spent.counted(SCORES), waiting.stoppable(SCORES, "Scoring") as board:

            def progress(done: int, total: int) -> None:
                board.progress(done / max(total, 1), f"Scoring, {done} of {total}")

            made = score_run(trace, caches.reranker(reranker), caches.pair_cache(), progress)
        if made.failure:
            st.error(views.markdown(made.failure), icon=":material/error:")
            return None
        known[key] = made
        st.rerun()
    spent.of_work(SCORES)
    return known[key]
