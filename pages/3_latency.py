"""Latency & cost: where the time of a run went, of many runs, what a pool costs in time, and reranking in money."""

from __future__ import annotations

from statistics import median

import pandas as pd
import streamlit as st

from rag_core.analysis import cost, latency, latency_model, latency_of_runs
from rag_core.analysis.latency import duration, loaded_ms
from rag_core.analysis.reranker_speed import measure_speed
from rag_core.errors import BadInput
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.catalogue import NONE, entry_of
from rag_core.schema.trace import Trace
from rag_core.wording.paid_calls import embedding_bill
from ui import caches
from ui.charts import budget_bar, time_by_pool, waterfall
from ui.panels import (
    answer,
    chart_panel,
    costs,
    history,
    linked_run,
    live_run,
    live_times,
    question_box,
    retrying,
    run_latency,
    spent,
    views,
    waiting,
)
from ui.sidebar import link_values, state
from ui.sidebar.state import SidebarState


def main() -> None:
    """This run, the runs of the session and the saved ones, time by pool, and the month's bill."""
    state.page("Latency & cost")
    linked_run.leave()
    run = linked_run.peek()
    if run and run.origin:
        linked_run.opened(peeked=run, here=linked_run.LATENCY)
        with views.guard():
            run_latency.show(run)
        return
    if retriever := live_run.chosen(run):
        with views.guard():
            live_times.show(retriever)
        return
    choice = state.sidebar()
    linked_run.opened()
    query = question_box.question(choice)
    with views.guard():
        trace = None
        if query:
            question = caches.question(choice, query)
            trace = waiting.trace(question, choice.policy)
            history.remember(trace)
            this_run(question, with_answer(question, trace))
        else:
            question_box.welcome(choice)
        saved = history.opened()
        runs = [*history.runs(), *saved]
        if runs:
            many_runs(runs, trace)
        line = by_pool(runs, trace, choice)
        costs.show(choice, trace, line)


def with_answer(question: QuerySession, trace: Trace) -> Trace:
    """The run with its quoted answer, so that the answer's time is there; a chat model is not called from here."""
    return answer.with_answer(trace, waiting.made_answer(question, trace))


def this_run(question: QuerySession, trace: Trace) -> None:
    """The waterfall, and beside it the figures that do not lie on its axis."""
    views.failure(trace)
    retrying.again(question, trace)
    loads = loaded_ms(trace)
    reports = [report for _, report in trace.rerank_passes]
    timed = sum(step.timing.took_ms for step, _ in trace.rerank_passes)
    tokenised = sum(report.tokenise_ms for report in reports)
    share = f"{tokenised / timed:.0%} of scoring" if timed and tokenised else "–"
    figures = {
        "Time before the answer": latency.time_text(trace.took),
        "Model loading": duration(loads) if loads else "0 (already loaded)",
        "Pairs scored": f"{trace.pairs_timed:,}",
        "From the cache": f"{sum(report.pairs_cached for report in reports):,}",
        "Batches": f"{sum(report.batches for report in reports):,}",
        "Tokens": f"{sum(report.tokens for report in reports):,}",
        "Tokenising": share,
        **_bill(trace),
    }
    with st.container(horizontal=True, key="run_figures"):
        for name, value in figures.items():
            st.metric(name, value)
    spent.of_runs(trace)
    fig = waterfall.figure(trace, state.palette())
    chart_panel.show("This run", waterfall.caption(trace), fig, waterfall.lanes(trace), "waterfall", section=True)


def _bill(trace: Trace) -> dict[str, str]:
    """What services billed for this run, where a hosted one scored pairs or embedded the question."""
    paid = [(report, entry_of(report.name)) for _, report in trace.rerank_passes if report.pairs_timed]
    bills = [cost.billed(one.units, one.tokens, entry.price) for one, entry in paid if entry.kind == "hosted"]
    embedded = {"Embedding billed": embedding_bill(trace)} if trace.embedding else {}
    return ({"Billed": " + ".join(bills)} if bills else {}) | embedded


