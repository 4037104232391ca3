"""What people said of the answers of recorded runs, and which of these runs to look at first."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.analysis.feedback_of_runs import feedback_table, runs_by_feedback
from rag_core.runs.store.summary import RunSummary
from rag_core.wording.numbers import count_of
from rag_core.wording.run_list import feedback_labels, run_names, run_table
from ui.panels import linked_run, run_list, views

MEANING = (
    "Feedback is about the answer as a whole. It says nothing of a single passage, so no ranking is measured by it: "
    "triage a run to name the document that should have answered."
)
WITHOUT = "No feedback"


def show(rows: Sequence[RunSummary]) -> None:
    """The runs by their feedback, then those of one."""
    found = runs_by_feedback(rows)
    said = sum(one.feedback != () for one in rows)
    views.headline(f"{said:,} of {count_of(len(rows), 'run')} came with feedback.")
    st.caption(MEANING)
    labels = feedback_labels(key for key in found if key)
    table = feedback_table(rows)
    order = [*labels, ""]
    table = table.sort_values("feedback", key=lambda keys: keys.map(order.index))
    st.dataframe(
        table.assign(feedback=table["feedback"].map(labels | {"": WITHOUT})),
        hide_index=True,
        key="feedback_table",
        column_config={
            "feedback": "Feedback",
            "runs": "Runs",
            "nothing_kept": "Nothing kept",
            "checks": "With a check",
            "took_ms": st.column_config.NumberColumn("Median time (ms)", format="%.0f"),
        },
    )
    chosen = st.selectbox("Runs with", list(labels), key="feedback_chosen", format_func=lambda one: labels.get(one, ""))
    if chosen:
        _runs(found[chosen])


def _runs(some: Sequence[RunSummary]) -> None:
    """The runs of one feedback, and the way to each."""
    table = run_table(some).drop(columns=["Steps"])
    st.dataframe(table, hide_index=True, key="feedback_runs", column_config=run_list.COLUMN_CONFIG)
    names = run_names(some)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox("Run", list(names), key="feedback_run", format_func=lambda one: names.get(one, ""))
        for page, (label, icon) in linked_run.SHOWN_ON.items():
            named = label in ("Triage", "Inspect")
            if named and st.button(label, key=f"feedback_{label.lower()}", icon=icon) and picked:
                linked_run.send(*picked, page=page)
                st.rerun()
