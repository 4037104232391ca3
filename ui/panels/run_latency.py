"""Where the time of a recorded run went, and of the newest runs of its project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rag_core.analysis.recorded_times import times_of_many, times_table
from rag_core.errors import SecondPassError
from rag_core.runs.as_trace import trace_of
from rag_core.schema.trace import Trace
from rag_core.wording.recorded_times import many_sentence, missing_sentence, times_sentence, untimed, whole_time
from ui import caches
from ui.charts import waterfall
from ui.panels import chart_panel, chosen_runs, views
from ui.sidebar import state

NEWEST = 100
"""Runs of the project that the percentiles are of."""


def show(trace: Trace) -> None:
    """The run's own times, what was not recorded, and the percentiles of its project."""
    views.headline(times_sentence(trace))
    timed = sum(step.timed for step in trace.steps)
    with st.container(horizontal=True, key="run_figures"):
        st.metric("Time before the answer", whole_time(trace))
        st.metric("Steps with a time", f"{timed} of {timed + len(untimed(trace))}")
    if missing := missing_sentence(trace):
        st.info(_code(missing), icon=":material/timer_off:")
    if timed:
        st.subheader("This run", anchor=False)
        st.caption("Where starts were not recorded, the steps are drawn one after the other.")
        fig = waterfall.figure(trace, state.palette())
        chart_panel.draw(fig, "run_waterfall")
    _steps(trace)
    _project(trace)


def _code(text: str) -> str:
    """What stands between backticks as code, the rest literally."""
    return "".join(f"`{one}`" if at % 2 else views.markdown(one) for at, one in enumerate(text.split("`")))


def _steps(trace: Trace) -> None:
    """Every step, also those without a time."""
    config: dict[str, Any] = {
        "step": "Step",
        "kind": st.column_config.TextColumn("Kind", width=70),
        "started_ms": st.column_config.NumberColumn("Started (ms)", format="%.0f"),
        "took_ms": st.column_config.NumberColumn("Took (ms)", format="%.1f"),
        "note": st.column_config.TextColumn("Note", width=170),
        "passages": st.column_config.NumberColumn("Out", width=50),
        "model": "Model",
    }
    st.dataframe(times_table(trace), hide_index=True, key="step_times", column_config=config)


def _project(trace: Trace) -> None:
    """Percentiles by step over the newest runs of the project."""
    if not chosen_runs.there():
        return
    project = trace.origin.project if trace.origin else ""
    traces = newest(project, NEWEST)
    if len(traces) > 1:
        st.header(f"Percentiles by step in {views.markdown(project)}", anchor=False)
        percentiles(traces, many_sentence(traces), "run_percentiles")


def percentiles(traces: Sequence[Trace], said: str, key: str) -> None:
    """Half, 95% and all of these runs took at most so long, by step. said: which runs they are."""
    st.caption(views.markdown(said))
    numbers = {name: st.column_config.NumberColumn(f"{name} (ms)", format="%.1f") for name in ("p50", "p95", "max")}
    names = {"step": "Step", "runs": "Runs"}
    st.dataframe(times_of_many(traces), hide_index=True, key=key, column_config={**names, **numbers})


@st.cache_data(max_entries=16, ttl=60, show_spinner="Reading the runs of this project")
def newest(project: str, number: int) -> list[Trace]:
    """The newest runs of a project that can be shown, as traces."""
    book = caches.run_book()
    return [one for row in book.find(project, limit=number).found if (one := _trace(row.project, row.id))]


def _trace(project: str, run_id: str) -> Trace | None:
    """The run's trace; None for one without steps, or that cannot be read: the Runs page says so."""
    try:
        return trace_of(caches.run_book().get(project, run_id))
    except SecondPassError:
        return None
