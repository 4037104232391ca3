"""Scores & threshold: how every step scores, what a threshold keeps and drops, which one a labelled set asks for."""

from __future__ import annotations

import html

import streamlit as st

from rag_core.analysis.query_scores import QueryScores, score_query
from rag_core.analysis.threshold_choice import choose
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.replay import recut, replay
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.measurement import Measurement
from rag_core.schema.scale import Scale, scale_of
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import can_cut, can_cut_recorded, relevance_space
from rag_core.schema.trace import Trace
from rag_core.wording.analysis_captions import threshold_choice_caption
from rag_core.wording.numbers import count_of, score_text, threshold_text, titles_of
from rag_core.wording.outcomes import outcome_text, worded
from rag_core.wording.run_captions import own_unit, uncuttable
from rag_core.wording.thresholds import RANKS_ONLY, why_no_threshold
from ui import caches
from ui.charts import labelled_scores, risk_coverage, score_curve, score_histograms, threshold_tradeoff
from ui.panels import (
    chart_panel,
    history,
    linked_run,
    live_run,
    query_sets,
    question_box,
    retrying,
    saved_run,
    spent,
    views,
    waiting,
)
from ui.sidebar import link_values, state
from ui.sidebar.calibrated import threshold_name
from ui.sidebar.state import SidebarState

DROPPED_SHOWN = 6
COSTS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def main() -> None:
    """One question's scores and its threshold, then the threshold of the labelled set, which no run of another pipeline
    can use."""
    state.page("Scores & threshold")
    run = saved_run.peek() or linked_run.peek()
    if retriever := live_run.chosen(run):
        with views.guard():
            if trace := live_run.asked(retriever, "See how your retriever scores its results.", files=True):
                show(trace)
        return
    choice = state.sidebar()
    saved = saved_run.trace_file()
    if saved:
        saved_run.close_button()
    saved = saved or linked_run.opened(peeked=run)
    query = question_box.question(choice, disabled=saved is not None)
    with views.guard():
        if saved is not None:
            show(saved)
        elif query:
            question = caches.question(choice, query)
            trace = waiting.trace(question, choice.policy)
            history.remember(trace)
            show(trace, question)
        else:
            question_box.welcome(choice)
        if saved is None or saved.origin is None:
            calibration(choice)


def show(trace: Trace, question: QuerySession | None = None) -> None:
    """The threshold with what it does, then every step's scores. A live run that failed can be tried again."""
    views.failure(trace)
    if question is not None:
        retrying.again(question, trace)
    views.filtered(trace)
    spent.of_runs(trace)
    cutting(trace)


@st.fragment
def cutting(trace: Trace) -> None:
    """The slider, the sorted scores, what is kept and dropped, and every step's scores. Moving it redraws only these,
    and runs no model."""
    space = trace.relevance_space
    cut = trace
    if not (can_cut_recorded if trace.origin else can_cut)(space):
        why = f"{why_no_threshold(space)} Choose another reranker in the sidebar."
        st.info(uncuttable(trace) if trace.origin else why)
    else:
        scale = scale_of(space, trace.relevance.values())
        minimum = threshold_slider(trace, scale)
        moved = trace.policy.threshold.with_(minimum=scale.threshold(minimum).minimum, space=space)
        cut = trace if trace.origin and moved.minimum is None else recut(trace, moved)
    left, right = st.columns([3, 2], gap="large")
    with left:
        fig = score_curve.figure(cut, state.palette())
        chart_panel.show(
            "Sorted scores", score_curve.caption(cut), fig, worded(cut, score_curve.places(cut)), "curve", section=True
        )
    with right:
        kept_and_dropped(cut)
        if can_cut(space) and not trace.origin:
            put_button(minimum, space, "put_cut", threshold_name(trace.policy.with_(threshold=cut.policy.threshold)))
    figs = [(len(part), score_histograms.figure(cut, state.palette(), part)) for part in score_histograms.parts(cut)]
    chart_panel.show_parts(
        "Scores by step", score_histograms.caption(cut), figs, score_histograms.bins(cut), "histograms", section=True
    )


def threshold_slider(trace: Trace, scale: Scale) -> float:
    """The page's own threshold. It follows the policy's whenever that changes, and is part of the link."""
    key, cut = f"cut_{scale.space}", trace.policy.threshold.minimum
    base = cut if cut is not None and scale.holds(cut) else scale.low
    moved = st.session_state.get("cut_base", base) != base or not scale.holds(st.session_state.get(key, base))
    st.session_state["cut_base"] = base
    if moved:
        st.session_state[key] = base
    label = f"Try a threshold ({scale.space})"
    link_values.number(key, label, scale.low, scale.high, by_page=True)
    threshold = st.slider(
        label, scale.low, scale.high, base, scale.step, f"%.{scale.decimals}f", key=key, bind="query-params"
    )
    link_values.show(key)
    if scale.own_unit:
        st.caption(own_unit(scale))
    return threshold


