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
from rag_core.rerank.catalogue import NONE, entry_of
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import FirstPass, Policy, Signals
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import comparison_verdict, difference
from rag_core.wording.numbers import count_of, threshold_text
from ui import caches
from ui.charts import score_scatter, two_columns
from ui.panels import (
    answer,
    chart_panel,
    chosen_runs,
    history,
    linked_run,
    picking,
    query_sets,
    question_box,
    recorded_queries,
    retrying,
    run_compare,
    spent,
    views,
    waiting,
)
from ui.sidebar import access, link_values, recorded, state
from ui.sidebar.state import SidebarState, threshold_for

COLUMNS = ("query", "kind", "rbo", "tau", "left_first", "right_first", "common", "only_left", "only_right")
SAMPLE_SET, SESSION, TYPED = "Labelled questions", "This session's questions", "Pasted questions"
RECORDED = "Recorded runs"


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
    choice = state.sidebar()
    linked_run.opened()
    query = question_box.question(choice)
    other = other_policy(choice.policy)
    names = policy_names(other, choice.policy)
    with views.guard():
        if query:
            question = caches.question(choice, query)
            left, right = (waiting.trace(question, policy) for policy in (other, choice.policy))
            history.remember(right)
            one_question(question, left, right, names)
        else:
            question_box.welcome(choice)
        many_questions(choice, other, names)


def other_policy(policy: Policy) -> Policy:
    """Side A, chosen here; side B is the sidebar's policy. Depth and fusion are shared, and both read the same
    candidates: without the first pass of B, A's reranker reads all that it reads."""
    offered = access.usable()
    keys, labels = list(offered), access.labels(offered)
    default = NONE if policy.reranker != NONE else keys[0]
    with st.container(border=True):
        reranker_box, threshold_box, top_k_box, switches = st.columns([3, 3, 2, 2], vertical_alignment="center")
    link_values.choice("ra", "A: reranker", list(labels.values()), by_page=True)
    key = reranker_box.selectbox(
        "A: reranker",
        keys,
        index=keys.index(default),
        format_func=lambda name: labels[name],
        key="ra",
        bind="query-params",
        help="Side A. Side B uses the settings in the sidebar. Both rerank the same candidates.",
    )
    link_values.number("ka", "A: top-k", 1, 20, by_page=True)
    top_k = top_k_box.slider("A: top-k", 1, 20, policy.top_k, key="ka", bind="query-params")
    on = switches.toggle("A: signals", policy.signals.on, key="siga", bind="query-params")
    first_pass = _other_first_pass(switches, policy, key)
    threshold = threshold_for(offered[key], "A: threshold", "ta", box=threshold_box)
    link_values.show("ra", "ka", f"ta_{threshold.space}")
    return policy.with_(
        reranker=key,
        first_pass=first_pass,
        pool=policy.pool if first_pass or not policy.first_pass else policy.first_pass.pool,
        top_k=top_k,
        threshold=threshold,
        signals=policy.signals.with_(on=on) if on else Signals(),
    )


def _other_first_pass(box: st.delta_generator.DeltaGenerator, policy: Policy, reranker: str) -> FirstPass | None:
    """The sidebar's first pass where side A has it too; asked only where there is one."""
    if policy.first_pass is None:
        return None
    told = f"Off: A's reranker reads all {policy.first_pass.pool} candidates that B's first pass reads."
    off = reranker == NONE
    on = box.toggle("A: first pass", key="fpa", bind="query-params", disabled=off, help=told)
    return policy.first_pass if on and not off else None


def policy_names(a: Policy, b: Policy) -> tuple[str, str]:
    """What tells the two apart, short: the rerankers, and where those are the same whatever else differs."""
    named = _passes if a.first_pass or b.first_pass else _reranker
    labels = [named(policy) for policy in (a, b)]
    if labels[0] != labels[1]:
        return labels[0], labels[1]
    return f"{labels[0]}, {_rest(a)}", f"{labels[1]}, {_rest(b)}"


def _reranker(policy: Policy) -> str:
    return entry_of(policy.reranker).label


def _passes(policy: Policy) -> str:
    """Each pass with how many it reads: `Late interaction 100 → second-pass-minilm-v2 20`."""
    passes = [(policy.first_pass.reranker, policy.first_pass.pool)] if policy.first_pass else []
    passes.append((policy.reranker, policy.pool))
    return " → ".join(f"{entry_of(key).label.split(' (')[0]} {reads}" for key, reads in passes)


def _rest(policy: Policy) -> str:
    minimum = policy.threshold.minimum
    cut = f"threshold {threshold_text(minimum)}" if minimum else "no threshold"
    return f"{cut}, top-{policy.top_k}{', signals' if policy.signals.on else ''}"


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
        two_columns.caption(compare_rankings(left, right)),
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
        answered.append(trace.model_copy(update={"recorded_answer": found}))
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
