"""Scores & threshold: how every stage scores, what a threshold keeps and drops, which one a labelled set asks for."""

from __future__ import annotations

import html

import streamlit as st

from rag_core.calibrated_threshold import choose
from rag_core.calibrated_threshold import reading as choice_reading
from rag_core.config import THRESHOLD_STEP, Threshold
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.labelled import Labelled, labelled
from rag_core.narrative import score_text, threshold_text, title_of
from rag_core.replay import recut, replay
from rag_core.rerank.catalogue import entry_of
from rag_core.threshold import judged_space
from rag_core.trace import Measurement, Trace
from rag_core.types import ScoreSpace, StageName
from ui import ask, cached, history, picture, query_sets, retrying, state, views
from ui.charts import labelled_scores, risk_coverage, score_curve, score_histograms, threshold_tradeoff
from ui.state import Choice

DROPPED_SHOWN = 6
COSTS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def main() -> None:
    """One question's scores and its threshold, then the threshold of the labelled set."""
    state.page("Scores & threshold")
    choice = state.sidebar()
    saved = ask.trace_file()
    query = ask.question(choice, disabled=saved is not None)
    with views.guard():
        if saved is not None:
            show(saved)
        elif query:
            trace = cached.trace(choice.collection, choice.owner, query, choice.policy, choice.where)
            history.remember(trace)
            show(trace, live=True)
        else:
            ask.welcome(choice)
        calibration(choice)


def show(trace: Trace, live: bool = False) -> None:
    """The threshold with what it does, then every stage's scores. A live run that failed can be tried again."""
    views.failure(trace)
    if live:
        retrying.again(trace)
    views.filtered(trace)
    cutting(trace)
    fig = score_histograms.figure(trace, state.palette())
    picture.show("Scores by stage", score_histograms.reading(trace), fig, score_histograms.bins(trace), "histograms")


@st.fragment
def cutting(trace: Trace) -> None:
    """The slider, the sorted scores and what is kept and dropped. Moving it redraws only these, and runs no model."""
    space = trace.relevance_space
    cut = trace
    if space is ScoreSpace.RRF:
        st.info("Fused ranks say nothing about relevance, so nothing can be cut. Choose a reranker in the sidebar.")
    else:
        minimum = threshold_slider(trace)
        cut = recut(trace, Threshold(minimum=minimum or None, space=space))
    left, right = st.columns([3, 2], gap="large")
    with left:
        fig = score_curve.figure(cut, state.palette())
        picture.show("Sorted scores", score_curve.reading(cut), fig, score_curve.places(cut), "curve")
    with right:
        kept_and_dropped(cut)
        if space is not ScoreSpace.RRF:
            put_button(minimum, space, "put_cut")


def threshold_slider(trace: Trace) -> float:
    """The page's own threshold. It follows the policy's whenever that changes, and is part of the link."""
    space = trace.relevance_space
    key, base = f"cut_{space}", trace.policy.threshold.minimum or 0.0
    moved = st.session_state.get("cut_base", base) != base
    st.session_state["cut_base"] = base
    if moved:
        st.session_state[key] = base
    at_first = None if moved else base
    label = f"Try a threshold ({space})"
    return st.slider(label, 0.0, 1.0, at_first, THRESHOLD_STEP, "%.3f", key=key, bind="query-params")


def kept_and_dropped(trace: Trace) -> None:
    """Two lists, and the answer's fate in words."""
    kept = trace[StageName.KEPT].hits
    dropped = [hit for hit in trace[StageName.ADJUSTED].hits if hit.chunk_id not in trace[StageName.KEPT].by_chunk]
    st.subheader(f"Keeps {len(kept)}, drops {len(dropped)}", anchor=False)
    if trace.unknown:
        st.html('<p class="sp-answer" data-testid="verdict">Nothing is left: the answer is “I don\'t know”.</p>')
    lists = [("Kept", [hit.chunk_id for hit in kept]), ("Dropped", [hit.chunk_id for hit in dropped[:DROPPED_SHOWN]])]
    st.html("".join(_list(trace, name, ids) for name, ids in lists if ids))
    if len(dropped) > DROPPED_SHOWN:
        st.caption(f"and {len(dropped) - DROPPED_SHOWN} more, all in the table")


