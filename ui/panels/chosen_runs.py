"""Several recorded runs: those that were selected on the Runs page, or the newest of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from rag_core.runs.store.overview import RunFilter, feedback_counts, note_counts
from rag_core.runs.store.summary import RunSummary
from rag_core.wording.run_list import check_label, feedback_labels, run_names
from ui import caches, visitors
from ui.panels import run_selection
from ui.sidebar import link_values

AT_FIRST, MOST = 20, 200
NEWEST = "The newest of a project"


def there() -> bool:
    """True where there are recorded runs that this visitor may read."""
    return not visitors.why_no_runs() and bool(caches.run_book().count())


def choose(project: str = "") -> Sequence[RunSummary]:
    """The runs that are chosen. project: whose newest runs are offered at first."""
    selected = run_selection.runs()
    if not selected:
        return _newest(project)
    mine = f"Selected on Runs ({len(selected)})"
    which = st.segmented_control("Which runs", [mine, NEWEST], default=mine, required=True, key=f"chosen_{mine}")
    return selected if which == mine else _newest(project)


def _newest(project: str) -> Sequence[RunSummary]:
    """The newest runs of a project, all or those with a check or a feedback, less what the reader takes out."""
    names = [one.name for one in caches.run_book().projects()]
    with st.container(horizontal=True):
        at_first = names.index(project) if project in names else 0
        chosen = st.selectbox("Project", names, index=at_first, key="chosen_project")
        within = RunFilter(project=chosen)
        codes = sorted(note_counts(caches.store(), within), key=check_label)
        code = st.selectbox("Check", codes, index=None, key="chosen_check", placeholder="All", format_func=check_label)
        feedback = feedback_filter(within, "chosen_feedback")
        most = st.number_input("Newest runs", 1, MOST, AT_FIRST, 1, key="chosen_number")
    found = caches.run_book().find(chosen, note=code or "", feedback=feedback, limit=int(most)).found
    labels = run_names(found)
    with st.expander(f"Which runs ({len(found)})", icon=":material/checklist:"):
        left_out = st.multiselect(
            "Leave out", list(labels), format_func=lambda one: labels.get(one, ""), key="chosen_left_out"
        )
    return [one for one in found if (one.project, one.id) not in left_out]


def feedback_filter(within: RunFilter, key: str, bind: Literal["query-params"] | None = None) -> str:
    """A choice of what people said of the answers, where the runs have it; empty for all runs. bind: where the link of
    the page carries it."""
    labels = feedback_labels(_feedback(within))
    if bind:
        why = None if labels else lambda _: "No run here has feedback."
        link_values.choice(key, "Feedback", list(labels.values()), by_page=True, why=why)
    if not labels:
        return ""
    told = "What people or graders said of the answer. It says nothing of a single passage."
    found = st.selectbox(
        "Feedback", list(labels), index=None, key=key, placeholder="All", format_func=labels.__getitem__, help=told,
        bind=bind,
    )  # fmt: skip
    return found or ""


@st.cache_data(max_entries=64, ttl=60, show_spinner=False, hash_funcs={RunFilter: RunFilter.model_dump_json})
def _feedback(within: RunFilter) -> list[str]:
    return list(feedback_counts(caches.store(), within))
