"""The pool while it is read: the order so far, Stop, and Read the rest. What a slice scored is kept for everybody.
A first pass is read as a whole before it, since no order can be shown until it is done.

A click on Stop ends this run of the page after the present slice; the next one shows what was read by then.
"""

from __future__ import annotations

import html
from collections.abc import Hashable
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.pipeline.cascade import has_first_pass, read_so_far
from rag_core.pipeline.replay import replay
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import EarlyStopping, Policy
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.wording.headline import so_far
from rag_core.wording.numbers import count_of, score_text, title_of
from ui import caches
from ui.panels import retrying
from ui.sidebar.state import SidebarState

STOPPED = "stopped_run"
PATIENCE = 16
EARLY = {
    "to the end": EarlyStopping(),
    "until nothing can change": EarlyStopping(certain=True),
    f"until {PATIENCE} change nothing": EarlyStopping(patience=PATIENCE),
}


def early(choice: SidebarState) -> SidebarState:
    """The choice with what the sidebar says about stopping by itself; drawn on this page alone."""
    said = st.sidebar.selectbox(
        "Read the pool",
        list(EARLY),
        key="early",
        bind="query-params",
        help="“Until nothing can change”: every kept candidate has the highest score there is; a cross-encoder's logit "
        f"has no highest, so it reads on. “Until {PATIENCE} change nothing”: a guess that may miss a candidate further "
        "down. Other pages read to the end.",
    )
    return replace(choice, policy=choice.policy.with_(stopping=EARLY[said or "to the end"]))


def trace(choice: SidebarState, query: str) -> Trace:
    """The question's trace, read slice by slice before the reader's eyes, or as far as it was when they stopped it."""
    shared = caches.searched(choice.collection, choice.owner, query, choice.policy, choice.where)
    policy, run = choice.policy, _run(choice, query)
    if st.session_state.get(STOPPED) == run:
        while not read_so_far(shared.measurement, policy) and caches.due(
            choice.collection, choice.owner, shared, policy
        ):
            if not caches.score_slice(choice.collection, choice.owner, shared, policy):
                break
        retrying.remember(shared.measurement, policy)
        return replay(shared.measurement, _as_far_as_read(shared.measurement, policy))
    if caches.due(choice.collection, choice.owner, shared, policy):
        _read(choice, shared, run)
    return replay(shared.measurement, policy)


def _run(choice: SidebarState, query: str) -> Hashable:
    """What a Stop is for: this question, here, with this reranker. Another setting leaves it stopped."""
    return choice.collection, query, choice.where, choice.policy.first_pass, choice.policy.reranker


def _read(choice: SidebarState, shared: caches.Measured, run: Hashable) -> None:
    place = st.empty()
    with place.container(border=True):
        board = st.empty()
        st.button("Stop", key="stop", on_click=_stop, args=(run,), icon=":material/stop_circle:")
    if choice.policy.first_pass and not has_first_pass(shared.measurement, choice.policy):
        board.progress(0.0, f"First pass, {count_of(choice.policy.first_pass.pool, 'candidate')} at most")
        caches.score_slice(choice.collection, choice.owner, shared, choice.policy)
    board.progress(0.0, f"Reranking, {count_of(choice.policy.pool, 'candidate')} at most")
    while caches.score_slice(choice.collection, choice.owner, shared, choice.policy):
        if read_so_far(shared.measurement, choice.policy):
            _show(board, replay(shared.measurement, _as_far_as_read(shared.measurement, choice.policy)))
    retrying.remember(shared.measurement, choice.policy)
    place.empty()


def _as_far_as_read(measurement: Measurement, policy: Policy) -> Policy:
    """The policy that asks for no pair which is not scored; the policy itself where none at all is."""
    read = read_so_far(measurement, policy)
    return policy.with_(stopping=EarlyStopping(limit=read)) if read else policy


def _show(board: DeltaGenerator, trace: Trace) -> None:
    """The first places so far, and what can still happen to them."""
    adjusted = trace[StepName.ADJUSTED]
    rows = "".join(
        f"<li>{html.escape(title_of(trace.passages[hit.passage_id]))} "
        f"<small>{html.escape(score_text(hit.score, adjusted.space))}</small></li>"
        for hit in adjusted.hits[: trace.policy.top_k]
    )
    with board.container():
        st.progress(len(trace.pool_read) / len(trace.pool), f"So far: {so_far(trace)}")
        st.html(f'<ol class="sp-so-far" data-testid="so-far">{rows}</ol>')


def rest(trace: Trace) -> None:
    """The way on, under the headline of a run that was stopped by hand."""
    if trace.rerank.stopped == "asked":
        st.button(
            f"Read the rest ({trace.rerank.pairs_unread})",
            key="read_rest",
            on_click=_go_on,
            icon=":material/resume:",
            help="Scores only the candidates that are not read yet.",
        )


def _stop(run: Hashable) -> None:
    st.session_state[STOPPED] = run


def _go_on() -> None:
    st.session_state.pop(STOPPED, None)