@st.fragment
def many_runs(given: list[Trace], shown: Trace | None) -> None:
    """Where the machine stands against the assumed budget, and percentiles per step."""
    runs, compared = latency_of_runs.measured_runs(given) or given, latency_of_runs.compared_runs(given)
    before = [trace.took_ms for trace in compared]
    only = compared[0].query if len(compared) == 1 and compared[0] is not shown else None
    p50, p95 = median(before), float(pd.Series(before).quantile(0.95))
    fig = budget_bar.figure(p50, p95, state.palette())
    chart_panel.show(
        "Against the assumed budget",
        budget_bar.caption(p50, len(before), only, len(given) - len(compared)),
        fig,
        budget_bar.table(p50, p95),
        "budget",
        section=True,
    )
    st.header("Percentiles by step", anchor=False)
    kinds = pd.Series([latency.warmth(trace) for trace in runs]).value_counts()
    options = ["all", *(kind for kind in ("cold", "warm", "cached") if kind in kinds)]
    wanted = st.segmented_control(
        "Runs",
        options,
        default="all",
        key="warmth",
        format_func=lambda kind: f"{kind} ({len(runs) if kind == 'all' else kinds[kind]})",
    )
    st.caption(
        "Cold: the run loaded a model (the loading time is not counted). Cached: no pair was scored. With fewer than "
        "20 runs the 95th percentile is close to the slowest run."
    )
    chosen = [trace for trace in runs if wanted in (None, "all") or latency.warmth(trace) == wanted]
    table = latency_of_runs.percentiles(chosen)
    numbers = {name: st.column_config.NumberColumn(f"{name} (ms)", format="%.1f") for name in ("p50", "p95", "max")}
    st.dataframe(table, hide_index=True, key="percentiles", column_config=numbers)
    chart_panel.data(latency_of_runs.runs_table(runs), "runs")


def by_pool(runs: list[Trace], trace: Trace | None, choice: SidebarState) -> latency_model.LatencyLine | None:
    """Time against pool size for the chosen reranker, from the runs and from a measurement on request."""
    st.header("How many candidates fit your budget", anchor=False)
    same = [run for run in runs if run.policy.reranker == choice.policy.reranker]
    measured: list[latency_model.LatencyPoint] = st.session_state.setdefault("paces", {}).setdefault(
        choice.policy.reranker, []
    )
    off = choice.policy.reranker == NONE
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = costs.number(st, "Budget before the answer (ms)", 10, 60_000, 580, 10, "budget_ms")
        pressed = st.button(
            "Measure this reranker",
            key="measure_pace",
            icon=":material/speed:",
            disabled=trace is None or off,
            help="Times the reranker on 5 to 40 passages of this question, bypassing the cache.",
        )
    link_values.show("budget_ms")
    if pressed and trace is not None:
        with spent.counted("speed"):
            measured[:] = measure(trace, choice)
    spent.of_work("speed")
    points = [*latency_model.rerank_points(same), *measured]
    other = median(run.took_ms - run.reranked_step.timing.took_ms for run in same) if same else 0.0
    try:
        line = latency_model.fit(points)
    except BadInput as exc:
        st.caption("No reranker is chosen." if off else str(exc))
        return None
    fig = time_by_pool.figure(points, line, budget, other, state.palette())
    sentence = time_by_pool.caption(line, budget, other)
    chart_panel.show("Reranking time by pool", sentence, fig, time_by_pool.table(points), "pools")
    return line


def measure(trace: Trace, choice: SidebarState) -> list[latency_model.LatencyPoint]:
    """The reranker's pace on this question's candidates, with a bar."""
    passages = [trace.passages[hit.passage_id] for hit in trace.head]

    pipeline = caches.pipeline(choice.collection, choice.owner)
    with waiting.stoppable("speed", "Timing the reranker") as bar, pipeline.reading_tokens():

        def step(done: int, total: int) -> None:
            bar.progress(done / max(total, 1), "Timing the reranker")

        reranker = caches.reranker(choice.policy.reranker)
        return measure_speed(reranker, trace.query, passages, progress=step)


main()
