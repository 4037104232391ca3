"""Compare: two policies on the same question and the same frozen pool, and on many questions."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from rag_core.analysis.latency import time_text
from rag_core.analysis.rank_agreement import compare_rankings
from rag_core.analysis.run_comparison import QueryRow, row, table, tally
from rag_core.evaluation.sets import Query
from rag_core.pipeline.replay import replay
from rag_core.pipeline.session import QuerySession
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import comparison_verdict, difference
from rag_core.wording.numbers import count_of
from ui import caches
from ui.charts import score_scatter, two_columns
from ui.panels import (
    answer,
    chart_panel,
    chosen_runs,
    history,
    linked_run,
    live_compare,
    live_run,
    picking,
    query_sets,
    question_box,
    recorded_queries,
    retrying,
    run_compare,
    side_a,
    spent,
    views,
    waiting,
)
from ui.sidebar import recorded, state
from ui.sidebar.state import SidebarState

COLUMNS = ("query", "kind", "rbo", "tau", "left_first", "right_first", "common", "only_left", "only_right")
SAMPLE_SET, SESSION, TYPED = "Labelled questions", "This session's questions", "Pasted questions"
RECORDED = "Recorded runs"
PURPOSE = "See what your retriever returns beside its replay with other settings."  # of a live retriever


def main() -> None:
    """A against B for one question, then for many."""
    state.page("Compare")
    linked_run.leave()
    run = linked_run.peek()
    if run and run.origin:
        change = recorded.choose(run)
        linked_run.opened(replays=True, peeked=run, here=linked_run.COMPARE)
        with views.guard():
            run_compare.show(run, change)
        return
    if retriever := live_run.chosen(run):
        with views.guard():
            live_compare.show(retriever, live_run.asked(retriever, PURPOSE), recorded.choose)
        return
    choice = state.sidebar()
    linked_run.opened()
    query = question_box.question(choice)
    other = side_a.policy(choice.policy)
    names = side_a.names(other, choice.policy)
    with views.guard():
        if query:
            question = caches.question(choice, query)
            left, right = (waiting.trace(question, policy) for policy in (other, choice.policy))
            history.remember(right)
            one_question(question, left, right, names)
        else:
            question_box.welcome(choice)
        many_questions(choice, other, names)


def one_question(question: QuerySession, left: Trace, right: Trace, names: tuple[str, str]) -> None:
    """The sentence, the columns, both answers, the scatter."""
    for trace in (left, right):
        views.failure(trace)
    retrying.again(question, left, right)
    views.headline(difference(left, right, ("A", "B")))
    spent.of_runs(*answers(question, left, right, names))
    colours = state.palette()
    fig = two_columns.figure(left, right, names, colours)
    chart_panel.show(
        "Rank by rank",
        two_columns.caption(compare_rankings(left, right)) + two_columns.first_pass_places(left, right),
        fig,
        two_columns.joined(left, right),
        "columns",
    )
    fig = score_scatter.figure(left, right, names, colours)
    chart_panel.show(
        "Score by score", score_scatter.caption(left, right), fig, two_columns.joined(left, right), "scatter"
    )


def answers(question: QuerySession, left: Trace, right: Trace, names: tuple[str, str]) -> list[Trace]:
    """Each side's quoted answer and time, side by side; the runs with their answers."""
    answered = []
    for side, column, trace, name in zip("AB", st.columns(2, gap="large"), (left, right), names, strict=True):
        with column:
            found = waiting.made_answer(question, trace)
            heading = f"{side}: {name} · {time_text(trace.took)} before the answer"
            answer.card(trace, found, key=f"answer-{side.lower()}", heading=heading)
        answered.append(answer.with_answer(trace, found))
    return answered


def many_questions(choice: SidebarState, other: Policy, names: tuple[str, str]) -> None:
    """Which questions differ most between A and B, and which side the labels say is better."""
    st.header("Compare A and B on many questions", anchor=False)
    questions, grades = question_set(choice)
    if not questions:
        st.caption("Ask or paste some questions to compare A and B on them.")
        return
    start = st.button(
        f"Compare on {count_of(len(questions), 'question')}", key="compare_set", icon=":material/play_arrow:"
    )

    def make(query: Query, measurement: Measurement) -> QueryRow:
        left, right = (replay(measurement, policy) for policy in (other, choice.policy))
        return row(left, right, grades.get(query.id), query.kind)

    rows = query_sets.run(choice, questions, [other, choice.policy], make, "compared", start)
    if not rows:
        return
    views.headline(comparison_verdict(tally(rows), ("A", "B")))
    frame = table(rows)
    st.caption("The questions that differ most come first. Select a row to see that question.")
    st.dataframe(
        frame,
        hide_index=True,
        key="set_rows",
        on_select=lambda: _look_at(list(frame["query"])),
        selection_mode=picking.MODE,
        column_order=COLUMNS,
        column_config={
            "query": st.column_config.TextColumn("Question", width=330),
            "rbo": st.column_config.NumberColumn("RBO", format="%.2f"),
            "tau": st.column_config.NumberColumn("Kendall tau", format="%.2f"),
            "only_left": "Only A",
            "only_right": "Only B",
            "left_first": st.column_config.NumberColumn("1st relevant, A", format="%d"),
            "right_first": st.column_config.NumberColumn("1st relevant, B", format="%d"),
        },
    )
    st.caption(views.markdown(f"A: {names[0]}. B: {names[1]}."))
    chart_panel.data(frame, "compared_questions")


def question_set(choice: SidebarState) -> tuple[list[Query], dict[str, dict[str, int]]]:
    """The questions to compare on, and their grades where they are labelled."""
    labelled = caches.labelled_set(choice.collection)
    recorded = [RECORDED] if chosen_runs.there() else []
    kinds = [*([SAMPLE_SET] if labelled else []), SESSION, TYPED, *recorded]
    kind = st.segmented_control("Questions", kinds, default=kinds[0], key="which_set") or kinds[0]
    if kind == SAMPLE_SET and labelled:
        return query_sets.chosen(labelled, "Number of questions", "compare_size", at_first=30), labelled.qrels
    if kind == TYPED:
        text = st.text_area("One question per line", key="typed_questions", max_chars=20_000)
        return _queries(line.strip() for line in text.splitlines()), {}
    if kind == RECORDED:
        return _queries(recorded_queries.choose()), {}
    return _queries(trace.query for trace in history.runs()), {}


def _queries(texts: Iterable[str]) -> list[Query]:
    unique = dict.fromkeys(text for text in texts if text)
    return [Query(id=text, text=text) for text in unique]


def _look_at(queries: list[str]) -> None:
    row = picking.picked_row("set_rows")
    if row is not None:
        st.session_state["q"] = queries[row]


main()