def _list(trace: Trace, name: str, ids: list[str]) -> str:
    """An HTML list of passages with score and fate, every title escaped."""
    rows = []
    for chunk_id in ids:
        shown = score_text(trace.relevance[chunk_id], trace.relevance_space)
        fate = "" if name == "Kept" else f", {trace.fate(chunk_id)}"
        rank = trace[StageName.ADJUSTED].by_chunk[chunk_id].rank
        rows.append(
            f'<li value="{rank}">{html.escape(title_of(trace.chunks[chunk_id]))} <small>{shown}{fate}</small></li>'
        )
    return f'<b>{name}</b><ol class="sp-list" data-testid="{name.lower()}">{"".join(rows)}</ol>'


def put_button(minimum: float, space: ScoreSpace, key: str) -> None:
    """Puts a threshold into the policy, which is the sidebar's: the nearest that its slider has."""
    settable = min(1.0, max(0.0, round(round(minimum / THRESHOLD_STEP) * THRESHOLD_STEP, 3)))
    clicked = st.button(
        f"Use {space} {threshold_text(settable)} as the threshold",
        key=key,
        icon=":material/input:",
        on_click=_put,
        args=(settable, space),
    )
    if clicked:
        st.rerun()


def _put(minimum: float, space: ScoreSpace) -> None:
    st.session_state[f"t_{space}"] = minimum


def calibration(choice: Choice) -> None:
    """The labelled set: score it once, then choose a threshold by its cost."""
    st.header("On a labelled set", anchor=False)
    questions = cached.labelled_set(choice.collection)
    if questions is None:
        st.caption("This collection has no labelled questions. The sample corpus comes with a set.")
        return
    space = judged_space(entry_of(choice.policy.reranker).space)
    if space is ScoreSpace.RRF:
        st.caption("Fused ranks say nothing about relevance. Choose a reranker in the sidebar to choose a threshold.")
        return
    scored = scored_set(choice, questions)
    if scored:
        chosen_threshold(scored, space)


def scored_set(choice: Choice, questions: LabelledSet) -> list[Labelled]:
    """The set's questions as scored under the policy, its threshold aside; none before the button was pressed."""
    policy = query_sets.uncut(choice.policy)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        queries = query_sets.chosen(questions, "Questions", "set_size")
        start = st.button(f"Score {len(queries)} questions", key="score_set", icon=":material/play_arrow:")

    def make(query: Query, measurement: Measurement) -> Labelled:
        return labelled(replay(measurement, policy), query_sets.grades_of(questions, query))

    return query_sets.run(choice, queries, [policy], make, "labelled", start)


@st.fragment
def chosen_threshold(scored: list[Labelled], space: ScoreSpace) -> None:
    """The distributions, the trade, and the threshold that costs least at the chosen cost."""
    cost = st.select_slider(
        "A wrong answer costs as much as this many refused ones",
        COSTS,
        1.0,
        key="wrong_cost",
        bind="query-params",
    )
    best = choose(scored, float(cost))
    st.html(f'<div class="sp-headline" data-testid="choice">{html.escape(choice_reading(scored, best, space))}</div>')
    put_button(best.minimum, space, "put_best")
    colours = state.palette()
    fig = labelled_scores.figure(scored, space, colours)
    picture.show("How the set scores", labelled_scores.reading(scored), fig, labelled_scores.bins(scored), "labelled")
    left, right = st.columns(2, gap="large")
    with left:
        fig = threshold_tradeoff.figure(scored, best, space, colours)
        rates = threshold_tradeoff.rates(scored)
        told = threshold_tradeoff.reading(scored, best.minimum)
        picture.show("What each threshold does", told, fig, rates, "trade")
    with right:
        fig = risk_coverage.figure(scored, best.minimum, colours)
        picture.show("Risk and coverage", risk_coverage.reading(scored), fig, risk_coverage.steps(scored), "risk")


main()
