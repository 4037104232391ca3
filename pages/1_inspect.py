"""Inspect: one question's way from the search box to the answer."""

from __future__ import annotations

import streamlit as st

from rag_core.narrative import headline
from rag_core.trace import Trace
from rag_core.types import Answer
from ui import ask, history, reading, retrying, rewriting, state, two_answers, views
from ui.answer import card
from ui.charts import rank_movement


def main() -> None:
    """Ask, then show: the sentence, the answer, the strip, the movement, the candidates, one of them in full."""
    state.page("Inspect")
    choice = state.sidebar()
    saved = ask.trace_file()
    query = ask.question(choice, disabled=saved is not None)
    with views.guard():
        if saved is not None:
            show(saved, saved.answer)
        elif not query:
            ask.welcome(choice)
        else:
            trace = reading.trace(reading.early(choice), query)
            history.remember(trace)
            show(trace, None, choice)


def show(trace: Trace, answer: Answer | None, choice: state.Choice | None = None) -> None:
    """Everything about one trace, the answer to the reader's question first."""
    views.failure(trace)
    if choice is not None:
        retrying.again(trace)
        rewriting.again(trace, choice.collection, choice.owner)
    views.headline(headline(trace))
    if choice is not None:
        reading.rest(trace)
    views.first_pass(trace)
    views.filtered(trace)
    answer = answered(trace, answer, choice)
    if answer is not None:
        trace = trace.model_copy(update={"answer": answer})
    views.strip(trace, answer)
    views.searches(trace)
    views.notes(trace)
    ranking(trace)
    ask.downloads(trace)


def answered(trace: Trace, answer: Answer | None, choice: state.Choice | None) -> Answer | None:
    """The answer in its card, beside the one without reranking where that is wanted."""
    if answer is None and choice is not None:
        if two_answers.wanted(trace):
            return two_answers.show(trace, choice)
        answer = ask.answer(trace, choice)
    if answer is not None:
        card(trace, answer)
    return answer


@st.fragment
def ranking(trace: Trace) -> None:
    """The chart, the table and the chosen candidate; choosing one redraws only these."""
    table = views.candidates(trace)
    if table.empty:
        return
    ids = list(table["chunk_id"])
    another = st.session_state.get("cand_of") != trace.query
    chosen = ids[0] if another or st.session_state.get("cand") not in ids else st.session_state["cand"]
    st.session_state.update(cand=chosen, cand_of=trace.query)  # set anew, so that the box shows its present rank
    st.subheader("Rank movement", anchor=False)
    st.caption(rank_movement.reading(trace))
    fig = rank_movement.figure(trace, state.palette(), chosen)
    st.plotly_chart(
        fig,
        key="movement",
        theme=None,
        config={"displayModeBar": False},
        on_select=choose_in_chart,
        selection_mode="points",
    )
    st.subheader("Candidates", anchor=False)
    views.candidate_table(trace, table, key="candidates", on_select=lambda: choose_in_table(ids))
    st.selectbox(
        "Candidate in full",
        ids,
        key="cand",
        format_func=lambda chunk_id: views.candidate_label(trace, chunk_id),
    )
    views.candidate(trace, st.session_state["cand"])


def choose_in_chart() -> None:
    """A click on a line's end chooses that candidate."""
    points = st.session_state["movement"].selection.points
    if points and points[0].get("customdata"):
        data = points[0]["customdata"]
        st.session_state["cand"] = data if isinstance(data, str) else data[0]


def choose_in_table(ids: list[str]) -> None:
    """A click on a row chooses that candidate."""
    rows = st.session_state["candidates"].selection.rows
    if rows:
        st.session_state["cand"] = ids[rows[0]]


main()
