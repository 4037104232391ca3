"""All cases: the filtered list, running the open ones again in the background, files out and in."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from rag_core.diagnosis import Verdict
from rag_core.diagnosis.expected import Corpus, SearchedCorpus
from rag_core.errors import CollectionError, SecondPassError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.documents import CollectionRef
from rag_core.schema.records import Listing
from rag_core.triage import (
    CaseSummary,
    Job,
    RerunOutcome,
    Status,
    rerun_all,
)
from rag_core.wording.durations import ago
from rag_core.wording.numbers import count_of, told_apart
from rag_core.wording.verdicts import VERDICT_LABELS
from ui import auth, caches, visitors
from ui.panels import job_progress, picking, views
from ui.sidebar import indexes
from ui.sidebar.state import SidebarState

KIND = "rerun"
LINKED = "case"
"""The parameter of a link that names a case."""

ADDRESSED = "case_in_address"
"""Session key: the case that the address names, as far as the page knows."""
GONE = "case_gone"
"""Session key: true where the link that was opened names a case that is not in the list, until one is chosen."""

FILTERS = ("case_status", "case_verdict", "case_tag", "case_text")


def table() -> str | None:
    """The filters and the list; gives the id of the chosen case."""
    listed = _found()
    rows = [row for row in listed.found if shown(row)]
    views.left_out("case", listed.left_out)
    if closed := len(listed.found) - len(rows):
        st.info(views.markdown(_closed(closed)), icon=":material/lock:")
    _take_from_link([row.id for row in rows])
    if st.session_state.get(GONE):
        st.warning("The case of this link does not exist, was deleted, or is hidden by the filters.")
    if not rows:
        filtered = any(st.session_state.get(key) for key in FILTERS)
        if not closed:
            st.caption("No case matches." if filtered else "No cases yet. Find a lost document and save it as a case.")
        return None
    key = f"cases_{st.session_state.get('cases_deleted', 0)}"  # no row is chosen anew once one is deleted
    st.dataframe(
        frame(rows),
        hide_index=True,
        key=key,
        on_select=lambda: _choose(rows, key),
        column_config={"Saved": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        selection_mode=picking.MODE,
    )
    ids = [row.id for row in rows]
    labels = _labels(rows)
    if st.session_state.get("case") not in ids:
        st.session_state["case"] = ids[0]
    chosen = st.selectbox("Open a case", ids, key="case", format_func=lambda one: labels[one], on_change=_found_another)
    if st.session_state.get(ADDRESSED) != chosen:
        st.session_state[ADDRESSED] = st.query_params[LINKED] = chosen
    return chosen


def address(case_id: str) -> str:
    """The full link to a case."""
    return f"{(st.context.url or '/triage').rstrip('/')}?{LINKED}={case_id}"


def linked() -> bool:
    """True where the link that was opened names a case and no view."""
    return LINKED in st.query_params and "view" not in st.query_params


def forget_link() -> None:
    """Take the case out of the address, where none is shown."""
    st.session_state.pop(ADDRESSED, None)
    _found_another()
    if LINKED in st.query_params:
        del st.query_params[LINKED]


def _take_from_link(ids: Sequence[str]) -> None:
    """Choose the case of the link that was opened, once; remember where it is not there."""
    asked = st.query_params.get(LINKED)
    if not asked or asked == st.session_state.get(ADDRESSED):
        return
    st.session_state[ADDRESSED] = asked
    st.session_state[GONE] = asked not in ids
    if asked in ids:
        st.session_state["case"] = asked


def _found_another() -> None:
    """Somebody has chosen a case: what the link named matters no more."""
    st.session_state.pop(GONE, None)


def _labels(rows: Sequence[CaseSummary]) -> dict[str, str]:
    """What each case is called in the list to choose from: no two alike, for a browser knows them by that."""
    return told_apart(
        {row.id: f"{row.query[:80]} · {', '.join(row.documents)[:60]}" for row in rows},
        {row.id: f"{row.created_at:%Y-%m-%d %H:%M}" for row in rows},
        {row.id: row.id[:8] for row in rows},
    )


def _found() -> Listing[CaseSummary]:
    with st.container(horizontal=True):
        status = st.selectbox("Status", list(Status), index=None, key="case_status", placeholder="All")
        verdicts = list(Verdict)
        verdict = st.selectbox(
            "Verdict",
            verdicts,
            index=None,
            key="case_verdict",
            placeholder="All",
            format_func=VERDICT_LABELS.__getitem__,
        )
        tag = st.text_input("Tag", key="case_tag")
        text = st.text_input("Search", key="case_text", placeholder="In question, note, document, tag")
    return caches.case_book().find(status=status, verdict=verdict, tag=tag.strip() or None, text=text.strip())


def _closed(number: int) -> str:
    """How many cases this visitor may not see, why, and what would show them."""
    are = "is" if number == 1 else "are"
    return f"{count_of(number, 'case')} of recorded runs {are} not listed. {visitors.why_no_runs()}"


def shown(row: CaseSummary) -> bool:
    """False for the case of a recorded run where visitors may not read what other people asked."""
    return not (row.recorded and visitors.why_no_runs())


def frame(rows: Sequence[CaseSummary]) -> pd.DataFrame:
    """The list as it is shown."""
    return pd.DataFrame(
        [
            (
                row.query,
                ", ".join(row.documents),
                VERDICT_LABELS[row.verdict],
                str(row.status),
                str(row.outcome or ""),
                ", ".join(row.tags),
                f"{row.collection} (recorded)" if row.recorded else row.collection,
                row.created_by,
                row.created_at,
            )
            for row in rows
        ],
        columns=["Question", "Expected", "Verdict", "Status", "Last re-run", "Tags", "Collection", "By", "Saved"],
    )


def _choose(rows: Sequence[CaseSummary], key: str) -> None:
    row = picking.picked_row(key)
    if row is not None:
        st.session_state["case"] = rows[row].id
        _found_another()


def runner(choice: SidebarState) -> None:
    """Run all open cases again; the progress is read from the database, so a reload finds it."""
    open_cases = [row for row in caches.case_book().find(status=Status.OPEN).found if shown(row)]
    private = [
        row for row in open_cases if not row.recorded and indexes.may_be_private(row.collection, row.fingerprint)
    ]
    if private and not st.checkbox(
        f"Include {count_of(len(private), 'case')} on your private collections: their passages are stored for everyone",
        key="rerun_private",
    ):
        open_cases = [row for row in open_cases if row not in private]
        left = "1 private case is" if len(private) == 1 else f"{len(private)} private cases are"
        st.caption(f"{left} left out; include {'it' if len(private) == 1 else 'them'} above.")
    if choice.chat:
        st.caption(views.markdown(f"{choice.chat.config.model} answers each case again: one request a case."))
    latest = job_progress.latest(caches.job_book(), KIND)
    running = latest is not None and not latest.over
    if st.button(
        f"Re-run {count_of(len(open_cases), 'open case')} with the current settings",
        key="rerun_all",
        icon=":material/replay:",
        disabled=running or not open_cases,
    ):
        _start(choice, open_cases)
        st.rerun()
    if latest is not None:
        job_progress.watch(caches.job_book(), latest, _far, _result)


def _start(choice: SidebarState, open_cases: list[CaseSummary]) -> None:
    """Open every collection here, where a page can show progress; the thread only runs."""
    opened: dict[str, tuple[Pipeline, Corpus | SearchedCorpus] | str] = {}
    refs = (caches.case_book().get(row.id).trace.collection for row in open_cases if not row.recorded)
    for ref in {_key(ref): ref for ref in refs}.values():
        try:
            name = indexes.name_of(ref)
            opened[_key(ref)] = caches.pipeline(name, choice.owner), caches.engine(name, choice.owner)
        except SecondPassError as exc:
            opened[_key(ref)] = str(exc)

    def open_collection(ref: CollectionRef) -> tuple[Pipeline, Corpus | SearchedCorpus]:
        found = opened[_key(ref)]
        if isinstance(found, str):
            raise CollectionError(found)
        return found

    ids = [row.id for row in open_cases]
    work = rerun_all(caches.case_book(), ids, open_collection, choice.policy, choice.chat, caches.run_scorer())
    caches.job_book().start(KIND, len(ids), work, by=auth.author())


def _key(ref: CollectionRef) -> str:
    return ref.id or ref.fingerprint


def _far(job: Job) -> str:
    return f"{job.done} of {count_of(job.total, 'case')} re-run"


def _result(job: Job) -> None:
    when = ago((datetime.now(UTC) - job.started_at).total_seconds())
    of = f"{job.done} of {count_of(job.total, 'case')}"
    states = {
        "done": f"{count_of(job.total, 'case')} re-run {when}: {job.message}.",
        "cancelled": f"The re-run was stopped after {of}: {job.message}.",
        "failed": f"The re-run failed after {of}. {job.message}",
        "interrupted": f"The re-run was interrupted after {of}. Start it again.",
    }
    st.html(f'<div data-testid="job" class="sp-path">{html.escape(states[job.state])}</div>')
    outcomes = caches.case_book().outcomes(job.id)
    wanted = [one for one in (RerunOutcome.NEWLY_LOST, RerunOutcome.FAILED) if one in outcomes.values()]
    for outcome in wanted:
        st.warning(f"{sum(each is outcome for each in outcomes.values())} {outcome}", icon=":material/warning:")
