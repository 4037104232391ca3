"""Evaluate recorded runs: the lists that they recorded, by cases of the project or by a file with grades; or what
people said of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from rag_core.errors import BadInput
from rag_core.evaluation.recorded_runs import RunsEvaluation, evaluate_runs, run_key
from rag_core.evaluation.report import HEADLINE
from rag_core.evaluation.sets import LabelledSet
from rag_core.runs.as_trace import trace_of
from rag_core.runs.store.summary import RunSummary
from rag_core.schema.records import LeftOut
from rag_core.schema.trace import Trace
from rag_core.triage.labelled_cases import set_of_cases
from rag_core.wording.evaluations import one_list_verdict
from rag_core.wording.numbers import count_of, told_apart, verb
from ui import caches, links, visitors
from ui.panels import chosen_runs, evaluation_files, evaluation_tables, linked_run, run_cuts, run_feedback, views

CASES, FILES, FEEDBACK = "Triage cases of the project", "A file", "Feedback on the answers"


def show() -> None:
    """The runs, their judgments, and the metrics of every list."""
    rows = chosen_runs.choose()
    if not rows:
        st.caption("Choose at least one run.")
        return
    kind = judges([FEEDBACK] if any(row.feedback for row in rows) else [])
    if kind == FEEDBACK:
        run_feedback.show(rows)
        return
    labelled = judged_by([row.project for row in rows], kind)
    if labelled is not None:
        results(_traces(rows), labelled)


def judges(also: Sequence[str] = ()) -> str:
    """What the runs are judged by."""
    kinds = [CASES, FILES, *also]
    if st.session_state.get("runs_judged_by", CASES) not in kinds:
        del st.session_state["runs_judged_by"]
    return st.segmented_control("Grades from", kinds, default=CASES, required=True, key="runs_judged_by") or CASES


def judged_by(projects: Sequence[str], kind: str) -> LabelledSet | None:
    """The judgments of that kind: the cases of the projects, or a file; None while there are none, which is said."""
    found = evaluation_files.from_files() if kind == FILES else of_cases(projects)
    if found is None and kind == CASES:
        none = "No run of this project is a triage case yet. Save some in Triage, or add a file with grades."
        closed = visitors.why_no_runs()
        st.info(views.markdown(f"{closed} Or choose a file with grades.") if closed else none)
    return found


def results(traces: Sequence[Trace], labelled: LabelledSet, stored: bool = True) -> None:
    """The metrics of every list of these runs. stored: whether they are in the list of runs, where links find them."""
    found = evaluate_runs(traces, labelled)
    _counts(found, len(traces))
    if found.one_list:
        views.headline(one_list_verdict(found.report))
    else:
        evaluation_tables.headline(found.report)
    evaluation_tables.notices(found.report, found.unknown)
    evaluation_tables.steps(found.report)
    _by_run(found, {run_key(one): one for one in traces}, stored)
    run_cuts.show(traces, labelled)
    evaluation_tables.files(found.report)


def of_cases(projects: Sequence[str]) -> LabelledSet | None:
    """What the cases of these projects' runs expect; None where there are none, or visitors may not read them."""
    if visitors.why_no_runs():
        return None
    found = (caches.case_book().find(collection=one).found for one in dict.fromkeys(projects))
    rows = [one for some in found for one in some if one.recorded]
    return None if not rows else set_of_cases(caches.case_book().get(one.id) for one in rows)


def _traces(rows: Sequence[RunSummary]) -> list[Trace]:
    """The runs that have steps; one without has no list to measure. A note for each that cannot be read."""
    found: list[Trace] = []
    unreadable: list[LeftOut] = []
    for row in rows:
        try:
            run = caches.run_book().get(row.project, row.id)
            found += [trace_of(run)] if run.steps else []
        except BadInput as exc:
            unreadable.append(LeftOut(f"“{row.query}” ({row.id[:8]})", str(exc)))
    views.left_out("run", unreadable)
    return found


def _counts(found: RunsEvaluation, runs: int) -> None:
    """How many runs are judged, and which questions are not."""
    others = " The others are not measured." if found.unjudged else ""
    st.caption(
        f"{found.report.judged} of {count_of(runs, 'run')} {verb(found.report.judged, 'has', 'have')} grades.{others}"
    )
    if found.unjudged:
        questions = list(dict.fromkeys(found.unjudged.values()))
        with st.expander(f"{count_of(len(questions), 'question')} without grades", icon=":material/help:"):
            st.dataframe(pd.DataFrame({"Question": questions}), hide_index=True, key="unjudged_runs")


def _by_run(found: RunsEvaluation, traces: Mapping[str, Trace], stored: bool) -> None:
    """A row per judged run, the worst first, and a way to look at one."""
    report, metric = found.report, HEADLINE[-1]
    after = report.values[report.after][metric]
    if found.one_list:
        told = f"{metric} of {report.after}; the worst first."
        rows = [_row(found, key, {metric: after[key]}, stored) for key in sorted(after, key=after.__getitem__)]
    else:
        told = f"{metric} of {report.before} and of {report.after}; the most harmed first."
        before = report.values[report.before][metric]
        rows = [
            _row(found, key, {"Before": before[key], "After": after[key], "Change": change}, stored)
            for key, change in report.changes(metric)
        ]
    st.subheader("Runs by quality" if found.one_list else "Runs by change", anchor=False)
    st.caption(views.markdown(told))
    table = pd.DataFrame(rows)
    columns = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Before", "After", metric)}
    columns["Change"] = st.column_config.NumberColumn(format="%+.3f")
    opened = {name: st.column_config.LinkColumn(display_text=name) for name in LINKED}
    shown = table.drop(columns="key")
    st.dataframe(shown, hide_index=True, key="runs_by_change", column_config={**columns, **opened})
    _look_at(found, traces, list(table["key"]))


LINKED = ("Inspect", "Triage")


def _row(found: RunsEvaluation, key: str, figures: Mapping[str, float], stored: bool) -> dict[str, object]:
    """One run; with links where others find it too."""
    row = {"key": key, "Question": found.report.texts[key], **figures}
    if not stored:
        return row
    expected = {links.EXPECTED: found.expected[key]} if key in found.expected else {}
    pages = {"Inspect": links.address("", **{links.RUN: key})}
    return row | pages | {"Triage": links.address("triage", **{links.RUN: key}, **expected)}


def _look_at(found: RunsEvaluation, traces: Mapping[str, Trace], keys: Sequence[str]) -> None:
    """Choose a run and open it; Triage with the document that the judgments expect."""
    texts = told_apart({one: found.report.texts[one] for one in keys}, {one: one for one in keys})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Look at a run", keys, key="judged_run", format_func=lambda one: texts.get(one, one))
        pressed = {
            page: st.button(label, key=f"judged_{label.lower()}", icon=icon)
            for page, (label, icon) in linked_run.SHOWN_ON.items()
            if label in LINKED
        }
    for page in (page for page, one in pressed.items() if one and chosen):
        linked_run.hold(traces[chosen])
        linked_run.send_trace(traces[chosen], page, found.expected.get(chosen, "") if page == linked_run.TRIAGE else "")
        st.rerun()
