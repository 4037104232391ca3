"""What a page shows while it waits for a question's trace or answer: how far it is, whoever pays for it.

The work goes on in a thread that all who ask the same share. A click ends the waiting, not the work of others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.diagnosis import Location
from rag_core.errors import SecondPassError
from rag_core.generation.chat.access import ChatAccess
from rag_core.pipeline.background import Work
from rag_core.pipeline.session import QuerySession
from rag_core.schema.answers import Answer
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.progress import progress_share, progress_text
from ui.panels import views
from ui.panels.answer import so_far

REDRAW_S = 0.2
STOPPED = "stopped_waiting"
"""What this session has stopped: a run, or the answer to one. Something else that it asks for is not stopped."""


def trace(question: QuerySession, policy: Policy) -> Trace:
    """The question's trace under this policy, after a bar for what is not paid for yet."""
    if not question.being_searched:  # else the bar says so, with Stop
        with st.spinner("Searching"):
            question.search(policy)
    question.drop_outdated(policy)
    place = st.empty()  # always there: without it, what is open below would close with the next run
    if (ready := question.replayed(policy)) is not None:
        return ready
    run = ("trace", question.query, policy)
    if st.session_state.get(STOPPED) == run:
        offer_to_go_on("Stopped. What was found and scored is kept.", "go_on")
        st.stop()
    with place.container():
        bar = Bar(st.empty(), question, policy)
        _stop_button(run)
    found = until(lambda: question.replayed(policy), question, policy, bar.show)
    place.empty()
    return found


@contextmanager
def stoppable(key: str, text: str) -> Iterator[DeltaGenerator]:
    """A bar with Stop below it, for work in this run of the page. A click on Stop or on any control ends it as soon as
    the bar is drawn again."""
    place = st.empty()
    with place.container():
        board = st.progress(0.0, text)
        st.button("Stop", key=f"stop_{key}", icon=":material/stop_circle:")
    yield board
    place.empty()


def _stop_button(run: Hashable, work: Work[str, None] | None = None) -> None:
    key = f"stop_{hash(run)}"  # a page may wait twice
    st.button("Stop", key=key, on_click=_stop, args=(run, work), icon=":material/stop_circle:")


def _stop(run: Hashable, work: Work[str, None] | None) -> None:
    st.session_state[STOPPED] = run
    if work is not None:
        work.end_unwatched()


def _go_on() -> None:
    st.session_state.pop(STOPPED, None)


def offer_to_go_on(said: str, key: str, go_on: Callable[[], None] = _go_on) -> None:
    """What stands where the result would, after a Stop: what was lost or kept, and the way on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(views.markdown(said))
        st.button("Go on", key=key, on_click=go_on, icon=":material/resume:")


def until(found: Callable[[], Trace | None], question: QuerySession, policy: Policy, show: Callable[[], None]) -> Trace:
    """What `found` gives once it gives something; until then the policy is paid for, and `show` is called often."""
    while (made := found()) is None:
        with question.scoring(policy) as work:
            for _ in work.changes():
                show()
                if (made := found()) is not None:
                    return made
        work.result()
    return made


class Bar:
    """How far a question has come under a policy. Drawn again at most every `REDRAW_S`: a drawing costs the browser
    more than a step of a fast reranker."""

    def __init__(self, board: DeltaGenerator, question: QuerySession, policy: Policy) -> None:
        self._board, self._question, self._policy = board, question, policy
        self._drawn = -math.inf

    def show(self) -> None:
        """Draw it, unless that was just done."""
        now = time.monotonic()
        if now - self._drawn < REDRAW_S:
            return
        self._drawn = now
        reading = self._question.reading(self._policy)
        self._board.progress(progress_share(reading), progress_text(reading, self._policy.rewrite.on))


def answer(
    question: QuerySession, run: Trace, chat: ChatAccess | None = None, chooser: str | None = None
) -> Answer | None:
    """The answer: by the chat model where one is given, as it comes in, else quoted sentences.

    A model that fails says so, and there is none; nor where this session has stopped the chat model.
    """
    if st.session_state.get(STOPPED) == _asked(run, chat) and question.answered(run, chat, chooser) is None:
        offer_to_go_on(
            "The answer was stopped. If its request was already sent, it may be billed.", f"go_on_{chooser or ''}"
        )
        return None
    try:
        return made_answer(question, run, chat, chooser)
    except SecondPassError as exc:
        message = f"There is no answer: {exc} The retrieval results below are complete."
        st.error(views.markdown(message), icon=":material/cloud_off:")
        return None


def made_answer(
    question: QuerySession, run: Trace, chat: ChatAccess | None = None, chooser: str | None = None
) -> Answer:
    """The same, raising what went wrong."""
    place = st.empty()
    while (found := question.answered(run, chat, chooser)) is None:
        with (
            question.answering(run, chat, chooser) as work,
            place.container(),
            st.spinner("Answering", show_time=True),
        ):
            text = st.empty()
            if chat:
                _stop_button(_asked(run, chat), work)
            for _ in work.changes():
                so_far(text, work.said or "")
        work.result()
    place.empty()
    return found


def _asked(run: Trace, chat: ChatAccess | None) -> Hashable:
    return "answer", run.query, tuple(hit.passage_id for hit in run.kept_step.hits), chat


def settled(question: QuerySession, policy: Policy, location: Location) -> None:
    """Score the pairs that leave settings open, with a bar."""
    with stoppable("settling", "Scoring") as board, question.settling(policy, location) as work:
        for _ in work.changes():
            done, total = work.said or (0, 1)
            board.progress(done / max(total, 1), f"Scoring, {done} of {total}")
        work.result()
