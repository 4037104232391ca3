"""Evaluate: is the reranker worth it on these questions, and how sure is that?"""

from __future__ import annotations

import streamlit as st

from rag_core.analysis.latency_of_runs import expected_ms
from rag_core.evaluation.bench import Bench
from rag_core.evaluation.board import Board, asked_by
from rag_core.evaluation.clock import retrieval_ms
from rag_core.evaluation.outcome import EvaluationResult
from rag_core.evaluation.quality_time import ways_of
from rag_core.evaluation.report import HEADLINE, SPLIT
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.vectorised_replay import relevance_space_of
from rag_core.rerank.catalogue import called
from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.evaluations import evaluation_estimate
from rag_core.wording.numbers import count_of
from ui.charts import cut_curves, group_changes, loss_split, quality_time, setting_curve
from ui.panels import (
    calibrating,
    chart_panel,
    evaluation,
    evaluation_files,
    evaluation_tables,
    fine_tuning,
    history,
    judging,
    linked_run,
    live_evaluation,
    run_evaluation,
    spent,
    views,
)
from ui.panels.run_selection import RECORDED
from ui.sidebar import link_values, retrievers, state
from ui.sidebar.state import SidebarState

METRICS = (SPLIT, "nDCG@5", "RR@10", "P@5", "R@100", "AP@100", "Success@5")

PROMISE = """
You get:

- a verdict with its certainty: is what the answer gets better after reranking than before?
- the step at which the right passages are lost: search, pool, ranking or threshold
- curves over pool, depth, threshold and top-k, with the least value that is enough
- the questions that reranking helps and those it harms, each linked to Inspect and Triage
"""


def main() -> None:
    """The questions, one scoring pass, then everything by replay."""
    state.page("Evaluate")
    linked_run.leave()
    if retriever := retrievers.chosen():
        with views.guard():
            live_evaluation.show(retriever)
        return
    choice = state.asked_in_full(state.sidebar())
    with views.guard():
        kind = evaluation.source(choice)
        if kind == RECORDED:
            run_evaluation.show()
            return
        questions = evaluation.labelled(choice, kind)
        if questions is None:
            st.caption("Add questions and their grades to start.")
            return
        if kind == evaluation.RUNS:
            found = evaluation_files.elsewhere(questions)
            if found is not None:
                show(choice, found, None)
            return
        measured(choice, questions)


def measured(choice: SidebarState, questions: LabelledSet) -> None:
    """Our own pipeline: score what is missing on request, then show."""
    bench = evaluation.bench(choice, questions)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        queries = evaluation.spread(questions)
        place = st.empty()
    fresh = evaluation.unmeasured(bench, queries, choice.policy)
    asked = questions.only(query.id for query in queries)
    pools = None if fresh else evaluation.pools_of(choice, bench, asked)
    lacking = None if pools is None else evaluation.missing(pools, choice.policy)
    spent.of_work("evaluation")
    if lacking != 0:
        label = f"Evaluate {count_of(len(queries), 'question')}" if lacking is None else f"Score {lacking:,} pairs"
        if not place.button(label, key="eval_score", type="primary", icon=":material/play_arrow:"):
            st.caption(begin(choice, len(queries), len(fresh)))
            st.markdown(PROMISE)
            return
        evaluation.score(choice, bench, queries, [choice.policy])
        st.rerun()
    if pools is not None:
        show(choice, evaluation.outcome(choice, bench, asked, pools), bench)
        calibrating.calibrating(choice, asked, pools)
        st.header("Grade passages", anchor=False)
        judging.judging(choice, asked, bench)
        fine_tuning.fine_tuning(choice, asked, bench)


def begin(choice: SidebarState, asked: int, fresh: int) -> str:
    """The note next to the button: what scoring will do and how long it may take, or how far it is."""
    takes = evaluation_estimate(expected_ms(history.runs(), choice.policy, fresh))
    if fresh == asked:
        once = "The reranker scores the candidates of every question once. After that, every setting answers at once."
        return f"{once} {takes}"
    return f"{asked - fresh} of {asked} questions are measured. Scoring continues from there. {takes}"


