"""Several runs that are selected on the Runs page: ticked in the list, or chosen by name. Other pages work on them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.runs.store.summary import RunSummary
from rag_core.wording.numbers import count_of
from rag_core.wording.run_list import run_names
from ui import caches, visitors
from ui.navigation import FOLDER
from ui.panels import linked_run, run_housekeeping, views
from ui.panels.manage_collection import confirmed

SELECTED, TICKED = "selected_runs", "ticked_runs"
"""Session keys: the project and id of each selected run; of each row that is ticked now, by the key of its table."""

RECORDED = "Recorded runs"
SOURCES = ("eval_source", "eval_live")
"""The keys of the controls on Evaluate that say where its questions come from, of a collection and of a retriever."""

MOST = 200
Key = tuple[str, str]


def runs() -> Sequence[RunSummary]:
    """The selected runs that are still there, newest first."""
    keys: list[Key] = st.session_state.get(SELECTED, [])
    if not keys or visitors.why_no_runs():
        return ()
    return caches.run_book().find_these(keys).found


def take_ticks(rows: Sequence[RunSummary], ticked: Sequence[int], table: str) -> None:
    """Add the rows that were ticked in the table, and take out those that no longer are. For callbacks."""
    before: list[Key] = st.session_state.get(TICKED, {}).get(table, [])
    selected: list[Key] = st.session_state.get(SELECTED, [])
    st.session_state[SELECTED] = after_ticks(selected, before, _keys(rows, ticked))


def after_ticks(selected: Sequence[Key], before: Sequence[Key], now: Sequence[Key]) -> list[Key]:
    """What is selected once the ticks of a table have changed: what was chosen elsewhere stays.

    >>> after_ticks([("bot", "1"), ("bot", "2")], before=[("bot", "2")], now=[("bot", "3")])
    [('bot', '1'), ('bot', '3')]
    """
    kept = [one for one in selected if one in now or one not in before]
    return list(dict.fromkeys([*kept, *now]))[:MOST]


def _keys(rows: Sequence[RunSummary], ticked: Sequence[int]) -> list[Key]:
    return [(rows[at].project, rows[at].id) for at in ticked if at < len(rows)]


def show(listed: Sequence[RunSummary], table: str) -> None:
    """What is selected, and what can be done with it. listed: the rows of the table of that key."""
    st.session_state[TICKED] = {table: _keys(listed, st.session_state[table].selection.rows)}
    some = runs()
    _say_beyond(listed, table)
    names = run_names([*some, *(one for one in listed if one not in some)])
    st.session_state["runs_selected"] = [(one.project, one.id) for one in some]
    st.multiselect(
        "Several runs",
        list(names),
        key="runs_selected",
        format_func=lambda one: names.get(one, ""),
        placeholder="Tick rows of the list, or choose runs here",
        max_selections=MOST,
        on_change=_take_names,
    )
    if some:
        with st.container(horizontal=True):
            _actions(some)


def _say_beyond(listed: Sequence[RunSummary], table: str) -> None:
    """That rows are ticked which are not among the selected ones, since more cannot be selected."""
    selected: list[Key] = st.session_state.get(SELECTED, [])
    ticked = _keys(listed, st.session_state[table].selection.rows)
    beyond = [one for one in ticked if one not in selected] if len(selected) >= MOST else []
    if beyond:
        these = "row is ticked and not" if len(beyond) == 1 else "rows are ticked and not"
        st.warning(
            f"{MOST} runs can be selected at once: {len(beyond)} more {these} selected. Use what is selected, or take "
            "some out; filters help to choose."
        )


def _take_names() -> None:
    st.session_state[SELECTED] = list(st.session_state["runs_selected"])


def _actions(some: Sequence[RunSummary]) -> None:
    number = count_of(len(some), "run")
    if st.button(f"Compare {number}", key="runs_compare", icon=":material/compare_arrows:"):
        linked_run.send(some[0].project, some[0].id, linked_run.COMPARE)
        st.rerun()
    if st.button(f"Evaluate {number}", key="runs_evaluate", icon=":material/query_stats:"):
        st.session_state.update(dict.fromkeys(SOURCES, RECORDED))
        st.switch_page(FOLDER / "5_evaluate.py", query_params={})
    st.download_button(
        "Export (JSON lines)",
        data=lambda: exported(some),
        file_name="runs.jsonl",
        mime="application/jsonl",
        key="runs_export",
        icon=":material/download:",
        help="The run records. This page, and `rag_core.open_runs`, open the file.",
        on_click="ignore",
    )
    if not visitors.why_runs_stay() and st.button(f"Delete {number}", key="runs_delete", icon=":material/delete:"):
        _confirm_delete(some)


def exported(some: Sequence[RunSummary]) -> str:
    """Their run records, a line each."""
    return "".join(f"{caches.run_book().get(one.project, one.id).to_json()}\n" for one in some)


@st.dialog("Delete runs")
def _confirm_delete(some: Sequence[RunSummary]) -> None:
    """How many go, and what stays."""
    projects = list(dict.fromkeys(one.project for one in some))
    told = f"{count_of(len(some), 'run')} of {', '.join(projects)} will be deleted for good. Triage cases keep theirs."
    st.markdown(views.markdown(told))
    if confirmed(f"Delete {count_of(len(some), 'run')}", "delete_runs"):
        with views.guard():
            for project in projects:
                caches.run_book().delete(project, [one.id for one in some if one.project == project])
            st.session_state[SELECTED] = []
            st.session_state[run_housekeeping.NOTE] = f"{count_of(len(some), 'run')} deleted."
            st.rerun()
