"""Fit the chosen reranker's probability and threshold on the questions that are evaluated, keep it, or remove it."""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.evaluation.calibrating import CalibrationFit, fit, grades_of
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.sets import LabelledSet
from rag_core.rerank.catalogue import called
from rag_core.wording.calibrations import sentences
from ui import auth
from ui.charts import reliability_curve
from ui.panels import chart_panel, views
from ui.sidebar import calibrated, state
from ui.sidebar.state import SidebarState

WHAT = (
    "Fits the probability that a passage answers to this reranker's scores, by replay of the scores above. What you "
    "keep is its probability and threshold on this collection from then on: here, on the other pages and on the "
    "command line."
)


def calibrating(choice: SidebarState, questions: LabelledSet, pools: Pools) -> None:
    """How the probability would hold, a button that keeps it, and what is kept now."""
    st.header("Calibrate the reranker", anchor=False)
    st.caption(WHAT)
    try:
        found = fit(pools, choice.policy, questions, _relevant_from(questions))
    except BadInput as exc:
        st.caption(views.markdown(f"{called(choice.policy.reranker)}: {exc}"))
        _kept(choice)
        return
    for line in sentences(found):
        st.markdown(views.markdown(line))
    fig, table = reliability_curve.figure(found, state.palette()), reliability_curve.table(found)
    chart_panel.show("Reliability", reliability_curve.caption(found), fig, table, "reliability")
    st.button(
        "Use this calibration",
        key="calibrate_keep",
        icon=":material/tune:",
        on_click=_keep,
        args=(choice, found),
        help=f"Keeps it for {called(choice.policy.reranker)} on {choice.collection}, in the place of an earlier one.",
    )
    _kept(choice)


def _relevant_from(questions: LabelledSet) -> int:
    """The lowest grade that counts as an answer; asked where the set has several."""
    grades = grades_of(questions)
    if len(grades) < 2:
        return grades[0] if grades else 1
    label = "Lowest grade that answers"
    return int(st.segmented_control(label, grades, default=grades[0], required=True, key="calibrate_from") or grades[0])


def _keep(choice: SidebarState, found: CalibrationFit) -> None:
    calibrated.book(choice.collection).keep(choice.collection, found, auth.author())
    calibrated.turn_on(found.threshold.minimum)


def _kept(choice: SidebarState) -> None:
    """What is kept for the chosen reranker on this collection, and the way to remove it."""
    kept = calibrated.kept(choice.collection, choice.policy.reranker)
    if kept is None:
        return
    who = f" by {kept.fitted_by}" if kept.fitted_by else ""
    told = f"Kept since {kept.fitted_at:%Y-%m-%d %H:%M} UTC{who}, fitted on {kept.fit.questions} questions of "
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(views.markdown(f"{told}{kept.fit.set_name}."))
        st.button(
            "Remove the calibration",
            key="calibrate_remove",
            icon=":material/delete:",
            type="tertiary",
            on_click=_remove,
            args=(choice,),
        )


def _remove(choice: SidebarState) -> None:
    calibrated.book(choice.collection).remove(choice.collection, choice.policy.reranker)
