"""Rank movement on Inspect: first and last rank, or a column for each list of a recorded run."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.schema.trace import Trace
from ui.charts import rank_columns, rank_movement
from ui.panels import chart_panel
from ui.sidebar import state

KEY = "movement"


def show(trace: Trace, chosen: str, on_select: Callable[[], None]) -> None:
    """The chart under its sentence; a click on a line chooses that passage."""
    if rank_columns.many(trace):
        names = _columns(trace)
        st.caption(rank_columns.caption(trace, names))
        st.caption(rank_columns.key(trace, names))
        fig = rank_columns.figure(trace, state.palette(), names, chosen)
    else:
        st.caption(rank_movement.caption(trace))
        whole = _whole(trace, chosen)
        st.caption(rank_movement.key(trace, chosen, whole))
        fig = rank_movement.figure(trace, state.palette(), chosen, whole)
    chart_panel.draw(fig, KEY, on_select)


def _whole(trace: Trace, chosen: str) -> bool:
    """Whether to draw what the first pass cut too; asked where there is any."""
    left_out = len(rank_movement.movement(trace)) - len(rank_movement.drawn(trace, chosen))
    return bool(left_out) and st.toggle(f"Draw the other {left_out} that the first pass cut", key="movement_whole")


def _columns(trace: Trace) -> tuple[str, ...]:
    """The lists to draw, in the order of the steps; a choice where there are more than can be read."""
    every, first = rank_columns.lists(trace), rank_columns.at_first(trace)
    if len(every) <= rank_columns.MOST:
        return every
    chosen = st.multiselect(
        "Lists",
        every,
        default=first,
        max_selections=rank_columns.MOST,
        key=f"columns_{hash((trace.query, every))}",
        help=f"Up to {rank_columns.MOST} of the {len(every)} ranked lists of this run fit side by side.",
    )
    return tuple(one for one in every if one in chosen) or first
