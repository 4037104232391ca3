"""The recorded runs: the filters, how they did over time, and the list in which a click opens one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.analysis.times_of_runs import TimesOfRuns, times_of_runs
from rag_core.evaluation.export import queries_jsonl
from rag_core.runs.store.overview import RunFilter, note_counts, queries_of, times_of
from rag_core.runs.store.run_book import Project
from rag_core.runs.store.summary import RunSummary
from rag_core.wording import run_list as told
from ui import caches
from ui.charts import times_strip
from ui.panels import chart_panel, chosen_runs, linked_run, picking, run_selection, views
from ui.sidebar import link_values, state

AT_ONCE = 100
"""Runs on one page of the list."""

MOST_QUERIES = 10_000
"""Queries of one download."""

COLUMN_CONFIG = {
    "Time (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC"),
    "Project": st.column_config.TextColumn(width=110),
    "Query": st.column_config.TextColumn(width=220),
    "Checks": st.column_config.TextColumn(width=160),
    "Feedback": st.column_config.TextColumn(width=105),
    "Took (ms)": st.column_config.NumberColumn(format="%.0f"),
}
"""How a table of runs is shown."""


def filters(projects: Sequence[Project]) -> RunFilter:
    """The controls over the list; each is part of the link."""
    names = [one.name for one in projects]
    codes = sorted(note_counts(caches.store(), RunFilter()), key=told.check_label)
    link_values.choice("run_project", "Project", names, by_page=True)
    link_values.choice("run_check", "Check", [told.check_label(one) for one in codes], by_page=True)
    link_values.choice("run_period", "Time", list(told.PERIODS), by_page=True)
    with st.container(horizontal=True):
        project = st.selectbox("Project", names, index=None, key="run_project", placeholder="All", bind="query-params")
        code = st.selectbox(
            "Check", codes, index=None, key="run_check", placeholder="All", format_func=told.check_label,
            bind="query-params", help="Runs in which this health check found something.",
        )  # fmt: skip
        feedback = chosen_runs.feedback_filter(RunFilter(project=project), "run_feedback", "query-params")
        period = st.selectbox("Time", list(told.PERIODS), key="run_period", bind="query-params")
        text = st.text_input(
            "Search", key="run_text", placeholder="In the query, or a run's id", max_chars=4000, bind="query-params"
        )
    link_values.show("run_project", "run_check", "run_period", "run_feedback")
    length = told.PERIODS[period or "All"]
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # by the minute, so that figures can be remembered
    since = now - length if length else None
    return RunFilter(project=project, note=code or "", since=since, text=(text or "").strip(), feedback=feedback)


def show(projects: Sequence[Project]) -> None:
    """Filters, sentence, times, checks, list."""
    chosen = filters(projects)
    number = caches.run_book().count(**dict(chosen))
    views.headline(told.size_sentence(number, projects, filtered=chosen != RunFilter()))
    if not number:
        st.caption("No run matches. Change the filters.")
        return
    times(chosen, number)
    st.caption(views.markdown(told.checks_sentence(note_counts(caches.store(), chosen))))
    _list(chosen, number)


def times(chosen: RunFilter, number: int) -> None:
    """The total time over time."""
    found = _times(chosen, number)
    st.caption(views.markdown(told.times_sentence(found)))
    if len(found.table) > 1:
        fig = times_strip.figure(found, state.palette())
        chart_panel.draw(fig, "run_times")


@st.cache_data(max_entries=64, ttl=60, show_spinner=False, hash_funcs={RunFilter: RunFilter.model_dump_json})
def _times(chosen: RunFilter, number: int) -> TimesOfRuns:  # noqa: ARG001 - as many runs as this: others are read anew
    return times_of_runs(*times_of(caches.store(), chosen))


def _list(chosen: RunFilter, number: int) -> None:
    """A page of the list, newest first; a click on a row opens the run."""
    place, below = st.container(), st.container(horizontal=True, vertical_alignment="bottom")
    page = _page(-(-number // AT_ONCE), below)
    found = caches.run_book().find(**dict(chosen), limit=AT_ONCE, offset=(page - 1) * AT_ONCE)
    views.left_out("run", found.left_out)
    rows = found.found
    key = f"runs_{hash(tuple((one.project, one.id) for one in rows))}"  # ticks are by place: they stay with these rows
    place.dataframe(
        told.run_table(rows),
        hide_index=True,
        key=key,
        on_select=lambda: _clicked(rows, key),
        selection_mode=["multi-row", picking.MODE],
        column_config=COLUMN_CONFIG,
    )
    names = told.run_names(rows)
    with below:
        picked = st.selectbox("Run", list(names), key="run_picked", format_func=lambda one: names.get(one, ""))
        if st.button("Open in Inspect", key="run_open", icon=":material/manage_search:") and picked:
            linked_run.send(*picked)
            st.rerun()
        if st.button("Triage", key="run_triage", icon=":material/troubleshoot:") and picked:
            linked_run.send(*picked, page=linked_run.TRIAGE)
            st.rerun()
        st.download_button(
            "Queries (JSONL)",
            data=lambda: queries_jsonl(queries_of(caches.store(), chosen, MOST_QUERIES)),
            file_name="queries.jsonl",
            mime="application/jsonl",
            key="run_queries",
            icon=":material/download:",
            help="The different queries of these runs. Add grades to it, and open both on Evaluate.",
            on_click="ignore",
        )
    run_selection.show(rows, key)


def _page(pages: int, below: DeltaGenerator) -> int:
    """Which page of the list, counted from 1."""
    if pages == 1:
        return 1
    link_values.number("run_page", "Page", 1, pages, by_page=True)
    link_values.show("run_page")
    return int(below.number_input(f"Page (of {pages:,})", 1, pages, 1, key="run_page", width=140, bind="query-params"))


def _clicked(rows: Sequence[RunSummary], key: str) -> None:
    """Open the run whose row was clicked; select those whose rows are ticked."""
    run_selection.take_ticks(rows, st.session_state[key].selection.rows, key)
    row = picking.picked_row(key)
    if row is not None and row < len(rows):
        linked_run.send(rows[row].project, rows[row].id)