def show(choice: SidebarState, found: EvaluationResult, bench: Bench | None) -> None:
    """Everything about one outcome, the verdict first."""
    evaluation_tables.headline(found.report)
    evaluation_tables.notices(found.report, found.unknown)
    evaluation_tables.steps(found.report)
    link_values.choice("eval_metric", "Metric", METRICS, by_page=True)
    metric = str(st.selectbox("Metric", METRICS, key="eval_metric", bind="query-params") or METRICS[0])
    link_values.show("eval_metric")
    board = evaluation.curves(found, metric)
    colours = state.palette()
    if board.headroom:
        fig = loss_split.figure(board.headroom, colours)
        chart_panel.show(
            "Where quality is lost", loss_split.caption(board.headroom), fig, loss_split.table(board.headroom), "loss"
        )
    curves(board)
    cuts(found, board)
    if bench is not None:
        complete(choice, found, board, bench)
        times(choice, found, bench, metric)
    groups(found)
    evaluation_tables.harmed(found.report, choice.collection)
    evaluation_tables.files(found.report)


@st.fragment
def curves(board: Board) -> None:
    """One curve a tab."""
    colours = state.palette()
    for name, tab in zip(board.curves, st.tabs([setting_curve.short_title(one) for one in board.curves]), strict=True):
        with tab:
            curve = board.curves[name]
            fig = setting_curve.figure(curve, colours)
            key = f"curve_{name.replace(' ', '_')}"
            chart_panel.show(
                f"{curve.metric} by {name}", setting_curve.caption(curve), fig, setting_curve.table(curve), key
            )


def cuts(found: EvaluationResult, board: Board) -> None:
    """Threshold and top-k side by side; no threshold without a reranker, since fused ranks say nothing to cut by."""
    policy, colours = found.policy, state.palette()
    if not board.by_top_k:
        return
    left, right = st.columns(2, gap="large")
    with right if policy.reranker != NO_RERANKER else left:
        fig = cut_curves.figure(board.by_top_k, "top_k", policy.top_k, "top-k", colours)
        told = cut_curves.caption(board.by_top_k, "top_k")
        chart_panel.show("What top-k keeps", told, fig, cut_curves.table(board.by_top_k), "topks")
    if policy.reranker == NO_RERANKER:
        return
    with left:
        space = relevance_space_of(found.pools, policy)
        log, now = space is ScoreSpace.PROBABILITY, policy.threshold.minimum
        fig = cut_curves.figure(board.by_threshold, "threshold", now, f"threshold ({space})", colours, log)
        told = cut_curves.caption(board.by_threshold, "threshold")
        chart_panel.show("What a threshold keeps", told, fig, cut_curves.table(board.by_threshold), "thresholds")


def complete(choice: SidebarState, found: EvaluationResult, board: Board, bench: Bench) -> None:
    """Score what the curves still lack, on request."""
    if not board.unscored:
        return
    queries = [found.labelled.by_id[one] for one in found.pools.query_ids]
    told = f"Some points of the curves are missing: at least {board.unscored:,} pairs have no score yet."
    st.caption(told)
    if st.button("Score them", key="eval_complete", icon=":material/playlist_add:"):
        evaluation.score(choice, bench, queries, asked_by(choice.policy, evaluation.LARGEST_POOL))
        st.rerun()


def times(choice: SidebarState, found: EvaluationResult, bench: Bench, metric: str) -> None:
    """Quality against measured time for every reranker that is scored; measured on request."""
    rerankers = [name for name in found.pools.scores if name != NO_RERANKER]
    lacking = [name for name in rerankers if name not in bench.times]
    if lacking and st.button(
        f"Measure the time of {views.label(', '.join(map(called, lacking)))}", key="eval_time", icon=":material/timer:"
    ):
        evaluation.measure_times(choice, bench, found, lacking)
        st.rerun()
    search_ms = retrieval_ms({one: bench.measurements[one] for one in found.pools.query_ids}, found.policy)
    ways = ways_of(found, bench.times, metric, search_ms)
    if len(ways) > 1:
        fig = quality_time.figure(ways, metric, state.palette())
        told = quality_time.caption(ways, metric)
        chart_panel.show("Quality against time", told, fig, quality_time.table(ways), "quality_time")


def groups(found: EvaluationResult) -> None:
    """Before and after by kind of query, or any other field that groups them."""
    fields = list(found.report.groups)
    if not fields:
        return
    field = str(st.selectbox("Group by", fields, key="eval_group")) if len(fields) > 1 else fields[0]
    rows = found.report.groups[field]
    fig = group_changes.figure(rows, HEADLINE[-1], state.palette())
    chart_panel.show(f"By {field}", group_changes.caption(rows), fig, group_changes.table(rows), "groups")


main()
