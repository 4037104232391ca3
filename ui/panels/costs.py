"""The month's bill of reranking: hosted or on a machine of one's own. Every figure can be changed."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from rag_core.analysis import cost, latency_model
from rag_core.schema.trace import Trace
from rag_core.wording.analysis_captions import cost_caption
from ui.charts import cost_curve
from ui.panels import chart_panel, views
from ui.sidebar import link_values, state
from ui.sidebar.state import SidebarState

UNMEASURED = 50.0
"""Pairs a second: a placeholder, and the page says so."""
FOLLOWED = "pps_at_first"
"""Session key: what the field of the pairs a second began with."""


def show(choice: SidebarState, trace: Trace | None, line: latency_model.LatencyLine | None) -> None:
    """The bill either way."""
    st.header("Cost", anchor=False)
    measured = _pairs_a_second(trace, line)
    first, second, third, fourth, fifth = st.columns(5)
    queries = number(first, "Queries a day", 1, 100_000_000, 10_000, 1000, "qpd")
    pool = number(second, "Candidates to rerank", 1, 1000, choice.policy.pool, 1, "cost_pool")
    hosted = number(third, "Hosted, $ per 1,000 searches", 0.01, 1000.0, cost.HOSTED.dollars, 0.1, "hosted")
    machine = number(fourth, "Own machine, $ an hour", 0.01, 1000.0, cost.GPU.dollars, 0.05, "gpu")
    speed = number(fifth, "Pairs a second", 0.1, 1e7, _speed_at_first(measured), 10.0, "pps")
    link_values.show("qpd", "cost_pool", "hosted", "gpu", "pps")
    if measured and not math.isclose(speed, measured, rel_tol=0.05, abs_tol=0.05):
        st.button(
            f"Use the measured {measured:.3g} pairs a second",
            key="use_pps",
            on_click=_put_speed,
            args=(measured,),
            icon=":material/speed:",
        )
    st.caption(speed_note(speed, measured))
    if choice.policy.first_pass:
        st.caption("The bill is the reranker's. What the first pass reads is not in it.")
    load = cost.Load(queries_a_day=queries, pool=int(pool))
    rates = cost.Rates(hosted_per_1000=hosted, machine_an_hour=machine, pairs_a_second=speed)
    fig = cost_curve.figure(load, rates, state.palette())
    chart_panel.show("Hosted or self-hosted", cost_caption(load, rates), fig, cost_curve.table(load, rates), "cost")
    st.caption(sources())


def _speed_at_first(measured: float | None) -> float:
    """What was measured in this session, else the placeholder. The field follows it until you change the field."""
    at_first = min(1e7, max(0.1, round(measured, 1))) if measured else UNMEASURED
    before = st.session_state.get(FOLLOWED, at_first)
    if before != at_first and st.session_state.get("pps") == before:
        st.session_state["pps"] = at_first
    st.session_state[FOLLOWED] = at_first
    return at_first


def _pairs_a_second(trace: Trace | None, line: latency_model.LatencyLine | None) -> float | None:
    """The fitted speed where there is one, else this run's."""
    if line:
        return line.pairs_per_second
    points = latency_model.rerank_points([trace]) if trace else []
    return 1000 * points[0].pairs / points[0].took_ms if points and points[0].took_ms else None


def speed_note(speed: float, measured: float | None) -> str:
    """Whether the pairs a second that the bill rests on were measured here, or are assumed."""
    if not measured:
        return "The pairs a second are assumed. Press “Measure this reranker” above to measure this machine."
    if math.isclose(speed, measured, rel_tol=0.05, abs_tol=0.05):
        return (
            "The speed is this machine's, the price a rented GPU's unless you change it. Enter what this machine "
            "costs an hour."
        )
    return f"The {speed:g} pairs a second are assumed: {measured:.3g} were measured on this machine."


def _put_speed(pairs_a_second: float) -> None:
    st.session_state["pps"] = round(pairs_a_second, 1)


def sources() -> str:
    """Where the default prices were read and when, and what the arithmetic assumes."""
    told = [
        f"${price.dollars:.2f} for {price.what}, read {price.read} at {price.source}"
        for price in (cost.HOSTED, cost.GPU)
    ]
    assumed = (
        f"Hosted services count up to {cost.PASSAGES_A_SEARCH} passages as one search. Own machines run day and night "
        "and are sized for three times the mean load. Measure the pairs a second on the machine that you would rent: "
        "this one may differ."
    )
    return views.markdown(f"Default prices: {'; '.join(told)}. Check them before you decide. {assumed}")


def number(box: Any, label: str, low: float, high: float, at_first: float, step: float, key: str) -> float:
    """A number that is part of the link; a value of the link that it cannot have is remembered for a note."""
    link_values.number(key, label, low, high, by_page=True)
    return float(box.number_input(label, low, high, at_first, step, key=key, bind="query-params"))
