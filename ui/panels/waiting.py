"""What a page shows while it waits for a question's trace or answer: how far it is, whoever pays for it.

The work goes on in a thread that all who ask the same share. A click ends the waiting, not the work of others.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.diagnosis import Location
from rag_core.errors import SecondPassError
from rag_core.generation.chat.access import ChatAccess
from rag_core.pipeline.session import QuerySession
from rag_core.schema.answers import Answer
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.progress import progress_share, progress_text
from ui.panels import views
from ui.panels.answer import so_far


def trace(question: QuerySession, policy: Policy) -> Trace:
    """The question's trace under this policy, after a bar for what is not paid for yet."""
    with st.spinner("Searching"):
        question.search(policy)
    question.drop_outdated(policy)
    board = st.empty()
    found = until(lambda: question.replayed(policy), question, policy, lambda: bar(board, question, policy))
    board.empty()
    return found


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


def bar(board: st.delta_generator.DeltaGenerator, question: QuerySession, policy: Policy) -> None:
    """How far the question has come under this policy."""
    reading = question.reading(policy)
    board.progress(progress_share(reading), progress_text(reading, policy.rewrite.on))


def answer(
    question: QuerySession, run: Trace, chat: ChatAccess | None = None, chooser: str | None = None
) -> Answer | None:
    """The answer: by the chat model where one is given, as it comes in, else quoted sentences.

    A model that fails says so, and there is none.
    """
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
            for _ in work.changes():
                so_far(text, work.said or "")
        work.result()
    place.empty()
    return found


def settled(question: QuerySession, policy: Policy, location: Location) -> None:
    """Score the pairs that leave settings open, with a bar."""
    board = st.progress(0.0, "Scoring")
    with question.settling(policy, location) as work:
        for _ in work.changes():
            done, total = work.said or (0, 1)
            board.progress(done / max(total, 1), f"Scoring, {done} of {total}")
    work.result()
