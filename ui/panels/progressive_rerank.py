"""The pool while it is read: the order so far, Stop, and Read the rest. What a slice scored is kept for everybody.
A first pass comes before it; its order is shown once it is done.

A click on Stop ends this run of the page after the present slice; the next one shows what was read by then.
"""

from __future__ import annotations

import html
from collections.abc import Hashable
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.pipeline.session import QuerySession
from rag_core.schema.documents import Passage
from rag_core.schema.policy import EarlyStopping, Policy
from rag_core.schema.trace import Trace
from rag_core.wording.headline import so_far, so_far_by_first_pass
from rag_core.wording.numbers import score_text, titles_of
from ui.panels import waiting
from ui.sidebar import link_values
from ui.sidebar.state import SidebarState

STOPPED = "stopped_run"
PATIENCE = 16
EARLY = {
    "off": EarlyStopping(),
    "when nothing can change": EarlyStopping(certain=True),
    f"after {PATIENCE} without change": EarlyStopping(patience=PATIENCE),
}


def early(choice: SidebarState) -> SidebarState:
    """The choice with what the sidebar says about stopping by itself; drawn on this page alone."""
    link_values.choice("early", "Early stopping", list(EARLY), by_page=True)
    said = st.sidebar.selectbox(
        "Early stopping",
        list(EARLY),
        key="early",
        bind="query-params",
        help="“When nothing can change” stops once every kept candidate has the highest possible score. Logits have no "
        f"upper bound, so with them the whole pool is always read. “After {PATIENCE} without change” is a guess: it "
        "may miss a candidate further down. Other pages always read the whole pool.",
    )
    with st.sidebar:
        link_values.show("early")
    return replace(choice, policy=choice.policy.with_(stopping=EARLY[said or "off"]))


def trace(question: QuerySession, policy: Policy) -> Trace:
    """The question's trace, read slice by slice before the reader's eyes, or as far as it was when they stopped it."""
    if not question.being_searched:  # else the bar says so, with Stop
        with st.spinner("Searching"):
            question.search(policy)
    question.drop_outdated(policy)
    run = _run(question, policy)
    stopped = st.session_state.get(STOPPED) == run

    def found() -> Trace | None:
        return question.replayed(policy) or (question.replayed_so_far(policy) if stopped else None)

    if (ready := found()) is not None:
        return ready
    if stopped and question.measurement is None:
        waiting.offer_to_go_on("Stopped before the search was done.", "go_on", _go_on)
        st.stop()
    place = st.empty()
    with place.container(border=True):
        board = st.empty()
        st.button("Stop", key="stop", on_click=_stop, args=(run,), icon=":material/stop_circle:")
    made = waiting.until(found, question, policy, _SoFar(board, question, policy).show)
    place.empty()
    return made


def _run(question: QuerySession, policy: Policy) -> Hashable:
    """What a Stop is for: this question, here, with this reranker. Another setting leaves it stopped."""
    return question.pipeline.engine.ref.name, question.query, question.where, policy.first_pass, policy.reranker


class _SoFar:
    """The first places so far, and what can still happen to them; before there are any, how far it is."""

    def __init__(self, board: DeltaGenerator, question: QuerySession, policy: Policy) -> None:
        self._board, self._question, self._policy = board, question, policy
        self._bar = waiting.Bar(board, question, policy)
        self._told = ""

    def show(self) -> None:
        """Draw what is new."""
        trace = self._question.replayed_so_far(self._policy)
        if trace is not None and trace.pool_read:
            space, first = trace.final_step.space, trace.final_step.hits[: trace.policy.top_k]
            rows = [(trace.passages[hit.passage_id], score_text(hit.score, space)) for hit in first]
            self._order(len(trace.pool_read) / len(trace.pool), so_far(trace), rows)
        elif handed_on := self._question.handed_on(self._policy):
            rows = [(passage, "") for passage in handed_on[: self._policy.top_k]]
            self._order(0.0, so_far_by_first_pass(len(handed_on)), rows)
        else:
            self._bar.show()

    def _order(self, share: float, told: str, rows: list[tuple[Passage, str]]) -> None:
        if told == self._told:
            return
        self._told = told
        titles = titles_of(passage for passage, _ in rows)
        listed = "".join(
            f"<li>{html.escape(titles[passage.id])} <small>{html.escape(score)}</small></li>" for passage, score in rows
        )
        with self._board.container():
            st.progress(share, f"So far: {told}")
            st.html(f'<ol class="sp-so-far" data-testid="so-far">{listed}</ol>')


def rest(trace: Trace) -> None:
    """The way on, under the headline of a run that was stopped by hand."""
    if trace.rerank.stopped == "asked":
        st.button(
            f"Read the rest ({trace.rerank.pairs_unread})",
            key="read_rest",
            on_click=_go_on,
            icon=":material/resume:",
            help="Scores the candidates that are not read yet.",
        )


def _stop(run: Hashable) -> None:
    st.session_state[STOPPED] = run


def _go_on() -> None:
    st.session_state.pop(STOPPED, None)
