"""What was recorded (A) against its replay (B): the open run, and several chosen ones with the same change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

import streamlit as st

from rag_core.analysis.rank_agreement import compare_rankings
from rag_core.analysis.run_comparison import QueryRow, row, table, tally
from rag_core.errors import BadInput, SecondPassError
from rag_core.evaluation.recorded_runs import grades_by_text, same_text
from rag_core.report.run_fix_text import change_text
from rag_core.runs.as_trace import trace_of
from rag_core.runs.replaying import Replay, RunChange, replay_many
from rag_core.runs.store.summary import RunSummary
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import comparison_verdict, difference
from rag_core.wording.numbers import count_of
from ui import caches
from ui.charts import score_scatter, two_columns
from ui.panels import (
    chart_panel,
    chosen_runs,
    linked_run,
    picking,
    run_evaluation,
    run_replay,
    run_triage,
    spent,
    views,
    waiting,
)
from ui.sidebar import state

COMPARED = "runs_compared"
"""Session key: the change, the runs, and what became of each."""

COLUMNS = ("query", "rbo", "tau", "common", "only_left", "only_right")
LABELLED = ("query", "rbo", "tau", "left_first", "right_first", "common", "only_left", "only_right")
"""With the rank of the first relevant passage, where cases say what is relevant."""

NAMED = 3
"""Reasons that are named of the runs that could not be replayed."""


def show(trace: Trace, change: RunChange) -> None:
    """The open run under the change, then several runs of its project."""
    of_one(trace, change)
    if chosen_runs.there():
        st.header("Compare on several recorded runs", anchor=False)
        of_recorded(trace.origin.project if trace.origin else "", change)


def of_one(trace: Trace, change: RunChange) -> None:
    """The open run under the change."""
    if change == RunChange():
        views.headline("Change a setting in the sidebar to compare the recorded run (A) with its replay (B).")
        st.caption("Another reranker reads the recorded candidates; threshold and top-k cut its scores again.")
    else:
        replay = run_replay.replayed(trace, change)
        if replay is not trace:
            _one(trace, replay, change)


def _one(trace: Trace, replay: Trace, change: RunChange) -> None:
    """The sentence, the columns, the scores."""
    try:
        agreement = compare_rankings(trace, replay)
    except BadInput:
        st.caption("The replay ranks other candidates than the recording, so only what is kept can be compared.")
        return
    names = ("as recorded", change_text(trace, change, run_triage.label))
    views.headline(difference(trace, replay, ("A", "B")))
    st.caption(views.markdown(f"A: {names[0]}. B: {names[1]}."))
    fig = two_columns.figure(trace, replay, ("recorded", "replay"), state.palette())
    frame = two_columns.joined(trace, replay)
    chart_panel.show("Rank by rank", two_columns.caption(agreement), fig, frame, "columns")
    fig = score_scatter.figure(trace, replay, ("recorded", "replay"), state.palette())
    chart_panel.show("Score by score", score_scatter.caption(trace, replay), fig, frame, "scatter")


Opened = tuple[list[Trace], list[str]]
"""Traces, and why others cannot be read."""


def of_recorded(project: str, change: RunChange) -> None:
    """The same change on several recorded runs, at first those of a project."""
    chosen = chosen_runs.choose(project)
    if change == RunChange() or not chosen:
        st.caption("Choose the runs here, and the change in the sidebar.")
        return
    grades = grades_of(one.project for one in chosen)
    about = (change, tuple((one.project, one.id) for one in chosen), str(grades))
    several(len(chosen), lambda: _read(chosen), change, grades, about, stored=True)


def several(
    number: int, read: Callable[[], Opened], change: RunChange, grades: Grades, about: Hashable, stored: bool = False
) -> None:
    """The same change on so many runs, which a button reads: which differ most, and what could not be replayed.
    about: what makes it another comparison. stored: whether a link finds the runs in the list of runs."""
    label = f"Replay {count_of(number, 'run')}"
    if st.button(label, key="compare_runs", type="primary", icon=":material/play_arrow:"):
        with spent.counted(COMPARED):
            st.session_state[COMPARED] = (about, *_replayed(*read(), change, grades))
    spent.of_work(COMPARED)
    known = st.session_state.get(COMPARED)
    if known is None or known[0] != about:
        return
    _table(known[1], known[2], stored)


Grades = Mapping[tuple[str, str], Mapping[str, int]]
"""Grades by document, by the project and the text of a question."""


def grades_of(projects: Iterable[str]) -> Grades:
    """What the triage cases of these projects expect."""
    found = {project: run_evaluation.of_cases([project]) for project in dict.fromkeys(projects)}
    return {
        (project, text): grades
        for project, labelled in found.items()
        if labelled
        for text, grades in grades_by_text(labelled).items()
    }


def _read(chosen: Sequence[RunSummary]) -> Opened:
    traces: list[Trace] = []
    reasons: list[str] = []
    for each in chosen:
        try:
            traces.append(trace_of(caches.run_book().get(each.project, each.id)))
        except SecondPassError as exc:
            reasons.append(str(exc))
    return traces, reasons


Compared = tuple[QueryRow, Trace]
"""A row, and what was recorded of it."""


def _replayed(
    traces: list[Trace], unread: list[str], change: RunChange, grades: Grades
) -> tuple[list[Compared], list[str]]:
    """A row with its run for each replay that can be compared, and the reasons for the others."""
    reasons = list(unread)
    with waiting.stoppable(COMPARED, "Replaying") as board:

        def progress(done: int) -> None:
            board.progress(done / len(traces), f"Replaying, {done} of {len(traces)} runs")

        made = replay_many(traces, change, caches.run_scorer(), progress)
    rows: list[Compared] = []
    for one in made:
        found, why = _row(one, grades)
        if found:
            rows.append((found, one.recorded))
        else:
            reasons.append(why)
    return rows, reasons


def _row(one: Replay, grades: Grades) -> tuple[QueryRow | None, str]:
    if one.replayed is None:
        return None, one.why
    project = one.recorded.origin.project if one.recorded.origin else ""
    try:
        return row(one.recorded, one.replayed, grades.get((project, same_text(one.recorded.query)))), ""
    except BadInput as exc:
        return None, str(exc)


def _table(rows: Sequence[Compared], reasons: Sequence[str], stored: bool) -> None:
    """The verdict, the rows, and what was left out. A click opens that run."""
    if reasons:
        different = list(dict.fromkeys(reasons))
        said = f"{count_of(len(reasons), 'run')} cannot be replayed so: {' '.join(different[:NAMED])}"
        st.warning(views.markdown(said), icon=":material/block:")
    if not rows:
        return
    views.headline(comparison_verdict(tally([one for one, _ in rows]), ("A", "B")))
    by_name = {linked_run.name_of(trace): trace for _, trace in rows}
    frame = table([one.model_copy(update={"kind": linked_run.name_of(trace)}) for one, trace in rows])
    labelled = sum(one.labelled for one, _ in rows)
    st.caption(
        "The runs whose kept passages differ most come first. A: as recorded. B: the replay. Select a row to open "
        "that run."
    )
    st.dataframe(
        frame,
        hide_index=True,
        key="compared_runs",
        on_select=lambda: _open([by_name[one] for one in frame["kind"]], stored),
        selection_mode=picking.MODE,
        column_order=LABELLED if labelled else COLUMNS,
        column_config={
            "query": st.column_config.TextColumn("Question", width=330),
            "rbo": st.column_config.NumberColumn("RBO", format="%.2f"),
            "tau": st.column_config.NumberColumn("Kendall tau", format="%.2f"),
            "common": "Kept by both",
            "only_left": "Only A",
            "only_right": "Only B",
            "left_first": st.column_config.NumberColumn("1st relevant, A", format="%d"),
            "right_first": st.column_config.NumberColumn("1st relevant, B", format="%d"),
        },
    )
    if labelled:
        st.caption(f"Relevant is what the triage cases of {count_of(labelled, 'run')} expect.")


def _open(traces: Sequence[Trace], stored: bool) -> None:
    """Open the run of the row that was clicked, here."""
    at = picking.picked_row("compared_runs")
    if at is not None:
        if not stored:
            linked_run.hold(traces[at])
        linked_run.show_here(linked_run.name_of(traces[at]))
