"""Several recorded runs of a project, as the reader chooses them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.runs.store.overview import RunFilter, note_counts
from rag_core.runs.store.summary import RunSummary
from rag_core.wording.run_list import check_label, run_names
from ui import caches, visitors

AT_FIRST, MOST = 20, 200


def there() -> bool:
    """True where there are recorded runs that this visitor may read."""
    return not visitors.why_no_runs() and bool(caches.run_book().count())


def choose(project: str = "") -> Sequence[RunSummary]:
    """The newest runs of a project, all or those with a check, less what the reader takes out. project: at first."""
    names = [one.name for one in caches.run_book().projects()]
    codes = sorted(note_counts(caches.store(), RunFilter()), key=check_label)
    with st.container(horizontal=True):
        at_first = names.index(project) if project in names else 0
        chosen = st.selectbox("Project", names, index=at_first, key="chosen_project")
        code = st.selectbox("Check", codes, index=None, key="chosen_check", placeholder="All", format_func=check_label)
        most = st.number_input("Newest runs", 1, MOST, AT_FIRST, 1, key="chosen_number")
    found = caches.run_book().find(chosen, note=code or "", limit=int(most)).found
    labels = run_names(found)
    with st.expander(f"Which runs ({len(found)})", icon=":material/checklist:"):
        left_out = st.multiselect(
            "Leave out", list(labels), format_func=lambda one: labels.get(one, ""), key="chosen_left_out"
        )
    return [one for one in found if (one.project, one.id) not in left_out]
