"""Evaluate recorded runs: the lists that they recorded, by cases of the project or by a file with grades."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from rag_core.errors import BadInput
from rag_core.evaluation.recorded_runs import RunsEvaluation, evaluate_runs
from rag_core.evaluation.report import HEADLINE
from rag_core.evaluation.sets import LabelledSet
from rag_core.runs.as_trace import trace_of
from rag_core.schema.trace import Trace
from rag_core.triage.labelled_cases import set_of_cases
from rag_core.wording.numbers import count_of
from ui import caches, links
from ui.panels import chosen_runs, evaluation, evaluation_tables, views

CASES, FILES = "Triage cases of the project", "A file"


def show() -> None:
    """The runs, their judgments, and the metrics of every list."""
    rows = chosen_runs.choose()
    if not rows:
        st.caption("Choose at least one run.")
        return
    judged_by = st.segmented_control("Judged by", [CASES, FILES], default=CASES, required=True, key="runs_judged_by")
    labelled = evaluation.from_files() if judged_by == FILES else _of_cases(rows[0].project)
    if labelled is None:
        return
    traces = [trace for row in rows if (trace := _trace(row.project, row.id))]
    found = evaluate_runs(traces, labelled)
    _counts(found, len(traces))
    evaluation_tables.headline(found.report)
    evaluation_tables.notices(found.report)
    evaluation_tables.steps(found.report)
    _by_run(found)
    evaluation_tables.files(found.report)


def _of_cases(project: str) -> LabelledSet | None:
    """What the cases of this project's runs expect."""
    rows = [one for one in caches.case_book().find(collection=project).found if one.recorded]
    if not rows:
        st.info("No run of this project is a triage case yet. Save some in Triage, or add a file with grades.")
        return None
    return set_of_cases(caches.case_book().get(one.id) for one in rows)


def _trace(project: str, run_id: str) -> Trace | None:
    """The run; None for one without steps, which has no list to measure."""
    try:
        return trace_of(caches.run_book().get(project, run_id))
    except BadInput:
        return None


def _counts(found: RunsEvaluation, runs: int) -> None:
    """How many runs are judged, and which questions are not."""
    st.caption(f"{found.report.judged} of {count_of(runs, 'run')} have judgments. The others are not measured.")
    if found.unjudged:
        questions = list(dict.fromkeys(found.unjudged.values()))
        with st.expander(f"{count_of(len(questions), 'question')} without judgments", icon=":material/help:"):
            st.dataframe(pd.DataFrame({"Question": questions}), hide_index=True, key="unjudged_runs")


def _by_run(found: RunsEvaluation) -> None:
    """A row per judged run, what changed most first, with links to look at it."""
    report, metric = found.report, HEADLINE[-1]
    st.subheader("Runs by change", anchor=False)
    st.caption(views.markdown(f"{metric} of {report.before} and of {report.after}; the most harmed first."))
    rows = [
        {
            "Question": report.texts[key],
            "Before": report.values[report.before][metric][key],
            "After": report.values[report.after][metric][key],
            "Change": change,
            "Inspect": links.address("", **{links.RUN: key}),
            "Triage": links.address("triage", **{links.RUN: key}),
        }
        for key, change in report.changes(metric)
    ]
    columns = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Before", "After")}
    columns["Change"] = st.column_config.NumberColumn(format="%+.3f")
    opened = {name: st.column_config.LinkColumn(display_text=name) for name in ("Inspect", "Triage")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="runs_by_change", column_config={**columns, **opened})
