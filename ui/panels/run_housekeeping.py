"""How long recorded runs are kept, and the end of a project."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.runs.store.retention import MOST_DAYS, MOST_RUNS, Retention, apply, keep, retention, surplus
from rag_core.runs.store.run_book import Project
from rag_core.triage.project_cases import cases_of_project, delete_cases_of
from rag_core.wording.numbers import count_of
from rag_core.wording.run_list import retention_sentence
from ui import caches, visitors
from ui.panels import views
from ui.panels.manage_collection import confirmed

NOTE = "run_deleted"
"""Session key: what was deleted, for the page's next run."""


def show(projects: Sequence[Project]) -> None:
    """The rule, and a project to delete."""
    with st.expander("Keep and delete", icon=":material/auto_delete:"):
        if refused := visitors.why_runs_stay():
            st.caption(refused)
            return
        _rule()
        if projects:
            _delete(projects)


def say_deleted() -> None:
    """What was deleted."""
    if note := st.session_state.pop(NOTE, None):
        st.success(views.markdown(note), icon=":material/check_circle:")


def _rule() -> None:
    """How long, and how many of each project; what that deletes is said before it does."""
    now = retention(caches.store())
    st.caption(views.markdown(retention_sentence(now)))
    with st.form("run_rule", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.number_input("Days", 1, MOST_DAYS, now.days, 1, key="run_days", placeholder="All", width=160)
        number = st.number_input(
            "Runs of each project", 1, MOST_RUNS, now.number, 1, key="run_number", placeholder="All", width=220
        )
        saved = st.form_submit_button("Save", key="run_rule_save", icon=":material/save:")
    if saved:
        rule = Retention(days, number)
        if deleted := surplus(caches.store(), rule):
            _confirm_rule(rule, deleted)
        else:
            _save(rule)


def _delete(projects: Sequence[Project]) -> None:
    """The project that the list shows."""
    chosen = next((one for one in projects if one.name == st.session_state.get("run_project")), None)
    label = f"Delete {views.markdown(chosen.name)}" if chosen else "Delete a project"
    told = None if chosen else "Choose the project at the top of the page."
    if st.button(label, key="run_delete", icon=":material/delete_forever:", disabled=not chosen, help=told) and chosen:
        _confirm_delete(chosen)


@st.dialog("Delete runs")
def _confirm_rule(rule: Retention, deleted: int) -> None:
    st.markdown(f"{count_of(deleted, 'run')} will be deleted now, for good, and others as soon as the rule says so.")
    if confirmed(f"Delete {count_of(deleted, 'run')}", "run_rule"):
        with views.guard():
            _save(rule)


@st.dialog("Delete project")
def _confirm_delete(project: Project) -> None:
    """What goes is named, and it can be called off."""
    cases = cases_of_project(caches.store(), project.name)
    its = ", ".join([count_of(project.runs, "run"), *([count_of(cases, "triage case")] if cases else [])])
    told = f"{project.name} with its {its} and what has arrived for it"
    st.markdown(views.markdown(f"{told} will be deleted for good. What its program sends later is kept again."))
    if confirmed("Delete this project", "run_project"):
        with views.guard():
            deleted = caches.run_book().delete_project(project.name)
            delete_cases_of(caches.store(), project.name)
            _done(f"{project.name} was deleted with {count_of(deleted, 'run')}.")


def _save(rule: Retention) -> None:
    keep(caches.store(), rule)
    deleted = apply(caches.store())
    _done(f"Saved. {count_of(deleted, 'run')} deleted." if deleted else "Saved. No run was deleted.")


def _done(note: str) -> None:
    """Say what was done on the next run of the page, which then lists what is left."""
    st.session_state[NOTE] = note
    st.rerun()