def kept_and_dropped(trace: Trace) -> None:
    """Two lists, and what becomes of the answer."""
    kept = trace.kept_step.hits
    dropped = [hit for hit in trace.final_step.hits if hit.passage_id not in trace.kept_step.by_passage]
    st.header(f"Keeps {len(kept)}, drops {len(dropped)}", anchor=False)
    if trace.unknown and not trace.origin:
        st.html('<p class="sp-answer" data-testid="verdict">Nothing is left: the answer is “I don\'t know”.</p>')
    lists = [
        ("Kept", [hit.passage_id for hit in kept]),
        ("Dropped", [hit.passage_id for hit in dropped[:DROPPED_SHOWN]]),
    ]
    if kept or dropped:
        st.html("".join(_list(trace, name, ids) for name, ids in lists if ids))
    if len(dropped) > DROPPED_SHOWN:
        st.caption(f"and {len(dropped) - DROPPED_SHOWN} more, all in the table")


def _list(trace: Trace, name: str, ids: list[str]) -> str:
    """An HTML list of passages with score and outcome, every title escaped."""
    rows = []
    titles = titles_of(trace.passages[passage_id] for passage_id in ids)
    for passage_id in ids:
        score = trace.relevance.get(passage_id)
        shown = "no score" if score is None else score_text(score, trace.relevance_space)
        outcome = "" if name == "Kept" else f", {outcome_text(trace, trace.outcome(passage_id))}"
        rank = trace.final_step.by_passage[passage_id].rank
        rows.append(f'<li value="{rank}">{html.escape(titles[passage_id])} <small>{shown}{outcome}</small></li>')
    return f'<b>{name}</b><ol class="sp-list" data-testid="{name.lower()}">{"".join(rows)}</ol>'


def put_button(minimum: float, space: ScoreSpace, key: str, control: str) -> None:
    """Puts a threshold into the policy, which is the sidebar's: the nearest that its slider has."""
    settable = Scale(space=space).nearest(minimum)
    clicked = st.button(
        f"Set the threshold to {space} {threshold_text(settable)}",
        key=key,
        icon=":material/input:",
        on_click=_put,
        args=(settable, control),
    )
    if clicked:
        st.rerun()


def _put(minimum: float, control: str) -> None:
    st.session_state[f"t_{control}"] = minimum


def calibration(choice: SidebarState) -> None:
    """The labelled set: score it once, then choose a threshold by its cost."""
    st.header("Choose a threshold from labelled questions", anchor=False)
    questions = caches.labelled_set(choice.collection)
    if questions is None:
        st.caption("This collection has no labelled questions. Choose the sample corpus, which comes with some.")
        return
    space = relevance_space(entry_of(choice.policy.reranker).space, choice.policy.calibration)
    if space is ScoreSpace.RRF:
        st.caption(f"{RANKS_ONLY} Choose a reranker in the sidebar.")
        return
    scored = scored_set(choice, questions)
    if scored:
        chosen_threshold(scored, space, threshold_name(choice.policy))


def scored_set(choice: SidebarState, questions: LabelledSet) -> list[QueryScores]:
    """The set's questions as scored under the policy, its threshold aside; none before the button was pressed."""
    policy = query_sets.uncut(choice.policy)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        queries = query_sets.chosen(questions, "Questions", "set_size")
        start = st.button(f"Score {count_of(len(queries), 'question')}", key="score_set", icon=":material/play_arrow:")

    def make(query: Query, measurement: Measurement) -> QueryScores:
        return score_query(replay(measurement, policy), query_sets.grades_of(questions, query))

    return query_sets.run(choice, queries, [policy], make, "labelled", start)


@st.fragment
def chosen_threshold(scored: list[QueryScores], space: ScoreSpace, control: str) -> None:
    """The distributions, the trade, and the threshold that costs least at the chosen cost. control: which threshold of
    the sidebar it goes to."""
    label = "One wrong answer is as bad as this many “I don't know”"
    link_values.choice("wrong_cost", label, [str(one) for one in COSTS], by_page=True)
    cost = st.select_slider(label, COSTS, 1.0, key="wrong_cost", bind="query-params")
    link_values.show("wrong_cost")
    best = choose(scored, float(cost))
    told = threshold_choice_caption(scored, best, space)
    st.html(f'<div class="sp-headline" data-testid="choice">{html.escape(told)}</div>')
    if best.separates:
        put_button(best.minimum, space, "put_best", control)
    colours = state.palette()
    fig = labelled_scores.figure(scored, space, colours)
    chart_panel.show(
        "Scores of the labelled questions",
        labelled_scores.caption(scored),
        fig,
        labelled_scores.bins(scored),
        "labelled",
    )
    left, right = st.columns(2, gap="large")
    with left:
        fig = threshold_tradeoff.figure(scored, best, space, colours)
        rates = threshold_tradeoff.rates(scored)
        told = threshold_tradeoff.caption(scored, best)
        chart_panel.show("What each threshold does", told, fig, rates, "trade")
    with right:
        fig = risk_coverage.figure(scored, best.minimum, colours)
        chart_panel.show("Risk and coverage", risk_coverage.caption(scored), fig, risk_coverage.steps(scored), "risk")


main()
