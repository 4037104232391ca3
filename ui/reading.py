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

from rag_core.config import Policy, Stopping
from rag_core.narrative import counted, score_text, so_far, title_of
from rag_core.passes import is_screened, read_so_far
from rag_core.replay import replay
from rag_core.trace import Measurement, Trace
from rag_core.types import StageName
from ui import cached, retrying
from ui.state import Choice

STOPPED = "stopped_run"
PATIENCE = 16
EARLY = {
    "to the end": Stopping(),
    "until nothing can change": Stopping(certain=True),
    f"until {PATIENCE} change nothing": Stopping(patience=PATIENCE),
}


def early(choice: Choice) -> Choice:
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
    return replace(choice, policy=choice.policy.model_copy(update={"stopping": EARLY[said or "to the end"]}))


def trace(choice: Choice, query: str) -> Trace:
    """The question's trace, read slice by slice before the reader's eyes, or as far as it was when they stopped it."""
    shared = cached.searched(choice.collection, choice.owner, query, choice.policy, choice.where)
    policy, run = choice.policy, _run(choice, query)
    if st.session_state.get(STOPPED) == run:
        while not read_so_far(shared.measurement, policy) and cached.due(
            choice.collection, choice.owner, shared, policy
        ):
            if not cached.score_slice(choice.collection, choice.owner, shared, policy):
                break
        retrying.remember(shared.measurement, policy)
        return replay(shared.measurement, _as_far_as_read(shared.measurement, policy))
    if cached.due(choice.collection, choice.owner, shared, policy):
        _read(choice, shared, run)
    return replay(shared.measurement, policy)


def _run(choice: Choice, query: str) -> Hashable:
    """What a Stop is for: this question, here, with this reranker. Another setting leaves it stopped."""
    return choice.collection, query, choice.where, choice.policy.screen, choice.policy.reranker


def _read(choice: Choice, shared: cached.Measured, run: Hashable) -> None:
    place = st.empty()
    with place.container(border=True):
        board = st.empty()
        st.button("Stop", key="stop", on_click=_stop, args=(run,), icon=":material/stop_circle:")
    if choice.policy.screen and not is_screened(shared.measurement, choice.policy):
        board.progress(0.0, f"First pass, {counted(choice.policy.screen.pool, 'candidate')} at most")
        cached.score_slice(choice.collection, choice.owner, shared, choice.policy)
    board.progress(0.0, f"Reranking, {counted(choice.policy.pool, 'candidate')} at most")
    while cached.score_slice(choice.collection, choice.owner, shared, choice.policy):
        if read_so_far(shared.measurement, choice.policy):
            _show(board, replay(shared.measurement, _as_far_as_read(shared.measurement, choice.policy)))
    retrying.remember(shared.measurement, choice.policy)
    place.empty()


def _as_far_as_read(measurement: Measurement, policy: Policy) -> Policy:
    """The policy that asks for no pair which is not scored; the policy itself where none at all is."""
    read = read_so_far(measurement, policy)
    return policy.model_copy(update={"stopping": Stopping(limit=read)}) if read else policy


def _show(board: DeltaGenerator, trace: Trace) -> None:
    """The first places so far, and what can still happen to them."""
    adjusted = trace[StageName.ADJUSTED]
    rows = "".join(
        f"<li>{html.escape(title_of(trace.chunks[hit.chunk_id]))} "
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
