"""Inspect: one question's way from the search box to the answer."""

from __future__ import annotations

import streamlit as st

from rag_core.analysis.run_tables import candidates
from rag_core.generation.chat.access import ChatAccess
from rag_core.pipeline.session import QuerySession
from rag_core.runs.live import LiveRetriever
from rag_core.runs.replaying import RunChange
from rag_core.schema.answers import Answer
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline
from ui import caches
from ui.panels import (
    answer_comparison,
    history,
    known,
    lexical_explanation,
    linked_run,
    live_run,
    picking,
    progressive_rerank,
    question_box,
    rank_chart,
    retrying,
    run_replay,
    saved_run,
    spent,
    step_strip,
    to_triage,
    views,
    waiting,
)
from ui.panels import candidates as candidates_panel
from ui.panels.answer import card, with_answer
from ui.sidebar import recorded, rewriting, state

PURPOSE = "See what your retriever returns, and what another reranker makes of it."  # of a live retriever


def main() -> None:
    """Ask, then show: the sentence, the answer, the strip, the movement, the candidates, one of them in full."""
    state.page("Inspect")
    to_triage.leave()
    linked_run.leave()
    run = saved_run.peek() or linked_run.peek()
    if retriever := live_run.chosen(run):
        of_retriever(retriever)
        return
    change = recorded.choose(run) if run and run.origin else RunChange()
    choice = state.at_rest() if run and run.origin else state.sidebar()
    saved = saved_run.trace_file(replays=True)
    if saved:
        linked_run.elsewhere(linked_run.as_recorded(saved), linked_run.INSPECT)
    saved = saved or linked_run.opened(replays=True, peeked=run, here=linked_run.INSPECT)
    query = question_box.question(choice, disabled=saved is not None)
    with views.guard():
        if saved is not None:
            shown = run_replay.replayed(saved, change)
            show(shown, shown.recorded_answer)
        elif not query:
            question_box.welcome(choice)
        else:
            choice = progressive_rerank.early(choice)
            question = caches.question(choice, query)
            trace = progressive_rerank.trace(question, choice.policy)
            history.remember(trace)
            show(trace, None, question, choice.chat)


def of_retriever(retriever: LiveRetriever) -> None:
    """Ask a live retriever, then show its answer as the recorded run that it is."""
    trace = live_run.asked(retriever, PURPOSE, files=True)
    if trace is not None:
        with views.guard():
            shown = run_replay.replayed(trace, recorded.choose(trace))
            show(shown, shown.recorded_answer)


def show(
    trace: Trace, answer: Answer | None, question: QuerySession | None = None, chat: ChatAccess | None = None
) -> None:
    """Everything about one trace, the answer to the reader's question first. A saved one comes without a question."""
    views.failure(trace)
    if question is not None:
        retrying.again(question, trace)
        rewriting.again(question, trace)
    views.headline(headline(trace))
    if question is not None:
        known.verdict(trace)
        progressive_rerank.rest(trace)
    views.first_pass(trace)
    views.filtered(trace)
    answer_place, strip_place, below = st.container(), st.empty(), st.container()
    if question is not None and question.answered(trace, chat) is None:  # the answer takes longer than all the rest
        with strip_place:
            step_strip.strip(trace, None)
    ranking(trace, question)
    with answer_place:
        if question is not None:
            answer = answered(question, trace, chat)
        elif answer is not None:
            card(trace, answer)
    if answer is not None:
        trace = with_answer(trace, answer)
    with strip_place:
        step_strip.strip(trace, answer)
    with below:
        spent.of_runs(trace)
        views.searches(trace)
        views.notes(trace)
    question_box.downloads(trace)


def answered(question: QuerySession, trace: Trace, chat: ChatAccess | None) -> Answer | None:
    """The answer in its card, beside the one without reranking where that is wanted."""
    if answer_comparison.wanted(trace):
        return answer_comparison.show(question, trace, chat)
    answer = waiting.answer(question, trace, chat)
    if answer is not None:
        card(trace, answer)
    return answer


@st.fragment
def ranking(trace: Trace, question: QuerySession | None) -> None:
    """The chart, the table and the chosen candidate; choosing one redraws only these.

    question: where the run was asked here and now, so that it can be triaged on the sidebar's settings.
    """
    table = candidates(trace)
    if table.empty:
        return
    ids = list(table["passage_id"])
    another = st.session_state.get("cand_of") != trace.query
    chosen = ids[0] if another or st.session_state.get("cand") not in ids else st.session_state["cand"]
    st.session_state.update(cand=chosen, cand_of=trace.query)  # set anew, so that the box shows its present rank
    st.subheader("Rank movement", anchor=False)
    rank_chart.show(trace, chosen, on_select=choose_in_chart)
    candidates_panel.preview(trace, chosen)
    st.subheader("Candidates", anchor=False)
    candidates_panel.candidate_table(trace, table, key="candidates", on_select=lambda: choose_in_table(ids))
    st.selectbox(
        "Read a passage",
        ids,
        key="cand",
        format_func=candidates_panel.candidate_labels(trace, ids).__getitem__,
    )
    candidates_panel.candidate(trace, st.session_state["cand"])
    if question is not None:
        lexical_explanation.show(trace, st.session_state["cand"], question.pipeline.engine)
    if question is not None or trace.origin:
        to_triage.ask(trace, st.session_state["cand"])


def choose_in_chart() -> None:
    """A click on a line's end chooses that candidate."""
    points = st.session_state["movement"].selection.points
    if points and points[0].get("customdata"):
        data = points[0]["customdata"]
        st.session_state["cand"] = data if isinstance(data, str) else data[0]


def choose_in_table(ids: list[str]) -> None:
    """A click on a row chooses that candidate."""
    row = picking.picked_row("candidates")
    if row is not None:
        st.session_state["cand"] = ids[row]


main()
